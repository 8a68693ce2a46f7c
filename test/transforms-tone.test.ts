import { describe, expect, test } from "vitest";
import { TransformError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import {
  autoContrast,
  bend,
  binarize,
  brightnessContrast,
  curve,
  equalize,
  gamma,
  invert,
  lut,
  rescale,
} from "../src/index.js";
import { listSource } from "./contracts/transform.js";
import { bent, picture } from "./fixtures/bent-picture.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { distance, judge } from "./peers/judge.js";

const judged = judge(`
def round8(x, white=255, dtype=np.uint8):
    return np.clip(np.floor(x + 0.5), 0, white).astype(dtype)

def shared(a, lo, hi, white=255, dtype=np.uint8):
    return round8((a.astype(np.float64) - lo) * (white / (hi - lo)), white, dtype)

def gray(a):
    return a if a.ndim == 2 else cv2.cvtColor(a, cv2.COLOR_BGR2GRAY)

def percent(a, lo, hi, white=255, dtype=np.uint8):
    return shared(a, *np.percentile(gray(a), (lo, hi)), white, dtype)

def clipped(a, clip):
    # pImage's automatic_brightness_and_contrast
    hist = cv2.calcHist([gray(a)], [0], None, [256], [0, 256])[:, 0].astype(np.float64)
    total = np.cumsum(hist)
    cut = clip * total[-1] / 100 / 2
    low, high = 0, 255
    while total[low] < cut: low += 1
    while total[high] >= total[-1] - cut: high -= 1
    return shared(a, low, high)

def y_equalized(a):
    y = cv2.cvtColor(a, cv2.COLOR_BGR2YCrCb)
    y[..., 0] = cv2.equalizeHist(y[..., 0])
    return cv2.cvtColor(y, cv2.COLOR_YCrCb2BGR)

def scaled(a, lo, hi):
    return np.rint(np.interp(a.astype(np.float64), (lo, hi), (0, 255))).astype(np.uint8)

ramp = np.arange(256) / 255
erf = np.vectorize(math.erf)
`);

const size = { width: 131, height: 77 };
const gray8 = picture({ ...size, color: "gray", dtype: "uint8" });
const bgr8 = picture({ ...size, color: "bgr", dtype: "uint8" });
const gray16 = picture({ ...size, color: "gray", dtype: "uint16" });
const gray12 = picture({ ...size, color: "gray", dtype: "uint16", bits: 12 });
const floats = picture({ ...size, color: "rgb", dtype: "float32" });

describe("samples one by one", () => {
  for (const [name, transform, expression] of [
    ["brightness", brightnessContrast({ brightness: 30 }), "round8(a + 30.0)"],
    ["contrast", brightnessContrast({ contrast: 1.7, brightness: -20 }), "round8(a * 1.7 - 20)"],
    ["contrast", brightnessContrast({ contrast: 1.3, about: "middle" }), "round8((a - 127.5) * 1.3 + 127.5)"],
    ["gamma", gamma({ gamma: 2.2 }), "np.take(round8(255 * ramp ** (1 / 2.2)), a)"],
    ["gamma", gamma({ gamma: 0.4 }), "np.take(round8(255 * ramp ** 2.5), a)"],
    ["curve", curve(), "np.take(round8(255 * (erf(4 * (ramp - 0.5)) + 1) / 2), a)"],
    [
      "curve",
      curve({ slope: 7, inflexion: 0.3 }),
      "np.take(round8(255 * (erf(7 * (ramp - 0.3)) + 1) / 2), a)",
    ],
    ["invert", invert(), "cv2.bitwise_not(a)"],
    [
      "lut",
      lut({ points: [10, 0, 100, 50.5, 200, 255] }),
      "round8(np.interp(a, (10, 100, 200), (0, 50.5, 255)))",
    ],
    [
      "lut",
      lut({ values: Array.from({ length: 256 }, (_, i) => (i * 7) % 256) }),
      "cv2.LUT(a, np.uint8(np.arange(256) * 7 % 256))",
    ],
  ] as const) {
    for (const image of [gray8, bgr8]) {
      const expected = judged([image], expression);
      test(`${name} (${JSON.stringify(transform.step.options).slice(0, 60)}) of ${image.color} is NumPy's`, () => {
        expect(distance(bent(transform, image), expected()).max).toBe(0);
      });
    }
  }

  const dark = judged([gray12], "round8(4095 * (a / 4095.0) ** 2, 4095, np.uint16)");
  test("twelve bits have their white at 4095, and nothing goes beyond", () => {
    expect(distance(bent(gamma({ gamma: 0.5 }), gray12), dark()).max).toBe(0);
    const bright = bent(brightnessContrast({ contrast: 3 }), gray12).data as Uint16Array;
    expect(Math.max(...bright)).toBe(4095);
  });

  const bowed = judged([floats], "((erf(4 * (a.astype(np.float64) - 0.5)) + 1) / 2).astype(np.float32)");
  const brightened = judged([floats], "(a.astype(np.float64) ** (1 / 2.2)).astype(np.float32)");
  test("floats have their white at 1 and are not rounded", () => {
    expect(distance(bent(curve(), floats), bowed()).max).toBeLessThan(1e-7);
    expect(distance(bent(gamma({ gamma: 2.2 }), floats), brightened()).max).toBeLessThan(1e-6);
  });

  test("alpha stays what it is", () => {
    const image = picture({ ...size, color: "bgra", dtype: "uint8" });
    const alpha = (made: Image): number[] => [...(made.data as Uint8Array).filter((_, i) => i % 4 === 3)];
    for (const transform of [invert(), gamma({ gamma: 3 }), autoContrast(), equalize()]) {
      expect(alpha(bent(transform, image))).toEqual(alpha(image));
    }
  });

  test("a picture that does not begin at a word's bytes comes out the same", () => {
    const bytes = new Uint8Array(gray8.data.length + 1);
    bytes.set(gray8.data as Uint8Array, 1);
    expect(bent(invert(), { ...gray8, data: bytes.subarray(1) })).toEqual(bent(invert(), gray8));
  });
});

describe("auto-contrast", () => {
  const large = picture({ width: 700, height: 500, color: "gray", dtype: "uint8" });
  for (const [image, options, expression] of [
    [gray8, {}, "percent(a, 1, 99)"],
    [large, { low: 10.5, high: 70 }, "percent(a, 10.5, 70)"],
    [bgr8, { low: 2, high: 98 }, "percent(a, 2, 98)"],
    [gray16, {}, "percent(a, 1, 99, 65535, np.uint16)"],
    [gray8, { clip: 25 }, "clipped(a, 25)"],
    [bgr8, { clip: 5 }, "clipped(a, 5)"],
  ] as const) {
    const expected = judged([image], expression);
    test(`${JSON.stringify(options)} of ${image.color} ${image.dtype} is what NumPy's percentiles or pImage's histogram give`, () => {
      expect(distance(bent(autoContrast(options), image), expected()).max).toBe(0);
    });
  }

  test("floats end at 0 and 1, and NaN does not count", () => {
    const image = picture({ ...size, color: "gray", dtype: "float32" });
    (image.data as Float32Array)[5] = Number.NaN;
    const made = (bent(autoContrast({ low: 20, high: 60 }), image).data as Float32Array).filter(
      (sample) => !Number.isNaN(sample),
    );
    expect(made).toHaveLength(image.data.length - 1);
    expect(made.filter((sample) => sample === 0).length / made.length).toBeCloseTo(0.2, 2);
    expect(made.filter((sample) => sample === 1).length / made.length).toBeCloseTo(0.4, 2);
  });

  test("a picture of one value stays as it is", () => {
    const flat = { ...gray8, data: new Uint8Array(gray8.data.length).fill(77) };
    for (const transform of [autoContrast(), autoContrast({ clip: 25 }), equalize()]) {
      expect(bent(transform, flat).data).toEqual(flat.data);
    }
  });

  test("limits the wrong way round are refused", () => {
    const source = listSource([gray8]);
    expect(() => bend(source, autoContrast({ low: 60, high: 50 }))).toThrow(TransformError);
    expect(() => bend(source, autoContrast({ low: 6, clip: 5 }))).toThrow(TransformError);
    expect(() => bend(source, rescale({ min: 5, max: 5 }))).toThrow(TransformError);
  });
});

describe("equalize and binarize", () => {
  for (const seed of [1, 2, 3]) {
    const image = picture({ width: 640, height: 480, color: "gray", dtype: "uint8" }, seed);
    for (let i = 0; i < image.data.length; i++) image.data[i] = ((image.data[i] as number) >> seed) + 40;
    const equalized = judged([image], "cv2.equalizeHist(a)");
    const [otsu, fixed] = [
      judged([image], "cv2.threshold(a, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]"),
      judged([image], "cv2.threshold(a, 90, 255, cv2.THRESH_BINARY)[1]"),
    ];
    test(`gray ${seed} is OpenCV's equalizeHist and threshold, to the bit`, () => {
      expect(distance(bent(equalize(), image), equalized()).max).toBe(0);
      expect(distance(bent(binarize(), image), otsu()).max).toBe(0);
      expect(distance(bent(binarize({ threshold: 90 }), image), fixed()).max).toBe(0);
      expect(distance(bent(binarize({ threshold: 90.7 }), image), fixed()).max).toBe(0);
    });
  }

  const lumaOnly = judged([bgr8], "y_equalized(a)");
  test("in colour only the luma is equalised, as through YCrCb", () => {
    const { max, mean } = distance(bent(equalize(), bgr8), lumaOnly());
    expect(max).toBeLessThanOrEqual(2);
    expect(mean).toBeLessThan(0.5);
  });

  const otsu16 = judged([gray16], "np.uint8(255 * (a > cv2.threshold(a, 0, 65535, cv2.THRESH_OTSU)[0]))");
  const luma = judged([bgr8], "cv2.threshold(gray(a), 100, 255, cv2.THRESH_BINARY)[1]");
  const real = judged([floats], "np.uint8(255 * (cv2.cvtColor(a, cv2.COLOR_RGB2GRAY) > 0.4))");
  test("sixteen bits, floats, and the luma of colours are binarised, too", () => {
    expect(distance(bent(binarize(), gray16), otsu16()).max).toBe(0);
    expect(distance(bent(binarize({ threshold: 100 }), bgr8), luma()).max).toBe(0);
    expect(distance(bent(binarize({ threshold: 0.4 }), floats), real()).mean).toBeLessThan(0.05);
  });
});

describe("rescale", () => {
  for (const dtype of ["int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const) {
    const image = noiseImage({ ...size, color: "gray", dtype }, 4);
    const [own, fixed, percent] = [
      judged([image], "scaled(a, a.min(), a.max())"),
      judged([image], "scaled(a, -30, 1000)"),
      judged([image], "scaled(a, *np.percentile(a, (2, 98)))"),
    ];
    test(`${dtype} is NumPy's interp between the limits of the picture, fixed ones, or percentiles`, () => {
      // A product and a quotient may fall on the two sides of a half.
      for (const [options, expected] of [
        [{}, own],
        [{ min: -30, max: 1000 }, fixed],
        [{ range: "percentiles" }, percent],
      ] as const) {
        const { max, mean } = distance(bent(rescale(options), image), expected());
        expect(max).toBeLessThanOrEqual(1);
        expect(mean).toBeLessThan(0.01);
      }
    });
  }

  test("twelve bits are scaled by their own range, 64 bits and half floats are numbers, too", () => {
    const twelve: Image = { ...gray12, width: 3, height: 1, data: Uint16Array.of(0, 2048, 4095) };
    const made = bent(rescale({ range: "dtype" }), twelve);
    expect(made).toEqual({
      width: 3,
      height: 1,
      channels: 1,
      dtype: "uint8",
      color: "gray",
      data: made.data,
    });
    expect([...(made.data as Uint8Array)]).toEqual([0, 128, 255]);
    const wide = BigInt64Array.of(-(10n ** 18n), 0n, 10n ** 18n);
    const row = { width: 3, height: 1, channels: 1, color: "gray" } as const;
    expect([...(bent(rescale(), { ...row, dtype: "int64", data: wide }).data as Uint8Array)]).toEqual([
      0, 128, 255,
    ]);
    const half = Uint16Array.of(0x3c00, 0x3e00, 0x4000); // 1, 1.5, 2
    expect([...(bent(rescale(), { ...row, dtype: "float16", data: half }).data as Uint8Array)]).toEqual([
      0, 128, 255,
    ]);
  });

  test("what is no number becomes what was asked for, and does not count; infinities are the limits", () => {
    const values = [Number.NaN, 1, 2, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const image: Image = {
      ...{ width: 6, height: 1, channels: 1, color: "gray", dtype: "float32" },
      data: Float32Array.from(values),
    };
    expect([...(bent(rescale({ nan: 9 }), image).data as Uint8Array)]).toEqual([9, 0, 128, 255, 255, 0]);
    const empty = { ...image, data: new Float32Array(6).fill(Number.NaN) };
    expect([...(bent(rescale(), empty).data as Uint8Array)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

test("lut says how many values it needs, and that points have to rise", () => {
  const open = (options: Parameters<typeof lut>[0], image: Image): void =>
    void bend(listSource([image]), lut(options));
  expect(() => open({ values: [1, 2, 3] }, gray8)).toThrow(/3 values.*256/);
  expect(() => open({ points: [0, 0, 0, 1] }, gray8)).toThrow(/rising/);
  expect(() => open({ points: [0, 0, 1] }, gray8)).toThrow(TransformError);
  expect(() => open({}, gray8)).toThrow(TransformError);
});
