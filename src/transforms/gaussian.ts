import type { ImageInfo } from "../core/image.js";
import { asSamples, type FilteredSamples, filtered, needFiltered } from "./filtered-pictures.js";
import { blurBytes } from "./kernels/blur-bytes.js";
import { blurShorts } from "./kernels/blur-shorts.js";
import { convolveRows } from "./kernels/convolve-rows.js";
import {
  gaussianBytes,
  gaussianShorts,
  gaussianSize,
  gaussianWeights,
  sigmaOfSize,
} from "./kernels/gaussian-weights.js";
import { real, whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface GaussianOptions {
  /** Standard deviation, in pixels. @default what goes with `radius`: 0.3 * (radius - 1) + 0.8; without that, 1 */
  readonly sigma?: number;
  /** Pixels on either side that count. @default about 3 times sigma for uint8, 4 times for others */
  readonly radius?: number;
}

/**
 * Blurs with a Gaussian, edges reflected: OpenCV's `GaussianBlur(image, (2 * radius + 1,) * 2, sigma)`. uint8 and uint16
 * are OpenCV's to the bit, with its weights of whole 256ths and 65536ths; float32 is not rounded. Alpha stays.
 * @throws {TransformError} for other dtypes, Bayer mosaics and native planes.
 */
export const gaussian = pictureTransform<GaussianOptions>(
  {
    name: "gaussian",
    summary: "blurs with a Gaussian",
    options: {
      sigma: real("standard deviation in pixels", {
        above: 0,
        most: 200,
        usual: "1, or what goes with radius",
      }),
      radius: whole("pixels on either side that count", { least: 1, most: 800, usual: "3 or 4 sigma" }),
    },
    main: "sigma",
  },
  ({ sigma, radius }, info) => {
    needFiltered("gaussian", info);
    const size = radius === undefined ? gaussianSize(sigma ?? 1, info.dtype === "uint8") : 2 * radius + 1;
    return filtered(
      info,
      gaussianFilter(info, size, sigma ?? (radius === undefined ? 1 : sigmaOfSize(size))),
    );
  },
);

function gaussianFilter(
  info: ImageInfo,
  size: number,
  sigma: number,
): (data: FilteredSamples) => FilteredSamples {
  if (info.dtype === "uint8") {
    const blur = blurBytes(info, gaussianBytes(size, sigma));
    return (data) => blur(data as Uint8Array);
  }
  if (info.dtype === "uint16") {
    const blur = blurShorts(info, gaussianShorts(size, sigma));
    return (data) => blur(data as Uint16Array);
  }
  const convolve = convolveRows(info, gaussianWeights(size, sigma));
  return (data) => asSamples(convolve(data), info);
}
