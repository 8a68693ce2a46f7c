import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ImageInfo } from "../src/core/image.js";
import { createStore, openStore, type StoreReceipt, verifyStore } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-receipt-"));
afterAll(() => rmSync(folder, { recursive: true }));

const info: ImageInfo = { width: 32, height: 32, channels: 1, dtype: "uint8", color: "gray" };
let stores = 0;

/** Ten frames at 10 frames/s with two gaps, a number twice and a clock that once ran back; a row for every other. */
async function recording(format: string): Promise<string> {
  const path = join(folder, String(stores++));
  await using store = await createStore(path, { info, format, chunkSize: 4, minFree: 0 });
  const numbers = [0, 1, 2, 5, 6, 6, 7, 8, 20, 21];
  const times = [0, 0.1, 0.2, 0.5, 0.6, 0.7, 0.8, 0.75, 2, 2.1];
  for (const [i, number] of numbers.entries()) {
    const data = new Uint8Array(32 * 32).map((_, at) => (at * 7 + i * 20) & 255);
    await store.write({ image: { ...info, data }, number, time: 100 + times[i]! });
    if (i % 2 === 0) await store.addExtraData({ temperature: 20 + i });
  }
  return path;
}

async function verify(path: string, deep = false): Promise<StoreReceipt> {
  await using store = await openStore(path);
  return await verifyStore(store, { deep });
}

test("the receipt says how the recording went", async () => {
  const { ok, frames, stamps, chunks, extraData, checked } = await verify(await recording("png"), true);
  expect({ ok, frames, checked }).toEqual({ ok: true, frames: 10, checked: { digests: 10, decoded: 10 } });
  expect(stamps.gaps).toMatchObject({
    count: 2,
    first: [
      { index: 3, from: 2, to: 5, missing: 2, seconds: expect.closeTo(0.3) },
      { index: 8, from: 8, to: 20, missing: 11, seconds: expect.closeTo(1.25) },
    ],
  });
  expect(stamps.missing).toBe(13);
  expect(stamps.repeated).toEqual({ count: 1, first: [{ index: 5, number: 6 }] });
  expect(stamps.jumps.first.map(({ index }) => index)).toEqual([7]);
  expect(stamps.rate).toBeCloseTo(10);
  expect(chunks.map(({ number, state, frames: count }) => [number, state, count])).toEqual([
    [0, "finished", 4],
    [1, "finished", 4],
    [2, "finished", 2],
  ]);
  expect(extraData).toEqual({ rows: 5, frames: 5, strays: 0 });
});

describe.each(["npy", "png", "jpg", "tif", "mjpeg/avi", "avc1/mp4", "h264/mkv"])("%s", (format) => {
  test("a bit that flips anywhere in the store is found, and no frame changes its number", async () => {
    const path = await recording(format);
    expect((await verify(path)).ok).toBe(true);
    const before = await stampsOf(path);
    const files = (readdirSync(path, { recursive: true }) as string[]).filter(
      (name) => statSync(join(path, name)).isFile() && !/\.marey-catalogue|README/.test(name),
    );
    expect(files.length).toBeGreaterThan(5);
    const copy = join(folder, String(stores++));
    for (const name of files) {
      const bytes = readFileSync(join(path, name));
      for (const share of [0, 0.03, 0.31, 0.5, 0.77, 0.999]) {
        rmSync(copy, { recursive: true, force: true });
        cpSync(path, copy, { recursive: true });
        const at = Math.floor(share * bytes.length);
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (at % 8);
        writeFileSync(join(copy, name), flipped);
        const where = `${name}, byte ${at} of ${bytes.length}`;
        const receipt = await verify(copy).catch((error: Error) => error);
        if (receipt instanceof Error) expect(name, `${where}: ${receipt.message}`).toBe("metadata.yaml");
        else {
          expect(receipt.ok, where).toBe(false);
          const after = await stampsOf(copy);
          // A number or time that cannot be read is unknown, and never another.
          for (const [number, time] of after) {
            const isKnown = ([n, t]: Stamp): boolean =>
              (Object.is(number, Number.NaN) || n === number) && (Object.is(time, Number.NaN) || t === time);
            expect(before.some(isKnown), `${where}: ${number} ${time}`).toBe(true);
          }
        }
      }
    }
  }, 120_000);
});

type Stamp = readonly [number: number | bigint, time: number];

async function stampsOf(path: string): Promise<Stamp[]> {
  await using store = await openStore(path);
  const { index } = store;
  return Array.from({ length: index.length }, (_, i) => [index.number(i), index.time(i)] as const);
}
