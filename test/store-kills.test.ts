import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { builtInFormats, openStore, repairStore } from "../src/index.js";
import { python } from "./peers/python.js";

// A writer in a process of its own is killed at a random moment, again and again: `MAREY_KILLS=200 npx vitest run
// test/store-kills.test.ts` kills it two hundred times over all formats.
const kills = Number(process.env.MAREY_KILLS ?? 20);
const writer = fileURLToPath(new URL("fixtures/endless-writer.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "marey-kills-"));
afterAll(() => rmSync(folder, { recursive: true }));

const formats = builtInFormats
  .filter((format) => format.storedAs({ width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" }))
  .map(({ name }) => name);

/** Runs the writer for a while. @returns how many frames it said were safe. */
function writeUntilKilled(
  args: readonly string[],
  afterFrames: number,
  milliseconds: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [writer, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [said, errors] = ["", ""];
    let armed = false;
    child.stdout.on("data", (text) => {
      said += text;
      if (armed || (said.match(/\n/g)?.length ?? 0) < afterFrames) return;
      armed = true;
      setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.stderr.on("data", (text) => {
      errors += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== null) reject(new Error(`the writer ended by itself: ${errors}`));
      // The last line may be cut short.
      else resolve(Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1)));
    });
  });
}

async function expectWhole(path: string, acknowledged: number): Promise<number> {
  await using store = await openStore(path);
  expect(store.index.length).toBeGreaterThanOrEqual(acknowledged);
  let count = 0;
  for await (const { index, number, time, image } of store) {
    expect([index, number, time]).toEqual([count, count * 3, count / 64]);
    const sample = Number(image.data[image.data.length >> 1]);
    const expected = (index * 16) % 256;
    expect(Math.abs(sample - expected), `picture of frame ${index}`).toBeLessThanOrEqual(3);
    count++;
  }
  const rows = (await store.extraData()).map(({ row }) => row);
  const wanted = Array.from({ length: Math.ceil(acknowledged / 3) }, (_, i) => i * 3);
  expect(rows.slice(0, wanted.length)).toEqual(wanted);
  return count;
}

describe("a writer that is killed at any moment", () => {
  for (let kill = 0; kill < kills; kill++) {
    const format = formats[kill % formats.length]!;
    const durability = ["second", "flush", "frame"][kill % 3]!;
    test(`${kill}: ${format}, ${durability}: every acknowledged frame is read, repaired, and read in Python`, async () => {
      const path = join(folder, `${kill}`);
      // At first frames, within chunks, and around their ends; twice, for the second run goes on in the store.
      for (const round of [0, 1]) {
        const frames = 1 + Math.floor(Math.random() * 60);
        const args = [path, format, String(5 + (kill % 7)), durability];
        const acknowledged = await writeUntilKilled(args, frames, Math.random() * 20);
        expect(acknowledged, `round ${round}`).toBeGreaterThanOrEqual(frames);
        await expectWhole(path, acknowledged);
        if (round === 0) continue;
        const before = readdirSync(path);
        const { steps } = await repairStore(path, { dryRun: true });
        expect(readdirSync(path)).toEqual(before);
        expect((await repairStore(path)).steps).toEqual(steps);
        expect((await repairStore(path)).steps).toEqual([]);
        const count = await expectWhole(path, acknowledged);
        await using store = await openStore(path);
        expect(store.problems).toEqual([]);
        expect(countInPython(path)).toEqual({ frames: count, pictures: count });
      }
    });
  }
});

/** Frames by the indexes, and pictures that OpenCV and NumPy can read. */
function countInPython(path: string): { frames: number; pictures: number } {
  const code = `
import glob, json, os, sys
os.environ["OPENCV_VIDEOIO_PRIORITY_GSTREAMER"] = "0"
import cv2, numpy as np
root = sys.argv[1]
frames = pictures = 0
for index in sorted(glob.glob(root + "/*/index.npz") + glob.glob(root + "/*.npz")):
    with np.load(index) as npz:
        n = len(npz["frame_number"]); frames += n
        if index.endswith("/index.npz"):
            for k in range(n):
                name = glob.glob(os.path.dirname(index) + "/%06d.*" % k)[0]
                image = np.load(name) if name.endswith(".npy") else cv2.imread(name)
                pictures += image is not None
        else:
            video = [v for v in glob.glob(index[:-3] + "*") if v.endswith((".mp4", ".mkv", ".avi"))]
            if not video:
                pictures += len(npz["picture_offset"]); continue
            film = cv2.VideoCapture(video[0], cv2.CAP_FFMPEG)
            while film.read()[0]: pictures += 1
print(json.dumps({"frames": frames, "pictures": pictures}))
`;
  return JSON.parse(python(code, [path]));
}
