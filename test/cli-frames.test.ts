import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { corpus, jsonLines, marey } from "./run-marey.js";

interface Expected {
  readonly nframes: number | null;
  readonly md5_native: readonly string[];
  readonly frames: readonly (readonly [pts: number, time: number | null, key: number])[];
}

const folder = mkdtempSync(join(tmpdir(), "marey-frames-"));
afterAll(() => rmSync(folder, { recursive: true }));

const videos = Object.entries(
  JSON.parse(readFileSync(join(corpus, "videos/expected.json"), "utf8")) as Record<string, Expected>,
).filter(([name]) => !name.startsWith("_"));
const readable = videos.filter(([, { nframes }]) => (nframes ?? 0) > 0);

/** Runs two programs at a time. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const run = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([run(), run()]);
}

test("every frame of every video has the bytes, time stamp and time that FFmpeg's framemd5 tells", async () => {
  await forEach(readable, async ([name, { md5_native, frames }]) => {
    const { code, stdout, stderr } = await marey([
      "frames",
      join(corpus, "videos", name),
      "--hash",
      "md5",
      "--as",
      "native",
    ]);
    const rows = jsonLines(stdout);
    expect.soft({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
    expect
      .soft(
        rows.map(({ hash }) => hash),
        name,
      )
      .toEqual(md5_native);
    expect
      .soft(
        rows.map(({ pts }) => pts),
        name,
      )
      .toEqual(frames.map(([pts]) => pts));
    const late = rows.filter(
      ({ time }, at) => Math.abs(Number(time) - (frames[at]?.[1] ?? Number(time))) > 2e-6,
    );
    expect.soft(late, name).toEqual([]);
  });
});

test("what is no video is refused in one line that names the file, with exit code 1", async () => {
  await forEach(
    videos.filter(([, { nframes }]) => nframes === null),
    async ([name]) => {
      const { code, stdout, stderr } = await marey(["frames", join(corpus, "videos", name)]);
      expect.soft({ name, code, stdout }).toEqual({ name, code: 1, stdout: "" });
      expect.soft(stderr).toMatch(new RegExp(`^marey: .*${name}: .+\n$`));
    },
  );
});

test("backward and shuffled give the same frames as forward, in the order asked for", async () => {
  for (const name of ["bf16_pyramid.mp4", "opengop_hevc.mp4", "vfr.mkv"]) {
    const path = join(corpus, "videos", name);
    const read = async (...args: string[]): Promise<Record<string, unknown>[]> =>
      jsonLines(
        (await marey(["frames", path, "--hash", "xxh3", "--start", "5", "--stop", "-5", ...args])).stdout,
      );
    const forward = await read();
    expect(forward[0]).toMatchObject({ index: 5 });
    expect(await read("--order", "backward")).toEqual([...forward].reverse());
    const shuffled = await read("--order", "shuffled");
    expect(shuffled).not.toEqual(forward);
    expect(shuffled.sort((a, b) => Number(a.index) - Number(b.index))).toEqual(forward);
  }
});

test("start, stop and step take frames as Python's slices do", async () => {
  const path = join(corpus, "videos/ref_h264_bf0.mp4");
  const indices = async (...args: string[]): Promise<unknown[]> =>
    jsonLines((await marey(["frames", path, ...args])).stdout).map(({ index }) => index);
  expect(await indices("--start", "80", "--step", "4")).toEqual([80, 84, 88]);
  expect(await indices("--start", "-3")).toEqual([87, 88, 89]);
  expect(await indices("--start", "3", "--step", "-1")).toEqual([3, 2, 1, 0]);
  expect(await indices("--start", "00:00:01", "--stop", "00:00:01.1")).toEqual([30, 31, 32]);
  expect(await indices("--start", "50", "--stop", "10")).toEqual([]);
});

test("the hash is of the bytes as FFmpeg converts them to gray and colour, with every algorithm", async () => {
  const path = join(corpus, "videos/ffv1_rgb24.mkv");
  const raw = execFileSync("ffmpeg", [
    "-v",
    "error",
    "-i",
    path,
    "-frames:v",
    "1",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "bgr24",
    "-",
  ]);
  for (const name of ["md5", "sha256"]) {
    const { stdout } = await marey(["frames", path, "--stop", "1", "--as", "bgr", "--hash", name]);
    expect(jsonLines(stdout)[0]).toMatchObject({
      ...{ channels: 3, dtype: "uint8", color: "bgr" },
      hash: createHash(name).update(raw).digest("hex"),
    });
  }
});

test("pictures of every width, odd ones too, are converted to the last column", async () => {
  await forEach([16, 17, 33, 50, 62, 63, 64, 65, 66, 70, 71, 97, 98, 426], async (width) => {
    const path = join(folder, `${width}.mkv`);
    const source = ["-f", "lavfi", "-i", `testsrc2=s=${width}x34:r=25`, "-frames:v", "3"];
    execFileSync("ffmpeg", ["-v", "error", "-y", ...source, "-c:v", "ffv1", "-pix_fmt", "yuv420p", path]);
    const expected = execFileSync(
      "ffmpeg",
      ["-v", "error", "-i", path, "-pix_fmt", "bgr24", "-f", "framemd5", "-"],
      {
        encoding: "utf8",
      },
    );
    const md5s = [...expected.matchAll(/([0-9a-f]{32})$/gm)].map(([md5]) => md5);
    const rows = jsonLines((await marey(["frames", path, "--as", "bgr", "--hash", "md5"])).stdout);
    expect
      .soft(
        rows.map(({ hash }) => hash),
        `width ${width}`,
      )
      .toEqual(md5s);
  });
});

interface StoreFrame {
  readonly sha256?: string;
  readonly frame_number?: number;
  readonly frame_time?: number;
}

test("a store's frames have the hashes, numbers and times that Python's imgstore gives", async () => {
  const names = [
    "dir_npy_bgr8",
    "dir_npy_gray16",
    "dir_png_bgr8",
    "num_gaps_npy",
    "num_reversed_npy",
    "vid_mp4_bgr",
    "vid_mkv_barcode",
    "vid_mjpeg_gray",
    "vid_mjpeg_odd_bgr",
    "vid_mp4_odd_gray",
  ];
  await forEach(names, async (name) => {
    const expected = JSON.parse(readFileSync(join(corpus, "imgstore", `${name}.expected.json`), "utf8")) as {
      sequence: StoreFrame[];
    };
    const wanted = expected.sequence.filter(({ sha256 }) => sha256 !== undefined);
    const rows = jsonLines(
      (await marey(["frames", join(corpus, "imgstore", name), "--hash", "sha256"])).stdout,
    );
    expect
      .soft(
        rows.map(({ hash, number, time }) => [hash, number, time]),
        name,
      )
      .toEqual(wanted.map(({ sha256, frame_number, frame_time }) => [sha256, frame_number, frame_time]));
  });
});

test("frame numbers beyond 2^53 are printed in full", async () => {
  const { stdout } = await marey(["frames", join(corpus, "imgstore/num_beyond_2_53")]);
  const numbers = [...stdout.matchAll(/"number":(-?\d+)/g)].map(([, number]) => number);
  expect(numbers).toEqual([
    "9007199254740993",
    "9007199254740995",
    "4611686018427387904",
    "-9223372036854775808",
  ]);
});

test("a missing picture does not hide those behind it: it is told in its place, and the exit code is 4", async () => {
  const { code, stdout, stderr } = await marey(["frames", join(corpus, "imgstore/missing_image_npy")]);
  const rows = jsonLines(stdout);
  expect(code).toBe(4);
  expect(rows.filter(({ error }) => error !== undefined)).toHaveLength(1);
  expect(rows.map(({ index }) => index)).toEqual(rows.map((_, at) => at));
  expect(stderr).toBe(`marey: 1 frame of ${rows.length} could not be read\n`);
});
