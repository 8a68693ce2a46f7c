import { describe, expect, test } from "vitest";
import { TransformError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import {
  bend,
  channel,
  colorMapNames,
  colormap,
  demosaic,
  grayscale,
  merge,
  mergeImages,
  mix,
  rescale,
  swap,
} from "../src/index.js";
import { listSource } from "./contracts/transform.js";
import { bent, picture } from "./fixtures/bent-picture.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { distance, judge } from "./peers/judge.js";

const judged = judge(`
def mixed(a, matrix, add=(0, 0, 0), white=255):
    # rows and columns are red, green, blue; a is bgr
    rgb = a[..., 2::-1].astype(np.float64) @ np.array(matrix, np.float64).reshape(3, 3).T + add
    return np.clip(np.rint(rgb[..., ::-1]), 0, white).astype(a.dtype)

def weighted(a, r, g, b):
    return np.clip(np.floor(a.astype(np.float64) @ (b, g, r) + 0.5), 0, 255).astype(np.uint8)

def viridis(a, lo, hi):
    return cv2.applyColorMap(np.rint(np.interp(a.astype(np.float64), (lo, hi), (0, 255))).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
`);
const size = { width: 123, height: 71 };
const bgr = picture({ ...size, color: "bgr", dtype: "uint8" });
const bgra = picture({ ...size, color: "bgra", dtype: "uint8" });
const gray = picture({ ...size, color: "gray", dtype: "uint8" });

describe("grayscale", () => {
  const [luma, mean, own] = [
    judged([bgr], "cv2.cvtColor(a, cv2.COLOR_BGR2GRAY)"),
    judged([bgr], "weighted(a, 1/3, 1/3, 1/3)"),
    judged([bgr], "weighted(a, 2, -0.5, 0.25)"),
  ];
  test("by luma is OpenCV's to the bit; mean and own weights are NumPy's", () => {
    expect(distance(bent(grayscale(), bgr), luma()).max).toBe(0);
    expect(distance(bent(grayscale({ weights: "mean" }), bgr), mean()).max).toBe(0);
    expect(distance(bent(grayscale({ weights: [2, -0.5, 0.25] }), bgr), own()).max).toBe(0);
  });

  test("the order of the channels makes no difference", () => {
    const rgb = bent(swap(), bgr);
    for (const weights of ["luma", "mean", [0.2, 0.7, 0.1]] as const) {
      expect(bent(grayscale({ weights }), rgb)).toEqual(bent(grayscale({ weights }), bgr));
    }
  });
});

describe("channels", () => {
  for (const [image, name, at] of [
    [bgr, "red", 2],
    [bgr, "blue", 0],
    [bgra, "alpha", 3],
    [bgra, 1, 1],
  ] as const) {
    const expected = judged([image], `a[..., ${at}]`);
    test(`${name} of ${image.color} is channel ${at}`, () => {
      expect(distance(bent(channel({ channel: name }), image), expected()).max).toBe(0);
    });
  }

  for (const [from, to] of [
    ["bgr", "rgb"],
    ["rgb", "bgr"],
    ["bgr", "bgra"],
    ["bgra", "bgr"],
    ["bgra", "rgba"],
    ["rgba", "bgr"],
    ["gray", "bgra"],
  ] as const) {
    for (const dtype of ["uint8", "uint16"] as const) {
      const image = picture({ ...size, color: from, dtype });
      const code = `COLOR_${from.toUpperCase()}2${to.toUpperCase()}`;
      const expected = judged([image], `cv2.cvtColor(a, cv2.${code})`);
      test(`swap of ${from} ${dtype} to ${to} is OpenCV's`, () => {
        const made = bent(swap({ to }), image);
        expect(made.color).toBe(to);
        expect(distance(made, expected()).max).toBe(0);
      });
    }
  }

  test("twelve bits get a white alpha of 4095", () => {
    const image = picture({ ...size, color: "gray", dtype: "uint16", bits: 12 });
    expect((bent(swap({ to: "bgra" }), image).data as Uint16Array)[3]).toBe(4095);
  });

  const yellow = judged([gray], "np.dstack([a * 0, a, a])");
  const around = judged([bgra], "a[..., [1, 2, 0, 3]]");
  test("merge puts channels where they are to be seen", () => {
    expect(distance(bent(merge({ red: 0, green: 0 }), gray), yellow()).max).toBe(0);
    const options = { red: "blue", green: "red", blue: "green", alpha: "alpha" } as const;
    expect(distance(bent(merge(options), bgra), around()).max).toBe(0);
    expect(() => bend(listSource([gray]), merge({}))).toThrow(TransformError);
    expect(() => bend(listSource([gray]), merge({ red: "alpha" }))).toThrow(/no channel alpha/);
    expect(() => bend(listSource([bgr]), channel({ channel: 3 }))).toThrow(/no channel 3/);
  });

  const joined = judged([gray, gray], "cv2.merge([np.zeros_like(a), 255 - a, a])");
  test("gray pictures are merged as OpenCV does, and those that do not go together are refused", () => {
    const negative = { ...gray, data: (gray.data as Uint8Array).map((sample) => 255 - sample) };
    expect(distance(mergeImages({ red: gray, green: negative }), joined()).max).toBe(0);
    expect(() => mergeImages({ red: gray, green: bgr })).toThrow(TransformError);
    expect(() => mergeImages({ red: gray, blue: { ...gray, width: 71, height: 123 } })).toThrow(
      TransformError,
    );
    expect(() => mergeImages({})).toThrow(TransformError);
  });

  const matrix = [0.25, 0.625, 0.125, -0.5, 1.5, 0, 0, 0.25, 0.75];
  const plain = judged([bgr], `mixed(a, ${JSON.stringify(matrix)})`);
  const added = judged([bgr], `mixed(a, ${JSON.stringify(matrix)}, (10, -20, 30))`);
  test("mix is the matrix product of NumPy, limited", () => {
    expect(distance(bent(mix({ matrix }), bgr), plain()).max).toBe(0);
    const offsets = [10, -20, 30];
    const rows = [0, 1, 2].flatMap((row) => [...matrix.slice(row * 3, row * 3 + 3), offsets[row]!]);
    expect(distance(bent(mix({ matrix: rows }), bgr), added()).max).toBe(0);
    const rgb = bent(swap(), bgr);
    expect(bent(swap(), bent(mix({ matrix }), rgb))).toEqual(bent(mix({ matrix }), bgr));
    expect(() => bend(listSource([bgr]), mix({ matrix: [...matrix, 1] }))).toThrow(TransformError);
  });
});

describe("colormap", () => {
  for (const map of colorMapNames) {
    const code =
      map === "gray"
        ? "cv2.cvtColor(a, cv2.COLOR_GRAY2BGR)"
        : `cv2.applyColorMap(a, cv2.COLORMAP_${map.toUpperCase()})`;
    const [plain, reversed] = [judged([gray], code), judged([gray], code.replaceAll("(a,", "(255 - a,"))];
    test(`${map} is OpenCV's applyColorMap, to the bit`, () => {
      expect(distance(bent(colormap({ map }), gray), plain()).max).toBe(0);
      expect(distance(bent(colormap({ map, reverse: true }), gray), reversed()).max).toBe(0);
    });
  }

  const floats = picture({ ...size, color: "gray", dtype: "float32" });
  const deep = picture({ ...size, color: "gray", dtype: "uint16" });
  const signed = noiseImage({ ...size, color: "gray", dtype: "int16" }, 2);
  for (const [image, options, limits] of [
    [floats, {}, "a.min(), a.max()"],
    [floats, { min: 0.25, max: 0.75 }, "0.25, 0.75"],
    [deep, {}, "0, 65535"],
    [deep, { low: 5, high: 90 }, "*np.percentile(a, (5, 90))"],
    [signed, { range: "picture" }, "a.min(), a.max()"],
  ] as const) {
    const expected = judged([image], `viridis(a, ${limits})`);
    test(`${image.dtype} with ${JSON.stringify(options)} has its limits at ${limits}`, () => {
      // A step of the map where a product and a quotient fall on two sides of a half.
      expect(distance(bent(colormap(options), image), expected()).mean).toBeLessThan(0.01);
    });
  }

  test("what is below, above or no number has the colour that was asked for", () => {
    const data = Float32Array.of(Number.NaN, -1, 0, 1, 2);
    const image: Image = { width: 5, height: 1, channels: 1, color: "gray", dtype: "float32", data };
    const options = { map: "gray", min: 0, max: 1, nan: "#010203", below: "blue", above: "red" } as const;
    expect([...(bent(colormap(options), image).data as Uint8Array)]).toEqual([
      ...[3, 2, 1, 255, 0, 0],
      ...[0, 0, 0, 255, 255, 255, 0, 0, 255],
    ]);
  });

  test("colours of one's own lie at equal distances, straight between them", () => {
    const data = Uint8Array.of(0, 64, 128, 255);
    const image: Image = { width: 4, height: 1, channels: 1, color: "gray", dtype: "uint8", data };
    const made = bent(colormap({ colors: ["black", "red", "white"] }), image);
    expect([...(made.data as Uint8Array)]).toEqual([0, 0, 0, 0, 0, 128, 1, 1, 255, 255, 255, 255]);
    expect(() => bend(listSource([image]), colormap({ map: "jet", colors: ["red", "blue"] }))).toThrow(
      TransformError,
    );
  });
});

describe("demosaic", () => {
  const codes = { rg: "BG", gr: "GB", gb: "GR", bg: "RG" } as const;
  for (const pattern of ["rg", "gr", "gb", "bg"] as const) {
    for (const dtype of ["uint8", "uint16"] as const) {
      const image = noiseImage({ ...size, color: "gray", dtype }, 6);
      const expected = judged([image], `cv2.demosaicing(a, cv2.COLOR_Bayer${codes[pattern]}2BGR)`);
      test(`${pattern} ${dtype} is OpenCV's, of gray with a pattern and of a mosaic that knows its own`, () => {
        expect(distance(bent(demosaic({ pattern }), image), expected()).max).toBe(0);
        expect(distance(bent(demosaic(), { ...image, color: `bayer-${pattern}` }), expected()).max).toBe(0);
      });
    }
  }

  test("what is no mosaic is refused; a mosaic that is rescaled is one still", () => {
    expect(() => bend(listSource([gray]), demosaic())).toThrow(/says no pattern/);
    expect(() => bend(listSource([bgr]), demosaic({ pattern: "rg" }))).toThrow(/no mosaic/);
    const mosaic = noiseImage({ ...size, color: "bayer-gb", dtype: "uint16" }, 6);
    expect(bent(demosaic(), bent(rescale({ range: "dtype" }), mosaic))).toMatchObject({
      color: "bgr",
      dtype: "uint8",
    });
  });
});
