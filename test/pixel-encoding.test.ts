import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../src/core/errors.js";
import { arrayOver, bytesOf, dtypeBytes, type Image, type ImageInfo } from "../src/core/image.js";
import {
  decodedInfo,
  decoderOf,
  encodingOfColor,
  encodingOfPylonFormat,
  pixelEncodings,
} from "../src/store/pixel-encoding.js";

const judge = fileURLToPath(new URL("peers/convert_pixels.py", import.meta.url));

function opencv(...args: string[]): string {
  return execFileSync("/usr/bin/python3", [judge, ...args], { encoding: "utf8" }).trim();
}

/** Samples that cover their type: noise for even seeds, gradients with all extremes for odd ones. */
function picture(info: ImageInfo, seed: number, name: string): Image {
  const count = info.width * info.height * info.channels;
  const bytes = count * dtypeBytes(info.dtype);
  const data = arrayOver(info.dtype, new ArrayBuffer(bytes), 0, bytes) as Uint8Array;
  let state = seed * 2654435761 + 1;
  const [low, high] =
    info.dtype === "float32" ? floatRange(name) : [0, info.dtype === "uint8" ? 255 : 65_535];
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const channel = i % info.channels;
    const from = typeof low === "number" ? low : low[channel]!;
    const to = typeof high === "number" ? high : high[channel]!;
    const share =
      seed % 2 === 0 ? state / 0xffff_ffff : ((i / info.channels) % info.width) / (info.width - 1 || 1);
    data[i] = from + share * (to - from);
  }
  return { ...info, data };
}

/** Natural ranges of each channel, and a little beyond for those that have no circle. */
function floatRange(name: string): [number | number[], number | number[]] {
  if (/hsv|hls/.test(name)) return [0, [360, 1, 1]];
  if (name === "cv_lab")
    return [
      [0, -127, -127],
      [100, 127, 127],
    ];
  if (name === "cv_luv")
    return [
      [0, -134, -140],
      [100, 220, 122],
    ];
  return [-0.25, 1.25];
}

interface Case {
  readonly name: string;
  readonly image: Image;
}

function casesOf(name: string): Case[] {
  const sizes = [3, 4, 5, 7, 8, 12, 16, 17, 31, 32, 33, 47, 64, 75, 642].flatMap((width, i) =>
    [3, 4, 5, 6, 9, 15, 16, 27, 480]
      .filter((height) => (height < 480 ? width < 100 : i > 13))
      .map((height) => ({ width, height })),
  );
  sizes.push(
    { width: 1, height: 1 },
    { width: 2, height: 3 },
    { width: 3, height: 2 },
    { width: 1, height: 70 },
  );
  const cases: Case[] = [];
  for (const dtype of ["uint8", "uint16", "float32"] as const) {
    for (const channels of [1, 2, 3, 4]) {
      for (const size of sizes) {
        const info: ImageInfo = { ...size, channels, dtype, color: "none" };
        if (decoderOf(name).decodedInfo(info) === undefined) continue;
        cases.push({ name, image: picture(info, cases.length, name) });
      }
    }
  }
  return cases;
}

function convertedByOpencv(cases: readonly Case[]): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), "marey-pixels-"));
  try {
    const list = cases.map(({ name, image }) => ({ name, ...image, data: undefined }));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(list));
    for (const [i, { image }] of cases.entries()) writeFileSync(join(folder, `${i}.raw`), bytesOf(image));
    opencv("pictures", folder);
    return cases.map((_, i) => new Uint8Array(readFileSync(join(folder, `${i}.bgr`))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * How far floats may be from OpenCV's. Its order of operations is followed for the pixels that fill its vector
 * registers; the last few of a row are computed in another order, by another build perhaps with other registers.
 */
const floatTolerance: Record<string, number> = {
  cv_hsv: 2 ** -22,
  cv_hsv_full: 2 ** -22,
  cv_hls: 2 ** -22,
  cv_hls_full: 2 ** -22,
  cv_xyz: 2 ** -20,
  cv_lab: 2 ** -16,
  cv_luv: 2 ** -16,
};

test("the encodings are those that imgstore knows", () => {
  const theirs = JSON.parse(opencv("names")) as Record<string, number>;
  expect([...pixelEncodings].sort()).toEqual(Object.keys(theirs).sort());
  expect(pixelEncodings).toHaveLength(37);
  for (const [a, one] of Object.entries(theirs)) {
    for (const [b, two] of Object.entries(theirs)) {
      if (one === two) expect(decoderOf(a), `${a} is ${b}`).toBe(decoderOf(b));
    }
  }
});

describe.each(pixelEncodings)("%s", (name) => {
  test("every sample of every size and type is OpenCV's", () => {
    const cases = casesOf(name);
    expect(cases.length).toBeGreaterThan(20);
    const theirs = convertedByOpencv(cases);
    for (const [i, { image }] of cases.entries()) {
      const given = bytesOf(image).slice();
      const decoded = decoderOf(name).decode(image);
      const what = `${image.width}x${image.height}x${image.channels} ${image.dtype}`;
      expect(decoded).toMatchObject(decodedInfo(image, name));
      expect(Buffer.compare(bytesOf(image), given), "what was given stays").toBe(0);
      const expected = theirs[i]!;
      expect(decoded.data.byteLength, what).toBe(expected.length);
      if (image.dtype !== "float32" || floatTolerance[name] === undefined) {
        expect(Buffer.compare(bytesOf(decoded), expected), what).toBe(0);
        continue;
      }
      const floats = new Float32Array(expected.buffer);
      let worst = 0;
      for (const [at, value] of floats.entries()) {
        const off = Math.abs((decoded.data[at] as number) - value) / Math.max(1, Math.abs(value));
        worst = Math.max(worst, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
      }
      expect(worst, what).toBeLessThanOrEqual(floatTolerance[name]);
    }
  });
});

/** 4096 pixels fill vector registers; one pixel a row is what is left over of them. */
const widths = [4096, 1];
const ofBytes = [
  "cv_hsv",
  "cv_hsv_full",
  "cv_hls",
  "cv_hls_full",
  "cv_lab",
  "cv_luv",
  "cv_xyz",
  "cv_ycrcb",
  "cv_yuv",
];

describe.each(ofBytes)("%s", (name) => {
  test.each(widths)("each of the 16,777,216 triples of bytes is OpenCV's, %d in a row", (width) => {
    const data = new Uint8Array(3 << 24);
    for (let i = 0, at = 0; i < 1 << 24; i++, at += 3) {
      data[at] = i >> 16;
      data[at + 1] = i >> 8;
      data[at + 2] = i;
    }
    const image: Image = {
      width,
      height: (1 << 24) / width,
      channels: 3,
      dtype: "uint8",
      color: "none",
      data,
    };
    const ours = createHash("sha256")
      .update(bytesOf(decoderOf(name).decode(image)))
      .digest("hex");
    expect(ours).toBe(opencv("triples", name, String(width)));
  });
});

test("all 65,536 packed pixels are OpenCV's", () => {
  const data = new Uint8Array(new Uint16Array(65_536).map((_, i) => i).buffer);
  const image: Image = { width: 256, height: 256, channels: 2, dtype: "uint8", color: "none", data };
  const cases = ["cv_bgr555", "cv_bgr565"].map((name) => ({ name, image }));
  const theirs = convertedByOpencv(cases);
  for (const [i, { name }] of cases.entries()) {
    expect(Buffer.compare(bytesOf(decoderOf(name).decode(image)), theirs[i]!), name).toBe(0);
  }
});

test("12 bits of a mosaic stay 12 bits", () => {
  const mosaic: ImageInfo = { width: 8, height: 6, channels: 1, dtype: "uint16", color: "gray", bits: 12 };
  expect(decodedInfo(mosaic, "cv_bayerbg")).toEqual({ ...mosaic, channels: 3, color: "bgr" });
});

test("an unknown encoding is told, with those that are known", () => {
  expect(() => decoderOf("cv_bayerxy")).toThrow(
    /unsupported pixel encoding: cv_bayerxy \(known: cv_bayerbg, /,
  );
  expect(() => decoderOf("toString")).toThrow(UnsupportedError);
});

test("a picture that cannot be of an encoding is refused, and what it takes is told", () => {
  const image: Image = {
    width: 2,
    height: 2,
    channels: 1,
    dtype: "uint8",
    color: "gray",
    data: new Uint8Array(4),
  };
  expect(() => decoderOf("cv_hsv").decode(image)).toThrow(
    /2x2 gray uint8 \(known: 3 channels of uint8 or float32\)/,
  );
  expect(() => decoderOf("cv_yuv_nv12").decode(image)).toThrow(/its width even, its height a multiple of 3/);
});

test("Bayer patterns of cameras have the names that are shifted in OpenCV", () => {
  expect(encodingOfColor("bayer-rg")).toBe("cv_bayerbg");
  expect(encodingOfColor("gray")).toBeUndefined();
  expect(encodingOfPylonFormat("BayerBG")).toBe("cv_bayerrg");
  expect(encodingOfPylonFormat("Bayer_RG")).toBe("cv_bayerbg");
  expect(encodingOfPylonFormat("BayerGB")).toBe("cv_bayergr");
  expect(encodingOfPylonFormat("BayerGR8")).toBe("cv_bayergb");
  expect(encodingOfPylonFormat("None")).toBeUndefined();
  expect(() => encodingOfPylonFormat("BayerRG12p")).toThrow(UnsupportedError);
});
