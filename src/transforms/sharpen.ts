import type { ImageInfo } from "../core/image.js";
import { asSamples, type FilteredSamples, filtered, needFiltered } from "./filtered-pictures.js";
import { blurShorts } from "./kernels/blur-shorts.js";
import { convolveRows } from "./kernels/convolve-rows.js";
import { gaussianBytes, gaussianShorts, gaussianSize, gaussianWeights } from "./kernels/gaussian-weights.js";
import { sharpenBytes } from "./kernels/sharpen-bytes.js";
import { real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

type Blur = (data: FilteredSamples) => Uint16Array | Float64Array;

export interface SharpenOptions {
  /** How much of what a blur takes away is added once more. @default 0.7 */
  readonly amount?: number;
  /** Standard deviation of that blur, in pixels. @default 1 */
  readonly sigma?: number;
  /** Differences from the blurred picture below that, in samples' units, are taken for noise and left. @default 0 */
  readonly threshold?: number;
}

/**
 * Unsharp masking: `image + amount * (image - gaussian(image, sigma))` where the difference is `threshold` or more. In uint8
 * that is rounded half to even and limited to 0-255; the Gaussian is that of the transform of that name. uint16 is rounded
 * to the nearest and keeps to its `bits`; float32 has no limits. Alpha stays.
 * @throws {TransformError} for other dtypes, Bayer mosaics and native planes.
 */
export const sharpen = pictureTransform<SharpenOptions>(
  {
    name: "sharpen",
    summary: "sharpens: adds what a blur takes away",
    options: {
      amount: real("how much of it is added", { least: 0, most: 100, usual: "0.7" }),
      sigma: real("standard deviation of the blur in pixels", { above: 0, most: 200, usual: "1" }),
      threshold: real("smaller differences are left, in samples' units", { least: 0, usual: "0" }),
    },
    main: "amount",
  },
  ({ amount = 0.7, sigma = 1, threshold = 0 }, info) => {
    needFiltered("sharpen", info);
    const size = gaussianSize(sigma, info.dtype === "uint8");
    if (info.dtype === "uint8") {
      const least = Math.ceil(Math.min(threshold, 256));
      const sharpened = sharpenBytes(info, gaussianBytes(size, sigma), amount, least);
      return filtered(info, (data) => sharpened(data as Uint8Array));
    }
    return filtered(info, sharpener(info, blurred(info, size, sigma), amount, threshold));
  },
);

function blurred(info: ImageInfo, size: number, sigma: number): Blur {
  if (info.dtype === "float32") return convolveRows(info, gaussianWeights(size, sigma));
  const blur = blurShorts(info, gaussianShorts(size, sigma));
  return (data) => blur(data as Uint16Array);
}

function sharpener(
  info: ImageInfo,
  blur: Blur,
  amount: number,
  threshold: number,
): (data: FilteredSamples) => FilteredSamples {
  return (data) => {
    const soft = blur(data);
    const values = new Float64Array(data.length);
    for (let i = 0; i < values.length; i++) {
      const sample = data[i]!;
      const lack = sample - soft[i]!;
      values[i] = Math.abs(lack) >= threshold ? sample + amount * lack : sample;
    }
    return asSamples(values, info);
  };
}
