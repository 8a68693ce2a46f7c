import { TransformError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { grayPicture } from "./kernels/gray-picture.js";
import { histogram } from "./kernels/histogram.js";
import { mapThroughTable, sampleMapper, toneTable } from "./kernels/map-samples.js";
import { type Numbers, percentiles } from "./kernels/percentiles.js";
import { needPicture, plainColors } from "./need-picture.js";
import { real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { isFloat, sampleRange } from "./sample-range.js";
import type { Limits } from "./value-limits.js";

export interface AutoContrastOptions {
  /** Percentile of the luma that becomes black, 0 to 100. @default 1 */
  readonly low?: number;
  /** Percentile of the luma that becomes white, 0 to 100. @default 99 */
  readonly high?: number;
  /**
   * Instead of percentiles: how many percent of the pixels may be cut off, half of them at each end, found on the histogram
   * as pImage's `automatic_brightness_and_contrast` does (25 there). Of uint8 and uint16.
   */
  readonly clip?: number;
}

/**
 * Stretches each picture so that dark becomes black and bright becomes white: `white * (sample - low) / (high - low)`,
 * rounded, halves up, and limited to the range (0 to 1 for floats). The limits are those of the luma and the same for all
 * channels, so that colours keep their hue. Every picture has its own; a picture of one value stays as it is.
 */
export const autoContrast = pictureTransform<AutoContrastOptions>(
  {
    name: "auto-contrast",
    summary: "stretches each picture so that dark becomes black and bright becomes white",
    options: {
      low: real("percentile that becomes black", { least: 0, most: 100, usual: "1" }),
      high: real("percentile that becomes white", { least: 0, most: 100, usual: "99" }),
      clip: real("instead: percent of the pixels that may be cut off, half at each end", {
        least: 0,
        most: 99,
      }),
    },
  },
  ({ low, high, clip }, info) => {
    needPicture("auto-contrast", info, plainColors, clip === undefined ? undefined : ["uint8", "uint16"]);
    if (clip !== undefined && (low !== undefined || high !== undefined)) {
      throw new TransformError("auto-contrast", "give clip, or low and high");
    }
    const percents = [low ?? 1, high ?? 99] as const;
    if (percents[0] >= percents[1]) {
      throw new TransformError("auto-contrast", `high must be above ${percents[0]}, got ${percents[1]}`);
    }
    const { white } = sampleRange(info);
    const limits = (data: Numbers): Limits =>
      clip === undefined
        ? (percentiles(data, percents) as [number, number])
        : clippedLimits(histogram(data as Uint8Array, white + 1), clip);
    return {
      info,
      apply: (image) => stretched(image, info, limits(grayPicture(image).data as Numbers)),
    };
  },
);

function stretched(image: Image, info: ImageInfo, [least, most]: Limits): Image {
  if (!(most > least)) return image;
  const { white } = sampleRange(info);
  const scale = white / (most - least);
  if (isFloat(info.dtype)) {
    return sampleMapper(info, (sample) => Math.min(1, Math.max(0, (sample - least) * scale)))(image);
  }
  return mapThroughTable(
    image,
    toneTable(info, (sample) => (sample - least) * scale),
    { slope: scale, offset: -least * scale },
  );
}

function clippedLimits(counts: Uint32Array, clip: number): Limits {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cut = (total * clip) / 200;
  let [least, below] = [0, counts[0]!];
  while (below < cut && least < counts.length - 1) below += counts[++least]!;
  let [most, upTo] = [counts.length - 1, total];
  while (upTo >= total - cut && most > 0) upTo -= counts[most--]!;
  return [least, most];
}
