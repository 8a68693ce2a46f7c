import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf } from "../src/core/image.js";
import { create, open, type SourceKind, sniff, syntheticCamera } from "../src/index.js";

const corpus = fileURLToPath(new URL("../../shared/corpus", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "marey-open-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[string, SourceKind]>([
  ["videos/ref_h264_bf0.mp4", "video"],
  ["videos/apng.png", "video"],
  ["videos/mjpeg.avi", "video"],
  ["videos/h264_annexb.h264", "video"],
  ["lab/thw.npy", "array"],
  ["lab/a.npz", "array"],
  ["lab/v5.mat", "array"],
  ["lab/memmap_d1_48_d2_64_d3_1_order_C_frames_7_.mmap", "array"],
  ["lab/scan.sbx", "recording"],
  ["lab/scan.mat", "recording"],
  ["lab/Trial.seq", "recording"],
  ["lab/np_v5_mono8.seq", "recording"],
  ["lab/v1.fmf", "recording"],
  ["lab/v4.ufmf", "recording"],
  ["lab/imgs", "images"],
  ["imgstore/dir_png_bgr8", "store"],
  ["imgstore/dir_png_bgr8/metadata.yaml", "store"],
  ["imgstore/dir_png_bgr8/000000/000000.png", "images"],
  ["imgstore/dir_png_bgr8/000000", "images"],
  ["imgstore/vid_mp4_bgr/000000.mp4", "video"],
  ["imgstore/dir_png_bgr8/000000/*.png", "images"],
  ["imgstore/dir_png_bgr8/000000/%06d.png", "images"],
])("%s is taken for a %s, and opens", async (name, kind) => {
  expect(await sniff(join(corpus, name))).toBe(kind);
  await using source = await open(join(corpus, name));
  expect((await source.frame({ index: -1 })).image.data.length).toBeGreaterThan(0);
});

test("a wrong or missing extension does not matter", async () => {
  for (const [name, as, kind] of [
    ["videos/ref_h264_bf0.mp4", "movie.png", "video"],
    ["lab/thw.npy", "array.mp4", "array"],
    ["imgstore/dir_png_bgr8/000000/000000.png", "picture", "images"],
  ] as const) {
    copyFileSync(join(corpus, name), at(as));
    expect(await sniff(at(as))).toBe(kind);
    await using source = await open(at(as));
    await using original = await open(join(corpus, name));
    const [one, other] = await Promise.all([source.frame({ index: 0 }), original.frame({ index: 0 })]);
    expect(Buffer.from(bytesOf(one.image)).equals(bytesOf(other.image))).toBe(true);
  }
});

test("a file URL, a link and a name full of signs are paths as any", async () => {
  const odd = at("räpör #1 50% (a b).npy");
  copyFileSync(join(corpus, "lab/thw.npy"), odd);
  symlinkSync(odd, at("link"));
  for (const path of [odd, pathToFileURL(odd), pathToFileURL(odd).href, at("link")]) {
    await using source = await open(path);
    expect(source.index.length).toBe(7);
  }
});

test("what is not there, or holds nothing, is told with its path", async () => {
  mkdirSync(at("empty"));
  for (const path of [at("nowhere"), at("nowhere/*.png"), at("empty")]) {
    await expect(open(path)).rejects.toThrow(NotFoundError);
    await expect(open(path)).rejects.toThrow(path.replace("/*.png", ""));
  }
  await expect(open(at("empty"))).rejects.toThrow(/neither a store .* nor a folder of pictures/);
  writeFileSync(at("text.txt"), "no video, no picture");
  await expect(open(at("text.txt"))).rejects.toThrow(/text\.txt: /);
});

test("what would be waited for, or holds nothing, is refused at once", async () => {
  execFileSync("mkfifo", [at("pipe")]);
  for (const path of [at("pipe"), "/dev/zero"])
    await expect(open(path)).rejects.toThrow(/a pipe or a device/);
  writeFileSync(at("empty.mp4"), "");
  await expect(open(at("empty.mp4"))).rejects.toThrow(/empty\.mp4: an empty file/);
});

test("a store without a wish for a format is exact in Python too: 8 bits as png, all else as npy", async () => {
  for (const [dtype, color, format] of [
    ["uint8", "gray", "png"],
    ["uint8", "bgr", "png"],
    ["uint16", "gray", "npy"],
  ] as const) {
    const camera = syntheticCamera({ width: 32, height: 24, frames: 1, pace: "free", dtype, color });
    const path = at(`plain-${dtype}-${color}`);
    const sink = await create(path, { info: camera.info });
    for await (const frame of camera) await sink.write(frame);
    await sink.close();
    await using store = await open(path);
    expect(store.describe()).toMatchObject({ format });
  }
});

test("any source gives another colour when asked, and its own when not", async () => {
  for (const name of ["lab/a.npz", "imgstore/dir_npy_bgr8", "videos/ffv1_rgb24.mkv"]) {
    await using plain = await open(join(corpus, name));
    await using rgb = await open(join(corpus, name), { as: "rgb" });
    await using gray = await open(join(corpus, name), { as: "gray" });
    expect([plain.info.color, rgb.info.color, gray.info.color]).toEqual(["bgr", "rgb", "gray"]);
    const [b, r] = [await plain.frame({ index: 0 }), await rgb.frame({ index: 0 })];
    expect([r.image.data[0], r.image.data[2]]).toEqual([b.image.data[2], b.image.data[0]]);
    expect((await gray.frame({ index: 0 })).image.channels).toBe(1);
  }
});

test("images and arrays take the rate that they are told", async () => {
  await using source = await open(join(corpus, "lab/thw.npy"), { fps: 100 });
  expect(source.index.time(5)).toBeCloseTo(0.05);
});

test("create makes what the name says, and refuses names that say nothing", async () => {
  const camera = syntheticCamera({ width: 64, height: 48, frames: 5, pace: "free" });
  for (const [name, kind] of [
    ["a.mp4", "video"],
    ["a.npy", "array"],
    ["a-%03d.png", "images"],
    ["store", "store"],
  ] as const) {
    const sink = await create(at(name), { info: camera.info });
    for await (const frame of camera) await sink.write(frame);
    await sink.close();
    expect(await sniff(at(name))).toBe(kind);
    await using source = await open(at(name));
    expect(source.index.length).toBe(5);
  }
  await expect(create(at("a.xyz"), { info: camera.info })).rejects.toThrow(UnsupportedError);
});
