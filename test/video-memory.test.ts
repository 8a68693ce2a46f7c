import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVideo } from "../src/video/open-video.js";

// `npm run soak` reads 10,000 frames and opens 1,000 times; a tenth of it shows a leak as well.
const SHARE = process.env.MAREY_SOAK ? 1 : 0.1;
const MEGABYTE = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const scratch = mkdtempSync(join(tmpdir(), "marey-memory-"));
const film = join(scratch, "film.mp4");

beforeAll(() => {
  const source = "testsrc2=size=1280x720:rate=30:duration=10,noise=alls=5:allf=t:all_seed=42,format=yuv420p";
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-bf", "2"];
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...encode, film]);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function settle(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}

test(`${10_000 * SHARE} random frames stay within the cache and 150 MB`, { timeout: 600_000 }, async () => {
  const cacheBytes = 128 * MEGABYTE;
  // What the process has before it has decoded anything is not the reader's.
  const before = await settle();
  await using video = await openVideo(film, { cacheBytes });
  let most = 0;
  for (let i = 0; i < 10_000 * SHARE; i++) {
    await video.frame({ index: (i * 7919) % video.index.length });
    if (i % 50 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  console.log(
    `at most ${Math.round((most - before) / MEGABYTE)} MiB with a cache of ${cacheBytes / MEGABYTE} MiB`,
  );
  expect(most - before).toBeLessThan(cacheBytes + 150 * MEGABYTE);
});

test(`${1000 * SHARE} opens and closes leak nothing`, { timeout: 600_000 }, async () => {
  const openAndRead = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await using video = await openVideo(film);
      await video.frame({ index: (i * 31) % video.index.length });
      for await (const _ of video.frames({ start: 5, stop: 7 })) break;
    }
  };
  await openAndRead(50 * SHARE + 20);
  const before = await settle();
  await openAndRead(1000 * SHARE);
  const grown = (await settle()) - before;
  console.log(`grown by ${(grown / MEGABYTE).toFixed(1)} MiB`);
  expect(grown).toBeLessThan(40 * MEGABYTE);
});

test("a reader that is forgotten is collected", { timeout: 60_000 }, async () => {
  let collected = 0;
  const registry = new FinalizationRegistry<string>(() => collected++);
  const forget = async (): Promise<void> => {
    const video = await openVideo(film);
    await video.frame({ index: 3 });
    registry.register(video, "reader");
  };
  for (let i = 0; i < 8; i++) await forget();
  for (let i = 0; i < 50 && collected < 7; i++) await settle();
  expect(collected).toBeGreaterThanOrEqual(7);
});
