import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { ImageInfo } from "../src/core/image.js";
import { createStore, followStore } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-follow-"));
afterAll(() => rmSync(folder, { recursive: true }));

const info: ImageInfo = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" };

for (const format of ["npy", "avc1/mp4", "h264/mkv", "mjpeg/avi"]) {
  test(`a ${format} store is followed while it is written, over the ends of chunks, until it is closed`, async () => {
    const path = join(folder, format.replace("/", "-"));
    const store = await createStore(path, { info, format, chunkSize: 7, minFree: 0 });
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        const data = new Uint8Array(64 * 48).fill(i * 6);
        await store.write({ image: { ...info, data }, number: i * 2, time: i });
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      await store.close();
    })();
    const seen: number[] = [];
    let wasAlive = false;
    for await (const { index, number, time, image } of followStore(path, { start: 0, interval: 0.05 })) {
      expect([number, time]).toEqual([index * 2, index]);
      expect(Math.abs(Number(image.data[500]) - index * 6)).toBeLessThan(4);
      seen.push(index);
      wasAlive ||= store.length < 40;
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(wasAlive, "frames came while it was written").toBe(true);
  });
}

test("a store that another process writes is followed, and left when that process is killed", async () => {
  const path = join(folder, "other");
  const writer = fileURLToPath(new URL("fixtures/endless-writer.mjs", import.meta.url));
  const child = spawn(process.execPath, [writer, path, "npy", "9", "second"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.stdout.resume();
  let count = 0;
  for await (const { index, number } of followStore(path, { start: 0 })) {
    expect([index, number]).toEqual([count, count * 3]);
    if (count++ === 50) child.kill("SIGKILL");
  }
  expect(count).toBeGreaterThan(50);
});

test("following ends when it is told to", async () => {
  const path = join(folder, "idle");
  await using store = await createStore(path, { info, format: "npy", minFree: 0 });
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("enough")), 100);
  const follow = async (): Promise<void> => {
    for await (const _ of followStore(path, { signal: abort.signal })) expect(_).toBeUndefined();
  };
  await expect(follow()).rejects.toThrow("enough");
  expect(store.length).toBe(0);
});
