import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf } from "../src/core/image.js";
import {
  type BoundTransform,
  type ConvertOptions,
  convert,
  flip,
  open,
  planConversion,
  rate,
  reverse,
  type SeekableSource,
  subsample,
} from "../src/index.js";
import { corpus } from "./run-marey.js";

// Video to video without a transform: the decoder's planes go to the encoder. The ffmpeg program is the judge: it decodes
// what went in and what came out, and compares both in their own pixel format.
const folder = mkdtempSync(join(tmpdir(), "marey-planes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scene = "testsrc2=size=160x120:rate=30:duration=0.7,noise=alls=8:allf=t:all_seed=7";
const odd = `${scene},scale=161:121`;
const full = [
  "-color_range",
  "pc",
  "-colorspace",
  "bt709",
  "-color_primaries",
  "bt709",
  "-color_trc",
  "bt709",
];

/** Films that the corpus has not: the scene, and how it is encoded. */
const films: Record<string, readonly [scene: string, ...options: string[]]> = {
  "ten-bits.mp4": [scene, "-pix_fmt", "yuv420p10le"],
  "422.mkv": [scene, "-pix_fmt", "yuv422p"],
  "444.mp4": [scene, "-pix_fmt", "yuv444p"],
  "odd-444.mp4": [odd, "-pix_fmt", "yuv444p"],
  "odd-420.avi": [odd, "-pix_fmt", "yuv420p", "-c:v", "ffv1"],
  "full-709.mp4": [`${scene},scale=out_range=pc:out_color_matrix=bt709`, "-pix_fmt", "yuv420p", ...full],
  "gray.mkv": [scene, "-pix_fmt", "gray", "-c:v", "ffv1"],
  "interlaced.mpg": [scene, "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-bf", "2"],
  "changing-a.h264": [`${scene},scale=out_range=pc:out_color_matrix=bt709`, "-pix_fmt", "yuv420p", ...full],
  "changing-b.h264": [scene, "-pix_fmt", "yuv420p", "-color_range", "tv"],
};

beforeAll(() => {
  for (const [name, [source, ...options]] of Object.entries(films)) {
    const x264 = options.includes("-c:v") ? [] : ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "12"];
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-f",
      "lavfi",
      "-i",
      source,
      ...x264,
      ...options,
      join(folder, name),
    ]);
  }
  const parts = ["changing-a.h264", "changing-b.h264"].map((name) => readFileSync(join(folder, name)));
  writeFileSync(join(folder, "changing.h264"), Buffer.concat(parts));
});

const pathOf = (name: string): string =>
  name in films || name === "changing.h264" ? join(folder, name) : join(corpus, "videos", name);

/** MD5 of every decoded frame in its own pixel format. */
function planesOf(path: string): string[] {
  const decode = [
    "-noautorotate",
    "-i",
    path,
    "-map",
    "0:v:0",
    "-fps_mode",
    "passthrough",
    "-f",
    "framemd5",
    "-",
  ];
  const text = execFileSync("ffmpeg", ["-v", "error", ...decode], { encoding: "utf8" });
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1)!.trim());
}

function tagsOf(path: string): Record<string, string> {
  const entries = "stream=pix_fmt,color_range,color_space,color_primaries,color_transfer,sample_aspect_ratio";
  const show = ["-select_streams", "v:0", "-show_entries", entries, "-of", "json", path];
  const [found] = JSON.parse(execFileSync("ffprobe", ["-v", "error", ...show], { encoding: "utf8" })).streams;
  // Names with a j say full range, too; where nothing is said it is limited.
  const {
    side_data_list: _,
    pix_fmt: name,
    color_range: range,
    sample_aspect_ratio: aspect,
    ...rest
  } = found;
  const isFull = range === "pc" || name.startsWith("yuvj");
  return {
    ...rest,
    aspect: aspect ?? "1:1",
    format: name.replace("yuvj", "yuv"),
    range: isFull ? "pc" : "tv",
  };
}

async function convertTo(name: string, from: string, options: ConvertOptions): Promise<string> {
  const to = join(folder, name);
  await convert(pathOf(from), to, { recipe: false, ...options });
  return to;
}

const lossless = { quality: 0, preset: "ultrafast" };

describe("planes come out as they went in, and say the same of themselves", () => {
  test.each<[from: string, to: string, ConvertOptions["create"]]>([
    ["ref_h264_bf0.mp4", "mp4", {}],
    ["bf16_pyramid.mp4", "mkv", {}],
    ["color_bt709_tv.mp4", "mp4", {}],
    ["color_bt2020_tv.mp4", "mov", {}],
    ["color_bt2020_pc.mp4", "mp4", {}],
    ["color_bt601_pc.mp4", "mkv", {}],
    ["full-709.mp4", "avi", { codec: "h264" }],
    ["full-709.mp4", "mp4", { codec: "h265" }],
    ["color_bt709_tv.mp4", "mkv", { codec: "h265" }],
    ["opengop_hevc.mp4", "mp4", {}],
    ["opengop_mpeg2.mpg", "mp4", {}],
    ["interlaced.mpg", "mp4", {}],
    ["vp9.webm", "mp4", {}],
    ["mjpeg.avi", "mp4", {}],
    ["raw_yuv420p.avi", "mp4", {}],
    ["y4m.y4m", "mp4", {}],
    ["vfr.mkv", "mkv", { times: true }],
    ["sar4_3.mp4", "mp4", {}],
    ["sar4_3.mp4", "mkv", { codec: "ffv1", pixelFormat: "yuv420p" }],
    ["ten-bits.mp4", "mp4", {}],
    ["ten-bits.mp4", "mkv", { codec: "h265" }],
    ["422.mkv", "mp4", { pixelFormat: "yuv422p" }],
    ["444.mp4", "mp4", { pixelFormat: "yuv444p" }],
    ["odd-444.mp4", "mp4", {}],
    ["gray.mkv", "mkv", { codec: "ffv1" }],
    ["full-709.mp4", "mkv", { codec: "ffv1", pixelFormat: "yuv420p" }],
  ])("%s to %s %o", async (from, extension, create) => {
    const made = `exact-${from}-${JSON.stringify(create).replace(/\W/g, "")}.${extension}`;
    const to = await convertTo(made, from, { create: { ...lossless, ...create } });
    expect(planesOf(to)).toEqual(planesOf(pathOf(from)));
    expect(tagsOf(to)).toMatchObject(tagsOf(pathOf(from)));
  });

  test("the same planes as the ffmpeg program gives the encoder: its lossy film has the same pictures", async () => {
    const from = pathOf("color_bt709_tv.mp4");
    const theirs = join(folder, "theirs.mkv");
    const encode = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    execFileSync("ffmpeg", ["-v", "error", "-i", from, ...encode, theirs]);
    const ours = await convertTo("ours.mkv", "color_bt709_tv.mp4", {
      create: { codec: "ffv1", pixelFormat: "yuv420p" },
    });
    expect(planesOf(ours)).toEqual(planesOf(theirs));
  });

  const numbered = (count: number): number[] => Array.from({ length: count }, (_, rank) => rank);
  test.each<[string, { transforms?: BoundTransform[]; range?: object }, (all: number[]) => number[]]>([
    [
      "a range with a step",
      { range: { start: 3, stop: 40, step: 5 } },
      (all) => all.filter((k) => k >= 3 && k < 40 && (k - 3) % 5 === 0),
    ],
    ["backwards", { transforms: [reverse()] }, (all) => [...all].reverse()],
    ["every third", { transforms: [subsample({ every: 3 })] }, (all) => all.filter((k) => k % 3 === 0)],
    ["each twice", { transforms: [rate({ fps: 60 })] }, (all) => all.flatMap((k) => [k, k])],
    ["here and there", { transforms: [subsample({ numbers: [40, 2, 3, 3, 17] })] }, () => [40, 2, 3, 3, 17]],
  ])("and so do frames that are picked: %s", async (what, options, expected) => {
    const from = "ref_h264_bf0.mp4";
    const to = await convertTo(`picked ${what}.mp4`, from, { ...options, create: lossless });
    const planes = planesOf(pathOf(from));
    expect(planesOf(to)).toEqual(expected(numbered(planes.length)).map((rank) => planes[rank]));
  });
});

/** Of the whole film, in decibels; both as bgr. */
async function likeness(a: SeekableSource, b: SeekableSource): Promise<number> {
  expect(b.index.length).toBe(a.index.length);
  let [sum, count] = [0, 0];
  for (let index = 0; index < a.index.length; index++) {
    const [before, after] = [await a.frame({ index }), await b.frame({ index })];
    const [x, y] = [before.image, after.image];
    expect([y.width, y.height, y.channels, y.dtype]).toEqual([x.width, x.height, x.channels, x.dtype]);
    const most = x.dtype === "uint16" ? 65535 : 255;
    for (const [i, sample] of (x.data as Uint8Array).entries()) {
      sum += ((sample - (y.data as Uint8Array)[i]!) / most) ** 2;
    }
    count += x.data.length;
  }
  return sum === 0 ? Number.POSITIVE_INFINITY : -10 * Math.log10(sum / count);
}

describe("a reader sees what he saw before, whichever way the pictures went", () => {
  test.each<[from: string, to: string, ConvertOptions["create"], least: number]>([
    // As planes.
    ["full-709.mp4", "mp4", lossless, Number.POSITIVE_INFINITY],
    ["color_bt2020_pc.mp4", "mkv", lossless, Number.POSITIVE_INFINITY],
    ["ten-bits.mp4", "mp4", lossless, Number.POSITIVE_INFINITY],
    ["mjpeg.avi", "avi", { quality: 1 }, 34],
    ["ref_h264_bf0.mp4", "avi", { quality: 1 }, 34],
    ["y4m.y4m", "mkv", { codec: "mjpeg", quality: 1 }, 34],
    // The codec cannot say what the samples mean, or lays them out otherwise.
    ["full-709.mp4", "avi", { quality: 1 }, 25],
    ["color_bt709_tv.mp4", "avi", { quality: 1 }, 25],
    ["full-709.mp4", "mkv", { codec: "av1", preset: "ultrafast" }, 25],
    ["full-709.mp4", "mov", { codec: "ffv1", pixelFormat: "yuv420p" }, 25],
    ["444.mp4", "mp4", lossless, 25],
    // Turned as the file asks; an edge that 4:2:0 would cut; alpha.
    ["rot90.mp4", "mp4", lossless, 30],
    ["rot270.mp4", "mp4", lossless, 30],
    ["odd-420.avi", "mp4", lossless, 30],
    ["vp9_alpha.webm", "mp4", lossless, 30],
    // What the samples mean changes in the middle.
    ["changing.h264", "mp4", lossless, 35],
  ])("%s to %s %o", async (from, extension, create, least) => {
    const made = `seen-${from}-${JSON.stringify(create).replace(/\W/g, "")}.${extension}`;
    const to = await convertTo(made, from, { create: { ...create } });
    await using before = await open(pathOf(from));
    await using after = await open(to);
    expect(await likeness(before, after)).toBeGreaterThanOrEqual(least);
  });
});

describe("pictures are bent where they have to be", () => {
  test.each<[string, ConvertOptions]>([
    ["a transform of pictures", { transforms: [flip()] }],
    ["another colour", { open: { as: "bgr" } }],
    ["a smaller size", { open: { maxSize: { width: 160, height: 120 } } }],
    ["another pixel format", { create: { pixelFormat: "yuv444p" } }],
  ])("%s", async (_, options) => {
    await using plan = await planConversion(pathOf("ref_h264_bf0.mp4"), join(folder, "none.mp4"), options);
    expect(plan.source.info.color).toBe("bgr");
  });

  test("and else a plan says so", async () => {
    await using plan = await planConversion(pathOf("ref_h264_bf0.mp4"), join(folder, "none.mp4"));
    expect(plan.source.info).toMatchObject({ color: "native", pixelFormat: "yuv420p" });
  });
});

test("pictures that are kept by somebody who encodes nothing are whole for ever", async () => {
  const from = pathOf("ref_h264_bf0.mp4");
  await using plan = await planConversion(from, join(folder, "none.mp4"));
  const kept = [];
  for await (const { image } of plan.source.frames({ stop: 20 })) kept.push(image);
  for (const index of [3, 2, 89]) kept.push((await plan.source.frame({ index })).image);
  await using native = await open(from, { as: "native" });
  for (const [at, image] of kept.entries()) {
    const { image: own } = await native.frame({ index: at < 20 ? at : [3, 2, 89][at - 20]! });
    expect(Buffer.compare(bytesOf(image), bytesOf(own))).toBe(0);
  }
});
