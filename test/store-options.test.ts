import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StoreFormatError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf, type Image, type ImageInfo } from "../src/core/image.js";
import { builtInFormats, createStore, openStore, openVideo } from "../src/index.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-encoding-"));
let made = 0;
const newPath = (): string => join(folder, `store${made++}`);
const gray: ImageInfo = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" };

/** Noise that differs from frame to frame. */
function noise(of: ImageInfo, seed: number): Image {
  let state = seed * 7919 + 1;
  const data = new Uint16Array(of.width * of.height * of.channels).map(() => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >> 8;
  });
  return { ...of, data: of.dtype === "uint16" ? data : Uint8Array.from(data) };
}

type Options = Partial<Parameters<typeof createStore>[1]>;

async function write(format: string, options: Options = {}, info = gray, count = 5): Promise<string> {
  const path = newPath();
  await using store = await createStore(path, { info, format, ...options });
  for (let i = 0; i < count; i++) {
    await store.write({ image: noise(info, i), number: i + 3, time: 1000 + i / 50 });
  }
  return path;
}

test("what the frames are encoded with is kept in the metadata, and shown", async () => {
  const usual = { gop: 30, preset: "veryfast", fps: 25, pixelFormat: "yuv420p" };
  const cases: [string, Options, object | undefined][] = [
    ["avc1/mp4", {}, { quality: 18, ...usual }],
    [
      "avc1/mp4",
      { quality: 0, gop: 1, preset: "fast", fps: 100, threads: 1 },
      { quality: 0, gop: 1, preset: "fast", fps: 100, pixelFormat: "yuv420p", threads: 1 },
    ],
    ["h264/mkv", { pixelFormat: "gray" }, { quality: 18, ...usual, pixelFormat: "gray" }],
    ["hevc/mp4", { quality: 30 }, { ...usual, quality: 30 }],
    ["av1/mkv", {}, { ...usual, quality: 24 }],
    ["mjpeg/avi", {}, { quality: 2, fps: 25, pixelFormat: "yuvj420p" }],
    ["ffv1/mkv", {}, { fps: 25, pixelFormat: "gray" }],
    ["h264-lossless/mkv", { gop: 7 }, { ...usual, gop: 7, preset: "ultrafast" }],
    ["jpg", {}, { quality: 95 }],
    ["png", {}, undefined],
    ["raw", {}, undefined],
  ];
  for (const [format, options, encoder] of cases) {
    await using store = await openStore(await write(format, options));
    expect(store.describe().encoder, format).toEqual(encoder);
    expect(store.index.length).toBe(5);
  }
});

test("the options reach the video", async () => {
  const path = await write("avc1/mp4", { gop: 4, fps: 50, preset: "ultrafast" }, gray, 12);
  const seen = execFileSync("ffprobe", [
    ...[
      "-v",
      "error",
      "-select_streams",
      "v",
      "-show_entries",
      "packet=flags:stream=r_frame_rate,color_range",
    ],
    ...["-of", "csv=p=0", join(path, "000000.mp4")],
  ]);
  const lines = seen.toString().trim().split("\n");
  expect(lines.slice(0, 12).map((line) => line.startsWith("K"))).toEqual(
    Array.from({ length: 12 }, (_, i) => i % 4 === 0),
  );
  expect(lines.at(-1)).toBe("pc,50/1");
});

test("options that mean nothing to a format, or are out of range, are refused before anything is there", async () => {
  const wrong: [string, Options, typeof UnsupportedError | typeof RangeError][] = [
    ["png", { quality: 5 }, UnsupportedError],
    ["npy", { gop: 5 }, UnsupportedError],
    ["raw", { fps: 5 }, UnsupportedError],
    ["ffv1/mkv", { quality: 5 }, UnsupportedError],
    ["mjpeg/avi", { gop: 5 }, UnsupportedError],
    ["avc1/mp4", { quality: 52 }, RangeError],
    ["avc1/mp4", { gop: 0 }, RangeError],
    ["avc1/mp4", { fps: -1 }, RangeError],
    ["avc1/mp4", { threads: 1.5 }, RangeError],
    ["avc1/mp4", { preset: "lightning" }, UnsupportedError],
    ["avc1/mp4", { pixelFormat: "rgb565" }, UnsupportedError],
    ["jpg", { quality: 101 }, RangeError],
  ];
  for (const [format, options, error] of wrong) {
    const path = newPath();
    await expect(createStore(path, { info: gray, format, ...options }), format).rejects.toThrow(error);
    expect(existsSync(path)).toBe(false);
  }
});

test("who goes on in a store encodes as it was begun, unless told otherwise", async () => {
  const path = await write("avc1/mp4", { gop: 3, preset: "ultrafast" }, gray, 6);
  {
    await using store = await createStore(path, { info: gray, format: "avc1/mp4", append: true });
    for (let i = 0; i < 6; i++) await store.write({ image: noise(gray, i), number: 50 + i, time: 2000 + i });
  }
  const flags = execFileSync("ffprobe", [
    ...["-v", "error", "-show_entries", "packet=flags", "-of", "csv=p=0", join(path, "000001.mp4")],
  ]);
  expect(
    flags
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.startsWith("K")),
  ).toEqual([true, false, false, true, false, false]);
});

test("a store whose format is called by another program's name is read by its extension", async () => {
  for (const [format, name] of [
    ["avc1/mp4", "libx264"],
    ["hevc/mkv", "nvenc-hevc"],
    ["av1/mkv", "whatever"],
  ] as const) {
    const path = await write(format, {}, { ...gray, channels: 3, color: "bgr" });
    const metadata = join(path, "metadata.yaml");
    writeFileSync(metadata, readFileSync(metadata, "utf8").replace(`format: ${format}`, `format: ${name}`));
    await using store = await openStore(path);
    expect(store.metadata.format).toBe(name);
    expect((await store.frame({ index: 4 })).number).toBe(7);
  }
});

test("the README says how to open the store, and what it says works", async () => {
  for (const { name, layout, storeClass } of builtInFormats) {
    const path = await write(name);
    const text = readFileSync(join(path, "README.txt"), "utf8");
    expect(text).toMatch(/^This folder is a store of video frames, written by Marey\.\n/);
    expect(text).toContain("Frames   5, 64x48 gray uint8, 50 a second by their times");
    expect(text).toContain(`Format   ${name}, up to `);
    expect(text.includes("imgstore.new_for_filename")).toBe(storeClass === undefined);
    if (layout === "video" && storeClass === undefined) expect(text).toMatch(/setpts=PTS\*25\/50 000000\./);
    const numpy = /NumPy.*:\n\n((?: {4}.*\n)+)/.exec(text)?.[1];
    expect(numpy !== undefined).toBe(storeClass !== undefined || name === "npy");
    if (numpy === undefined) continue;
    const code = numpy.replaceAll(/^ {4}/gm, "");
    const seen = python(
      `import os, sys, hashlib\nos.chdir(sys.argv[1])\n${code}\nprint(frame.shape, frame.dtype, hashlib.sha256(np.ascontiguousarray(frame).tobytes()).hexdigest())`,
      [path],
    );
    const { createHash } = await import("node:crypto");
    const digest = createHash("sha256")
      .update(bytesOf(noise(gray, 0)))
      .digest("hex");
    expect(seen.trim(), name).toBe(`(48, 64) uint8 ${digest}`);
  }
});

test("a README that somebody wrote stays, whatever is done to the store", async () => {
  const path = await write("npy");
  const readme = join(path, "README.txt");
  writeFileSync(readme, "Mouse 12, do not delete");
  await (await createStore(path, { info: gray, format: "npy", overwrite: true })).close();
  expect(readFileSync(readme, "utf8")).toBe("Mouse 12, do not delete");
  await (await createStore(path, { info: gray, format: "npy", append: true })).close();
  expect(readFileSync(readme, "utf8")).toBe("Mouse 12, do not delete");
});

test("frames of a raw store lie at multiples of 4,096, where NumPy maps them into memory", async () => {
  const info: ImageInfo = { ...gray, width: 35, height: 23, channels: 3, color: "bgr", dtype: "uint16" };
  const path = await write("raw", {}, info, 7);
  const seen = python(
    `
import sys, hashlib, numpy as np
index = np.load(sys.argv[1] + "/000000.npz")
shape, dtype = tuple(index["imgshape"]), str(index["imgdtype"])
for offset in index["picture_offset"].tolist():
    assert offset % 4096 == 0
    frame = np.memmap(sys.argv[1] + "/000000.raw", dtype, "r", offset, shape)
    print(hashlib.sha256(frame.tobytes()).hexdigest())
`,
    [path],
  );
  const { createHash } = await import("node:crypto");
  const wanted = Array.from({ length: 7 }, (_, i) =>
    createHash("sha256")
      .update(bytesOf(noise(info, i)))
      .digest("hex"),
  );
  expect(seen.trim().split("\n")).toEqual(wanted);
});

test("a raw store of an unknown format is none that is guessed at", async () => {
  const path = await write("raw");
  const metadata = join(path, "metadata.yaml");
  const text = readFileSync(metadata, "utf8");
  writeFileSync(metadata, text.replace("format: raw", "format: rar"));
  await expect(openStore(path)).rejects.toThrow(UnsupportedError);
  writeFileSync(metadata, text.replace("- 48\n", "- 16777216\n").replace("- 64\n", "- 16777216\n"));
  await using huge = await openStore(path);
  await expect(huge.frame({ index: 0 })).rejects.toThrow(/ends at byte/);
  writeFileSync(metadata, text.replace("extension: .raw", "extension: /../../x"));
  await expect(openStore(path)).rejects.toThrow(StoreFormatError);
});

test("a frame of a Blosc store that is damaged anywhere is told, and no other is", async () => {
  const path = await write("blosc", {}, { ...gray, dtype: "uint16" });
  const file = join(path, "000000.blosc");
  const whole = readFileSync(file);
  const size = whole.readUInt32LE(12);
  for (let trial = 0; trial < 60; trial++) {
    const damaged = Buffer.from(whole);
    const at = trial < 16 ? trial : (trial * 7919) % size;
    damaged[at] = damaged[at]! ^ (1 << (trial % 8));
    writeFileSync(file, damaged);
    await using store = await openStore(path);
    await expect(store.frame({ index: 0 }), `byte ${at}`).rejects.toMatchObject({ code: "DECODE" });
    const { image } = await store.frame({ index: 1 });
    expect(Buffer.compare(bytesOf(image), bytesOf(noise({ ...gray, dtype: "uint16" }, 1)))).toBe(0);
  }
});

test("a picture too small for its encoder is refused, not waited for", async () => {
  const small = { ...gray, width: 16, height: 16 };
  await expect(createStore(newPath(), { info: small, format: "av1/mkv" })).rejects.toThrow(UnsupportedError);
  const path = await write("ffv1/mkv", {}, { ...gray, width: 2, height: 2 });
  await using video = await openVideo(join(path, "000000.mkv"));
  expect(video.index.length).toBe(5);
});
