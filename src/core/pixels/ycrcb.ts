import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";

/** Weights of the colour differences, as floats and in 14-bit fixed point. */
interface Weights {
  /** Channel of the red difference: 1 or 2; that of blue is the other. */
  readonly redAt: 1 | 2;
  readonly float: readonly [red: number, greenOfRed: number, greenOfBlue: number, blue: number];
  readonly fixed: readonly [red: number, greenOfRed: number, greenOfBlue: number, blue: number];
}

/** Y, Cr, Cb at full range. */
export const ycrcb = lumaAndDifferences({
  redAt: 1,
  float: [1.403, -0.714, -0.344, 1.773],
  fixed: [22_987, -11_698, -5636, 29_049],
});

/** Y, U, V of analogue video. */
export const yuv = lumaAndDifferences({
  redAt: 2,
  float: [1.14, -0.581, -0.395, 2.032],
  fixed: [18_678, -9519, -6472, 33_292],
});

function lumaAndDifferences(weights: Weights): PixelDecoder {
  return pixelDecoder({
    takes: ["3 channels of uint8, uint16 or float32"],
    channels: [3],
    dtypes: ["uint8", "uint16", "float32"],
    fill: ({ data, dtype }, out) => {
      if (dtype === "float32") fillFloat(weights, data as Float32Array, out as Float32Array);
      else fillFixed(weights, data as Uint8Array, out as Uint8Array, dtype === "uint8" ? 255 : 65_535);
    },
  });
}

function fillFixed(weights: Weights, source: Uint8Array, target: Uint8Array, most: number): void {
  const [toRed, redToGreen, blueToGreen, toBlue] = weights.fixed;
  const { redAt } = weights;
  const blueAt = 3 - redAt;
  const middle = (most + 1) / 2;
  // This array limits bytes without a branch, which is twice as fast.
  const bytes = new Uint8ClampedArray(target.buffer);
  for (let i = 0; i < target.length; i += 3) {
    const luma = source[i]!;
    const red = source[i + redAt]! - middle;
    const blue = source[i + blueAt]! - middle;
    const b = luma + ((blue * toBlue + 8192) >> 14);
    const g = luma + ((blue * blueToGreen + red * redToGreen + 8192) >> 14);
    const r = luma + ((red * toRed + 8192) >> 14);
    if (most === 255) {
      bytes[i] = b;
      bytes[i + 1] = g;
      bytes[i + 2] = r;
    } else {
      target[i] = Math.max(0, Math.min(most, b));
      target[i + 1] = Math.max(0, Math.min(most, g));
      target[i + 2] = Math.max(0, Math.min(most, r));
    }
  }
}

/** Each `fround` is one fused multiplication and addition of singles: the product is exact in a double. */
function fillFloat(weights: Weights, source: Float32Array, target: Float32Array): void {
  const [toRed, redToGreen, blueToGreen, toBlue] = Float32Array.from(
    weights.float,
  ) as unknown as Weights["float"];
  const { redAt } = weights;
  const blueAt = 3 - redAt;
  for (let i = 0; i < target.length; i += 3) {
    const luma = source[i]!;
    const red = Math.fround(source[i + redAt]! - 0.5);
    const blue = Math.fround(source[i + blueAt]! - 0.5);
    target[i] = blue * toBlue + luma;
    target[i + 1] = red * redToGreen + Math.fround(blue * blueToGreen + luma);
    target[i + 2] = red * toRed + luma;
  }
}
