import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

// `npm run soak` converts 3,000 frames; what grows with a film grows in 90 as well, only less.
const frames = process.env.MAREY_SOAK ? 3000 : 90;
const megabyte = 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), "marey-convert-memory-"));
const film = join(folder, "film.mp4");
const index = new URL("../dist/index.js", import.meta.url).href;
const once = fileURLToPath(new URL("fixtures/convert-once.mjs", import.meta.url));

beforeAll(() => {
  const source = `testsrc2=size=1920x1080:rate=30:duration=${frames / 30},format=yuv420p`;
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-bf", "2"];
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...encode, film]);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["no thread", "clip.mp4", 0],
  ["a thread", "clip.mp4", 1],
  ["a thread, into a store", "store", 1],
])(`${frames} frames of 1080p are converted within 600 MB: %s`, { timeout: 1_800_000 }, (what, to, jobs) => {
  const output = join(folder, `${jobs}-${to}`);
  const args = [once, index, film, output, "gaussian:1;crop:left=8", String(jobs)];
  const found = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as {
    readonly frames: number;
    readonly most: number;
  };
  rmSync(output, { recursive: true });
  console.log(`${what}: at most ${Math.round(found.most / megabyte)} MiB`);
  expect(found.frames).toBe(frames);
  expect(found.most).toBeLessThan(600e6);
});
