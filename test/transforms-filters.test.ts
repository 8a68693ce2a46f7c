import { expect, test } from "vitest";
import { TransformError } from "../src/core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../src/core/image.js";
import { bend, box, clahe, flatField, flatFieldBy, gaussian, median, sharpen } from "../src/index.js";
import type { BoundTransform } from "../src/transforms/transform-kind.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { judge } from "./peers/judge.js";

const prelude = `
def clahe(image, clip, tiles):
    return cv2.createCLAHE(clip, tiles).apply(image)

def clahe_color(image, clip, tiles):
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY if image.shape[2] == 3 else cv2.COLOR_BGRA2GRAY)
    gain = clahe(gray, clip, tiles).astype(np.int32) - gray
    out = image.copy()
    most = np.iinfo(image.dtype).max
    out[..., :3] = np.clip(image[..., :3].astype(np.int32) + gain[..., None], 0, most)
    return out

def sharpened(image, amount, sigma, threshold):
    lack = image.astype(np.float32) - cv2.GaussianBlur(image, (0, 0), sigma)
    gain = np.where(abs(lack) >= threshold, np.rint(lack * np.float32(amount)), 0)
    return np.clip(image + gain, 0, np.iinfo(image.dtype).max).astype(image.dtype)

def even(image, sigma):
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    flat = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), sigma)
    factor = flat.mean() / flat
    out = image * (factor if image.ndim == 2 else factor[..., None])
    return out if image.dtype == np.float32 else np.clip(np.rint(out), 0, np.iinfo(image.dtype).max).astype(image.dtype)
`;
const judged = judge(prelude);

const apply = (transform: BoundTransform, { data, ...info }: Image): Image =>
  transform.pictures!(info).apply({ ...info, data }, { number: 0, time: 0 });

type Kind = Omit<ImageInfo, "channels" | "width" | "height">;
const gray: Kind = { dtype: "uint8", color: "gray" };
const bgr: Kind = { dtype: "uint8", color: "bgr" };
const gray16: Kind = { dtype: "uint16", color: "gray" };
const bgr16: Kind = { dtype: "uint16", color: "bgr" };
const float: Kind = { dtype: "float32", color: "gray" };

/** @param most how far a sample may be off what Python makes of the picture. */
function sameAs(
  expression: string,
  transform: BoundTransform,
  kind: Kind,
  [width, height]: readonly [number, number],
  most = 0,
): void {
  const image = noiseImage({ ...kind, width, height }, width + height);
  const expectedOf = judged([image], expression);
  test(`${describeImage(image)}: ${expression}`, () => {
    const found = apply(transform, image).data as Float32Array;
    const expected = expectedOf().data as Float32Array;
    expect(found.constructor).toBe(expected.constructor);
    expect(found.length).toBe(expected.length);
    let worst = 0;
    for (let i = 0; i < found.length; i++) worst = Math.max(worst, Math.abs(found[i]! - expected[i]!));
    expect(worst).toBeLessThanOrEqual(most);
  });
}

const sizes = [
  [1, 1],
  [2, 3],
  [37, 21],
  [64, 48],
  [131, 97],
] as const;

for (const size of sizes) {
  for (const kind of [gray, gray16]) {
    sameAs("clahe(a, 2, (8, 8))", clahe(), kind, size);
    sameAs("clahe(a, 40, (3, 5))", clahe({ clip: 40, tiles: [3, 5] }), kind, size);
  }
  sameAs("clahe(a, 0, (4, 4))", clahe({ clip: 0, tiles: [4, 4] }), gray, size);
  sameAs("clahe(a, 0.01, (1, 1))", clahe({ clip: 0.01, tiles: [1, 1] }), gray, size);
  sameAs("clahe_color(a, 2, (8, 8))", clahe(), bgr, size);
  for (const kind of [gray, bgr, { ...bgr, color: "none" } as const]) {
    sameAs("cv2.GaussianBlur(a, (0, 0), 1)", gaussian(), kind, size);
    sameAs("cv2.GaussianBlur(a, (0, 0), 4.3)", gaussian({ sigma: 4.3 }), kind, size);
    sameAs("cv2.GaussianBlur(a, (9, 9), 1.1)", gaussian({ radius: 4, sigma: 1.1 }), kind, size);
    sameAs("cv2.blur(a, (3, 3))", box(), kind, size);
    sameAs("cv2.medianBlur(a, 3)", median(), kind, size);
    sameAs("cv2.medianBlur(a, 5)", median({ size: 5 }), kind, size);
    sameAs("cv2.medianBlur(a, 7)", median({ size: 7 }), kind, size);
    sameAs("cv2.medianBlur(a, 31)", median({ size: 31 }), kind, size);
    sameAs("sharpened(a, 1.5, 2, 10)", sharpen({ amount: 1.5, sigma: 2, threshold: 10 }), kind, size);
  }
  for (const radius of [2, 7, 8, 20]) {
    sameAs(`cv2.blur(a, (${2 * radius + 1},) * 2)`, box({ radius }), gray, size);
  }
}
const size = [131, 97] as const;
sameAs("clahe_color(a, 3, (4, 2))", clahe({ clip: 3, tiles: [4, 2] }), { ...bgr, color: "bgra" }, size);
sameAs("clahe_color(a, 2, (8, 8))", clahe(), bgr16, size);
sameAs("clahe_color(a[..., ::-1], 2, (8, 8))[..., ::-1]", clahe(), { ...bgr, color: "rgb" }, size);
sameAs("cv2.blur(a, (255, 255))", box({ radius: 127 }), bgr, [300, 260]);
sameAs("cv2.medianBlur(a, 255)", median({ size: 255 }), gray, size);
for (const kind of [gray16, bgr16]) {
  sameAs("cv2.GaussianBlur(a, (0, 0), 1)", gaussian(), kind, size);
  sameAs("cv2.GaussianBlur(a, (0, 0), 3.3)", gaussian({ sigma: 3.3 }), kind, size);
  sameAs("cv2.blur(a, (9, 9))", box({ radius: 4 }), kind, size);
  sameAs("cv2.medianBlur(a, 3)", median(), kind, size);
  sameAs("cv2.medianBlur(a, 5)", median({ size: 5 }), kind, size);
  sameAs("sharpened(a, 0.7, 1, 0)", sharpen(), kind, size, 1);
}
const third = 2 ** 32 / 3;
sameAs("cv2.GaussianBlur(a, (0, 0), 1.7)", gaussian({ sigma: 1.7 }), float, size, third * 2e-6);
sameAs("cv2.blur(a, (5, 5))", box({ radius: 2 }), float, size, third * 2e-6);
sameAs("cv2.medianBlur(a, 5)", median({ size: 5 }), float, size);

// The estimate looks between means of squares, so it is near OpenCV's Gaussian, not equal.
sameAs("even(a, 6)", flatField({ sigma: 6 }), gray, size, 1);
sameAs("even(a, 20)", flatField({ sigma: 20 }), gray, [200, 150], 0.02 * 255);
sameAs("even(a, 20)", flatField({ sigma: 20 }), bgr, [200, 150], 0.02 * 255);
sameAs("even(a, 20)", flatField({ sigma: 20 }), gray16, [200, 150], 0.02 * 65535);

test("a picture of the light evens the light out, and a dark one takes off what the camera gives without", () => {
  const info = { width: 60, height: 40, channels: 3, dtype: "uint16", color: "bgr", bits: 12 } as const;
  const light = { ...blankImage({ ...info, channels: 1, color: "gray" }) };
  const dark = { ...blankImage({ ...info, channels: 1, color: "gray" }) };
  const scene = blankImage(info);
  for (let i = 0; i < light.data.length; i++) {
    const brightness = 1 + (i % info.width) / info.width;
    light.data[i] = 100 + 1000 * brightness;
    dark.data[i] = 100;
    for (let c = 0; c < 3; c++) scene.data[i * 3 + c] = 100 + 500 * (c + 1) * brightness;
  }
  const { data, bits } = apply(flatFieldBy(light, dark), scene);
  expect(bits).toBe(12);
  const mean =
    (light.data as Uint16Array).reduce((sum, sample) => sum + sample - 100, 0) / light.data.length / 1000;
  for (let i = 0; i < data.length; i++) {
    expect(Math.abs((data[i] as number) - 500 * ((i % 3) + 1) * mean)).toBeLessThan(3);
  }
  // What is brighter than 12 bits hold is the most that they hold; a dead pixel of the light is no infinity.
  (scene.data as Uint16Array).fill(4095);
  light.data[0] = 0;
  const bright = apply(flatFieldBy(light, dark), scene).data as Uint16Array;
  expect(Math.max(...bright)).toBe(4095);
  expect(bright[0]).toBe(3995);
});

test("a picture of the light that does not fit is refused when it meets its source, by name and size", () => {
  const light = noiseImage({ ...gray, width: 8, height: 9 }, 1);
  const scene = listSource([noiseImage({ ...gray, width: 9, height: 8 }, 1)]);
  expect(() => bend(scene, flatFieldBy(light))).toThrow("8x9 gray uint8 does not fit on 9x8 gray uint8");
});

test("12-bit pictures keep their range: CLAHE is that of a histogram of 4096 values", () => {
  const wide = noiseImage({ ...gray16, width: 64, height: 48 }, 1);
  const image = { ...wide, bits: 12, data: (wide.data as Uint16Array).map((sample) => sample >> 4) };
  const found = apply(clahe(), image).data as Uint16Array;
  // Of values that take 12 bits OpenCV's tables do the same at 16, up to where they round.
  expect(Math.max(...found)).toBeLessThanOrEqual(4095);
  expect(Math.max(...found)).toBeGreaterThan(3900);
  expect(Math.max(...(apply(sharpen({ amount: 5 }), image).data as Uint16Array))).toBe(4095);
});

test("alpha stays, whatever is done to the colours", () => {
  const image = noiseImage({ dtype: "uint8", color: "bgra", width: 40, height: 30 }, 7);
  for (const transform of [
    box(),
    clahe(),
    flatField(),
    gaussian(),
    median(),
    median({ size: 9 }),
    sharpen(),
  ]) {
    const { data } = apply(transform, image);
    for (let at = 3; at < data.length; at += 4) expect(data[at]).toBe(image.data[at]);
  }
});

test("a picture of one value stays as it is", () => {
  for (const value of [0, 1, 127, 255]) {
    const image = blankImage({ width: 33, height: 17, channels: 1, ...gray });
    (image.data as Uint8Array).fill(value);
    for (const transform of [box({ radius: 9 }), gaussian({ sigma: 9 }), median({ size: 7 }), sharpen()]) {
      expect(new Set(apply(transform, image).data as Uint8Array)).toEqual(new Set([value]));
    }
  }
});

test("what cannot be filtered says why", () => {
  const info = { width: 8, height: 8, channels: 1, dtype: "uint8", color: "bayer-rg" } as const;
  for (const kind of [box, gaussian, median, sharpen, clahe]) {
    expect(() => kind().pictures!(info)).toThrow(TransformError);
  }
  expect(() => median({ size: 4 })).toThrow(/size must be odd/);
  expect(() => median({ size: 7 }).pictures!({ ...info, color: "gray", dtype: "uint16" })).toThrow(
    /window of 7/,
  );
  expect(() => clahe().pictures!({ ...info, color: "none", channels: 2 })).toThrow(/no gray/);
  expect(() => clahe({ tiles: [4096, 4096] }).pictures!({ ...info, color: "gray" })).toThrow(/tables/);
});
