import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import { bytesOf, type Color, type DType, type Image } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";
import { createVideo, type VideoWriteOptions } from "../src/video/video-writer.js";

const folder = mkdtempSync(join(tmpdir(), "marey-video-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A picture with edges, a gradient, and a block that moves with `step`. */
function picture(
  width: number,
  height: number,
  color: Color,
  dtype: DType,
  step: number,
  bits?: number,
): Image {
  const channels = color === "gray" ? 1 : color === "bgra" || color === "rgba" ? 4 : 3;
  const deep = dtype === "uint16";
  const most = deep ? 2 ** (bits ?? 16) - 1 : 255;
  const data = deep ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isBlock = Math.abs(x - 10 - step * 3) < 6 && Math.abs(y - 12) < 6;
      for (let c = 0; c < channels; c++) {
        data[at++] = isBlock ? most : Math.floor((((x * (c + 1) + y * 2) % 200) / 255) * most);
      }
    }
  }
  return { width, height, channels, dtype, color, data, ...(bits ? { bits } : {}) };
}

function frames(image: (step: number) => Image, count: number): Frame[] {
  return Array.from({ length: count }, (_, i) => ({ number: i, time: i / 25, image: image(i) }));
}

async function write(name: string, options: VideoWriteOptions, all: readonly Frame[]): Promise<string> {
  const path = join(folder, name);
  const video = await createVideo(path, options);
  for (const frame of all) await video.write(frame);
  await video.close();
  return path;
}

function psnr(a: Uint8Array | Uint16Array, b: Uint8Array | Uint16Array, most: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((most * most * a.length) / sum);
}

interface Case {
  readonly name: string;
  readonly options: VideoWriteOptions;
  readonly color: Color;
  readonly dtype: DType;
  readonly bits?: number;
  readonly size?: readonly [number, number];
  /** Infinity: to the bit. */
  readonly least: number;
}

const exact = Number.POSITIVE_INFINITY;
const cases: Case[] = [
  { name: "h264.mp4", options: {}, color: "bgr", dtype: "uint8", least: 28 },
  { name: "h264-rgb-order.mkv", options: {}, color: "rgb", dtype: "uint8", least: 28 },
  { name: "h264-gray.mp4", options: {}, color: "gray", dtype: "uint8", least: 38 },
  { name: "h264-gray-lossless.mp4", options: { quality: 0 }, color: "gray", dtype: "uint8", least: exact },
  { name: "h264-odd.mp4", options: {}, color: "bgr", dtype: "uint8", size: [63, 47], least: 28 },
  {
    name: "h264-odd-gray.mkv",
    options: { quality: 0 },
    color: "gray",
    dtype: "uint8",
    size: [63, 47],
    least: exact,
  },
  { name: "h264-b.mov", options: { bFrames: 3, gop: 9 }, color: "bgr", dtype: "uint8", least: 28 },
  { name: "h264-10bit.mkv", options: { quality: 0 }, color: "gray", dtype: "uint16", bits: 10, least: exact },
  { name: "h265.mp4", options: { codec: "h265" }, color: "bgr", dtype: "uint8", least: 28 },
  {
    name: "h265-gray-lossless.mkv",
    options: { codec: "h265", quality: 0 },
    color: "gray",
    dtype: "uint8",
    least: exact,
  },
  {
    name: "h265-12bit.mkv",
    options: { codec: "h265", quality: 0 },
    color: "gray",
    dtype: "uint16",
    bits: 12,
    least: exact,
  },
  { name: "av1.mkv", options: { codec: "av1" }, color: "bgr", dtype: "uint8", size: [96, 64], least: 26 },
  { name: "mjpeg.avi", options: {}, color: "bgr", dtype: "uint8", least: 26 },
  { name: "mjpeg-gray.avi", options: { quality: 1 }, color: "gray", dtype: "uint8", least: 40 },
  { name: "ffv1.mkv", options: { codec: "ffv1" }, color: "bgr", dtype: "uint8", least: exact },
  { name: "ffv1-gray.avi", options: { codec: "ffv1" }, color: "gray", dtype: "uint8", least: exact },
  { name: "ffv1-gray16.mkv", options: { codec: "ffv1" }, color: "gray", dtype: "uint16", least: exact },
  {
    name: "ffv1-gray12.mkv",
    options: { codec: "ffv1" },
    color: "gray",
    dtype: "uint16",
    bits: 12,
    least: exact,
  },
  { name: "ffv1-bgr16.mkv", options: { codec: "ffv1" }, color: "bgr", dtype: "uint16", least: exact },
  { name: "raw.avi", options: { codec: "raw" }, color: "bgr", dtype: "uint8", least: exact },
  {
    name: "raw-odd.avi",
    options: { codec: "raw" },
    color: "bgr",
    dtype: "uint8",
    size: [63, 47],
    least: exact,
  },
  { name: "raw-gray.avi", options: { codec: "raw" }, color: "gray", dtype: "uint8", least: exact },
  {
    name: "raw-gray.mkv",
    options: { codec: "raw" },
    color: "gray",
    dtype: "uint8",
    size: [63, 47],
    least: exact,
  },
  { name: "raw-gray16.mkv", options: { codec: "raw" }, color: "gray", dtype: "uint16", least: exact },
  { name: "rgb-lossless.mp4", options: { codec: "h264-rgb" }, color: "bgr", dtype: "uint8", least: exact },
];

describe("what is written is read back", () => {
  test.each(cases)("$name", async ({ name, options, color, dtype, bits, size = [64, 48], least }) => {
    const all = frames((step) => picture(...size, color, dtype, step, bits), 20);
    const path = await write(name, options, all);
    await using video = await openVideo(path, { as: color === "rgb" || color === "gray" ? color : "auto" });
    expect(video.index.length).toBe(20);
    expect(video.info).toMatchObject({ width: size[0], height: size[1], color, dtype });
    for await (const frame of video.frames()) {
      const wanted = all[frame.index]!.image.data as Uint8Array;
      const found = frame.image.data as Uint8Array;
      expect(found.length).toBe(wanted.length);
      const quality = psnr(found, wanted, dtype === "uint8" ? 255 : 2 ** (bits ?? 16) - 1);
      if (least === exact) expect(quality).toBe(exact);
      else expect(quality).toBeGreaterThan(least);
      expect(frame.time).toBeCloseTo(frame.index / 25, 3);
    }
  });

  test.each([
    ["mjpeg", "avi", [1, 3, 10, 31]],
    ["h264", "mp4", [1, 18, 40]],
    ["h265", "mp4", [1, 20, 40]],
    ["av1", "mp4", [1, 24, 60]],
  ] as const)("a lower quality of %s is a smaller file", async (codec, container, qualities) => {
    const all = frames((step) => picture(160, 120, "bgr", "uint8", step), 5);
    const sizes: number[] = [];
    for (const quality of qualities) {
      const path = await write(`quality-${codec}-${quality}.${container}`, { codec, quality }, all);
      sizes.push(statSync(path).size);
    }
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.at(-1)).toBeLessThan(sizes[0]! / 1.5);
  });

  const lossless = (["raw", "ffv1", "h264-rgb"] as const).flatMap((codec) =>
    (["avi", "mkv", "mov", "mp4"] as const).map((container) => ({ codec, container })),
  );
  test.each(lossless)("or refused: $codec in $container", async ({ codec, container }) => {
    let written = 0;
    for (const [color, dtype] of [
      ...[["gray", "uint8"] as const, ["bgr", "uint8"] as const],
      ...[["gray", "uint16"] as const, ["bgr", "uint16"] as const],
    ]) {
      const all = frames((step) => picture(62, 46, color, dtype, step), 3);
      const name = `lossless-${codec}-${color}-${dtype}.${container}`;
      const path = await write(name, { codec }, all).catch((error) => {
        expect(error).toBeInstanceOf(UnsupportedError);
      });
      if (path === undefined) continue;
      written++;
      await using video = await openVideo(path);
      for await (const { index, image } of video.frames()) {
        const wanted = all[index]!.image;
        expect(Buffer.compare(bytesOf(image), bytesOf(wanted)), `${name}, frame ${index}`).toBe(0);
      }
      expect(video.index.length).toBe(3);
    }
    if (container === "mkv") expect(written).toBeGreaterThan(0);
  });

  test("raw pixel formats that the container has no name for are refused", async () => {
    const options = { codec: "raw", pixelFormat: "rgb24" } as const;
    await expect(createVideo(join(folder, "unnamed.avi"), options)).rejects.toThrow(
      "unsupported pixel format of raw avi: rgb24 (known: gray, bgr24, bgra)",
    );
  });

  test("and by OpenCV, where it reads the codec: gray to the bit from lossless H.264", () => {
    const script = `
import cv2, sys, json
out = []
for path in sys.argv[1:]:
    cap = cv2.VideoCapture(path, cv2.CAP_FFMPEG); n = 0; first = None
    while True:
        ok, image = cap.read()
        if not ok: break
        if first is None: first = image
        n += 1
    out.append([n, None if first is None else first[:, :, 1].astype(int).sum().item()])
print(json.dumps(out))`;
    const names = ["h264.mp4", "h264-gray-lossless.mp4", "mjpeg.avi", "ffv1.mkv", "raw.avi", "h265.mp4"];
    const result = execFileSync(
      "/usr/bin/python3",
      ["-c", script, ...names.map((name) => join(folder, name))],
      {
        encoding: "utf8",
      },
    );
    const found = JSON.parse(result) as [number, number][];
    expect(found.map(([count]) => count)).toEqual(names.map(() => 20));
    const gray = bytesOf(picture(64, 48, "gray", "uint8", 0));
    expect(found[1]![1]).toBe(gray.reduce((sum, value) => sum + value, 0));
  });

  test("with a true time for each frame", async () => {
    const times = [1_700_000_000, 1_700_000_000.01, 1_700_000_000.5, 1_700_000_003.25, 1_700_000_003.250_02];
    const all = times.map((time, i) => ({ number: i, time, image: picture(64, 48, "bgr", "uint8", i) }));
    await using video = await openVideo(await write("vfr.mp4", { times: true }, all));
    for (let i = 0; i < times.length; i++) {
      expect(video.index.time(i)).toBeCloseTo(times[i]! - times[0]!, 5);
    }
  });

  test("at the rate that was asked for", async () => {
    const all = frames((step) => picture(64, 48, "bgr", "uint8", step), 5);
    const path = await write("ntsc.mp4", { fps: 29.97 }, all);
    const rate = execFileSync("ffprobe", [
      "-v",
      "error",
      "-show_entries",
      "stream=avg_frame_rate",
      "-of",
      "csv=p=0",
      path,
    ]);
    expect(rate.toString().trim()).toBe("30000/1001");
  });

  test("keyframes as far apart as asked", async () => {
    const all = frames((step) => picture(64, 48, "bgr", "uint8", step), 20);
    await using video = await openVideo(await write("gop.mp4", { gop: 5 }, all));
    const keys: number[] = [];
    for await (const frame of video.frames()) if (frame.key) keys.push(frame.index);
    expect(keys).toEqual([0, 5, 10, 15]);
  });
});

describe("nothing half-written stands under the final name", () => {
  const image = picture(64, 48, "bgr", "uint8", 0);
  const frame = { number: 0, time: 0, image };

  test("while writing, and after an abort, there is no such file", async () => {
    const path = join(folder, "aborted.mp4");
    const video = await createVideo(path);
    for (let i = 0; i < 30; i++) await video.write(frame);
    expect(readdirSync(folder)).not.toContain("aborted.mp4");
    await video.abort();
    await video.close();
    expect(readdirSync(folder).filter((name) => name.includes("aborted"))).toEqual([]);
  });

  test("a frame of another size is refused, and the frames before it are kept", async () => {
    const path = join(folder, "mismatch.mp4");
    const video = await createVideo(path);
    await video.write(frame);
    const other = { ...frame, image: picture(32, 48, "bgr", "uint8", 0) };
    await expect(video.write(other)).rejects.toMatchObject({ code: "FRAME_MISMATCH" });
    await expect(video.write(other)).rejects.toThrow("expected 64x48 bgr uint8, got 32x48 bgr uint8");
    await video.write(frame);
    await video.close();
    await using back = await openVideo(path);
    expect(back.index.length).toBe(2);
  });

  test("an existing file is left alone unless it is to be overwritten", async () => {
    const path = join(folder, "there.mp4");
    writeFileSync(path, "precious");
    await expect(createVideo(path)).rejects.toMatchObject({ code: "EXISTS" });
    const video = await createVideo(path, { overwrite: true });
    await video.write(frame);
    await video.close();
    await using back = await openVideo(path);
    expect(back.index.length).toBe(1);
  });

  test("no frames make no video", async () => {
    const video = await createVideo(join(folder, "empty.mp4"));
    await expect(video.close()).rejects.toMatchObject({ code: "ENCODE" });
    expect(readdirSync(folder)).not.toContain("empty.mp4");
  });

  test("times that do not rise are refused with the frame that has them", async () => {
    const video = await createVideo(join(folder, "times.mp4"), { times: true });
    await video.write(frame);
    await expect(video.write(frame)).rejects.toThrow("frame 1 has the time 0");
    await video.abort();
  });
});

describe("bad options are refused before anything is written", () => {
  test.each<[string, VideoWriteOptions, string]>([
    ["x.webp", {}, "UNSUPPORTED"],
    ["x.avi", { codec: "h265" }, "UNSUPPORTED"],
    ["x.avi", { times: true }, "UNSUPPORTED"],
    ["x.mp4", { preset: "warp" }, "UNSUPPORTED"],
    ["nowhere/x.mp4", {}, "NOT_FOUND"],
  ])("%s %j", async (name, options, code) => {
    await expect(createVideo(join(folder, name), options)).rejects.toMatchObject({ code });
  });

  test.each<VideoWriteOptions>([{ quality: 99 }, { gop: 0 }, { fps: 0 }, { fps: Number.NaN }])(
    "%j",
    async (options) => {
      await expect(createVideo(join(folder, "x.mp4"), options)).rejects.toThrow(RangeError);
    },
  );

  test("16-bit gray in H.264", async () => {
    const video = await createVideo(join(folder, "deep.mp4"));
    const deep = { number: 0, time: 0, image: picture(64, 48, "gray", "uint16", 0) };
    await expect(video.write(deep)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await video.abort();
  });
});
