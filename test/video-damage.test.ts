import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MareyError } from "../src/core/errors.js";
import { bytesOf } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";

// `npm run fuzz` damages 1000 files; 120 are enough to see whether something broke.
const FILES = Number(process.env.MAREY_FUZZ ?? 120);
/** Seconds that one damaged file may take, reading all of it and some of it at random. */
const MOST_SECONDS = 2;

const folder = new URL("../../shared/corpus/videos/", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "marey-damage-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const names = readdirSync(folder).filter((name) => name !== "expected.json" && existsSync(folder + name));

function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function damage(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  if (random() < 0.3) return copy.subarray(0, Math.floor(random() * copy.length));
  const flips = 1 + Math.floor(random() * 20);
  for (let i = 0; i < flips && copy.length > 0; i++) {
    // Headers lie at both ends: half of the flips go there.
    const at =
      random() < 0.5
        ? random() * copy.length
        : random() < 0.5
          ? random() * 600
          : copy.length - random() * 3000;
    const index = Math.min(copy.length - 1, Math.max(0, Math.floor(at)));
    copy[index] = copy[index]! ^ (1 << Math.floor(random() * 8));
  }
  return copy;
}

/** Reads all that can be read. Anything but a typed error fails the test. */
async function readAll(path: string, random: () => number): Promise<number> {
  let frames = 0;
  try {
    await using video = await openVideo(path);
    let damaged = 0;
    for await (const frame of video.frames({ onDamage: () => damaged++ })) {
      expect(frame.index).toBeGreaterThanOrEqual(frames);
      frames++;
    }
    expect(frames + damaged).toBe(video.index.length);
    for (let i = 0; i < 10 && video.index.length > 0; i++) {
      const index = Math.floor(random() * video.index.length);
      await video.frame({ index }).catch((error) => {
        if (!(error instanceof MareyError)) throw error;
      });
    }
  } catch (error) {
    if (!(error instanceof MareyError)) throw error;
  }
  return frames;
}

test(`${FILES} damaged videos: no crash, no hang, no unbounded memory, only typed errors`, {
  timeout: 1_800_000,
}, async () => {
  const slow: string[] = [];
  let frames = 0;
  let most = 0;
  for (let i = 0; i < FILES; i++) {
    const random = randomness(i * 7919 + 17);
    const name = names[i % names.length]!;
    const path = join(scratch, `${i}${extname(name)}`);
    writeFileSync(path, damage(readFileSync(folder + name), random));
    const start = performance.now();
    frames += await readAll(path, random);
    const seconds = (performance.now() - start) / 1000;
    if (seconds > MOST_SECONDS) slow.push(`${name} (seed ${i}): ${seconds.toFixed(1)} s`);
    most = Math.max(most, process.memoryUsage().rss);
    rmSync(path);
  }
  console.log(`${FILES} files, ${frames} frames read, at most ${Math.round(most / 2 ** 20)} MiB`);
  expect(slow).toEqual([]);
  expect(most).toBeLessThan(1.5 * 2 ** 30);
});

test("a file that breaks off gives every frame before the break", async () => {
  const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");
  const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8"));
  for (const [name, share] of [
    ["vfr.mkv", 0.6],
    ["h264_bf3.ts", 0.5],
    ["mjpeg.avi", 0.4],
    ["ffv1_gray.mkv", 0.3],
  ] as const) {
    const bytes = readFileSync(folder + name);
    const path = join(scratch, `half${extname(name)}`);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)));
    await using video = await openVideo(path, { as: "native" });
    const hashes: string[] = [];
    try {
      for await (const frame of video.frames()) hashes.push(md5(bytesOf(frame.image)));
    } catch (error) {
      expect(error).toMatchObject({ code: "DECODE" });
    }
    const whole: string[] = expected[name].md5_native;
    // The last picture may be the broken one, and up to two behind it in presentation order.
    const good = hashes.findIndex((hash, i) => hash !== whole[i]);
    const count = good < 0 ? hashes.length : good;
    expect([name, count >= hashes.length - 3]).toEqual([name, true]);
    expect([name, count > whole.length * share * 0.7]).toEqual([name, true]);
  }
});
