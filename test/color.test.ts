import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { infoInColor, toColor } from "../src/core/color.js";
import { UnsupportedError } from "../src/core/errors.js";
import type { Color, Image } from "../src/core/image.js";
import { decodeNpy, encodeNpy } from "../src/core/npy.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const pictures: Image[] = [];
const codes: string[] = [];

/** Puts a picture on the list of those that OpenCV converts, all in one run; gives its place there. */
function judged(image: Image, code: string): number {
  codes.push(code);
  return pictures.push(image) - 1;
}

const cvtColor = `
import sys, os, json, numpy as np, cv2
os.chdir(sys.argv[1])
for i, code in enumerate(json.load(open("codes.json"))):
    np.save(f"{i}.npy", cv2.cvtColor(np.load(f"{i}.npy"), getattr(cv2, code)))
`;
const folder = mkdtempSync(join(tmpdir(), "marey-color-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  for (const [i, { dtype, width, height, channels, data }] of pictures.entries()) {
    const shape = [height, width, ...(channels > 1 ? [channels] : [])];
    writeFileSync(join(folder, `${i}.npy`), encodeNpy({ dtype, shape, data }));
  }
  writeFileSync(join(folder, "codes.json"), JSON.stringify(codes));
  python(cvtColor, [folder]);
});

/** What OpenCV makes of the picture at that place. */
function opencv(place: number): Image["data"] {
  return decodeNpy(new Uint8Array(readFileSync(join(folder, `${place}.npy`)))).data;
}

function samePixels(found: Image["data"], expected: Image["data"]): boolean {
  return found.length === expected.length && found.every((sample, i) => sample === expected[i]);
}

for (const dtype of ["uint8", "uint16"] as const) {
  for (const color of ["bgr", "rgb", "bgra", "rgba"] as const) {
    const image = noiseImage({ width: 511, height: 400, dtype, color }, 3);
    const place = judged(image, `COLOR_${color.toUpperCase()}2GRAY`);
    test(`gray from ${color} ${dtype} is OpenCV's, to the bit`, () => {
      const gray = toColor(image, "gray");
      expect(gray).toMatchObject({ width: 511, height: 400, channels: 1, dtype, color: "gray" });
      expect(samePixels(gray.data, opencv(place))).toBe(true);
    });
  }
}

test("gray of white is white, of black is black, at every depth", () => {
  for (const [dtype, white] of [
    ["uint8", 255],
    ["uint16", 65535],
  ] as const) {
    for (const sample of [0, white]) {
      const image = noiseImage({ width: 4, height: 2, dtype, color: "bgr" }, 1);
      image.data.fill(sample as never);
      expect(new Set(toColor(image, "gray").data as Uint8Array)).toEqual(new Set([sample]));
    }
  }
});

test("gray from floats is the same weighted mean, not rounded", () => {
  const image = noiseImage({ width: 31, height: 20, dtype: "float32", color: "bgr" }, 1);
  const data = image.data as Float32Array;
  const gray = toColor(image, "gray").data as Float32Array;
  for (let i = 0; i < gray.length; i++) {
    const [b, g, r] = [data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!];
    expect(gray[i]).toBeCloseTo(
      0.114 * b + 0.587 * g + 0.299 * r,
      -Math.log10(Math.abs(b + g + r) * 1e-4 + 1e-9),
    );
  }
});

const conversions: [Color, "bgr" | "rgb", string][] = [
  ["bgr", "rgb", "COLOR_BGR2RGB"],
  ["rgb", "bgr", "COLOR_RGB2BGR"],
  ["bgra", "bgr", "COLOR_BGRA2BGR"],
  ["bgra", "rgb", "COLOR_BGRA2RGB"],
  ["rgba", "bgr", "COLOR_RGBA2BGR"],
  ["gray", "bgr", "COLOR_GRAY2BGR"],
  ["gray", "rgb", "COLOR_GRAY2RGB"],
];
for (const [from, to, code] of conversions) {
  for (const dtype of ["uint8", "uint16", "float32"] as const) {
    const image = noiseImage({ width: 37, height: 11, dtype, color: from }, 5);
    const place = judged(image, code);
    test(`${to} from ${from} ${dtype} is OpenCV's`, () => {
      const { data, ...shape } = toColor(image, to);
      expect(samePixels(data, opencv(place))).toBe(true);
      expect(shape).toEqual({ width: 37, height: 11, dtype, color: to, channels: 3 });
    });
  }
}

test("what will come is known before: shape, channels and colour", () => {
  const info = { width: 5, height: 4, channels: 4, dtype: "uint8", color: "bgra" } as const;
  expect(infoInColor(info, "gray")).toEqual({ ...info, channels: 1, color: "gray" });
  expect(infoInColor(info, "rgb")).toEqual({ ...info, channels: 3, color: "rgb" });
});

test("a picture that has the colour already is handed on, not copied", () => {
  const image = noiseImage({ width: 3, height: 3, dtype: "uint8", color: "bgr" }, 1);
  expect(toColor(image, "bgr")).toBe(image);
});

test("pictures without a colour meaning are refused, not guessed", () => {
  for (const color of ["none", "native", "bayer-rg"] as const) {
    const image = noiseImage({ width: 3, height: 3, dtype: "uint8", color }, 1);
    expect(() => toColor(image, "bgr")).toThrow(UnsupportedError);
  }
  const signed = noiseImage({ width: 3, height: 3, dtype: "int16", color: "bgr" }, 1);
  expect(() => toColor(signed, "gray")).toThrow(/int16/);
});
