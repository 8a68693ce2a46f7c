import type { Image, ImageInfo } from "../core/image.js";
import { grayPicture } from "./kernels/gray-picture.js";
import { histogram } from "./kernels/histogram.js";
import { mapThroughTable } from "./kernels/map-samples.js";
import { needPicture, plainColors } from "./need-picture.js";
import { choice, either, real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { isFloat, sampleRange } from "./sample-range.js";

export interface BinarizeOptions {
  /**
   * Above it is white, up to it black; in the picture's own scale. `otsu` finds it for each picture, as OpenCV's
   * `THRESH_OTSU` does (Otsu 1979); not for floats. @default "otsu"
   */
  readonly threshold?: number | "otsu";
}

/** Makes black and white of gray, or of the luma of colours: gray uint8, 0 or 255. NaN is black. */
export const binarize = pictureTransform<BinarizeOptions>(
  {
    name: "binarize",
    summary: "black up to a threshold, white above it",
    options: {
      threshold: either(
        real("above it is white; a number, or otsu to find it for each picture", { usual: "otsu" }),
        choice("", ["otsu"]),
      ),
    },
    main: "threshold",
  },
  ({ threshold = "otsu" }, info) => {
    needPicture("binarize", info, plainColors, isOtsu(threshold) ? ["uint8", "uint16"] : undefined);
    const { white } = sampleRange(info);
    const out: ImageInfo = {
      width: info.width,
      height: info.height,
      channels: 1,
      dtype: "uint8",
      color: "gray",
    };
    return {
      info: out,
      apply: (image): Image => {
        const gray = grayPicture(image);
        const samples = gray.data as Uint8Array;
        const level = isOtsu(threshold) ? otsu(histogram(samples, white + 1), samples.length) : threshold;
        return { ...out, data: isFloat(info.dtype) ? above(samples, level) : wholeAbove(gray, level) };
      },
    };
  },
);

function isOtsu(threshold: number | "otsu"): threshold is "otsu" {
  return threshold === "otsu";
}

function above(samples: Uint8Array, level: number): Uint8Array {
  const out = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = samples[i]! > level ? 255 : 0;
  return out;
}

/** Of bytes by their table; of others without a branch: the difference is negative where the sample is above. */
function wholeAbove(gray: Image, level: number): Uint8Array {
  const limit = Math.min(65_536, Math.max(-1, Math.floor(level)));
  const samples = gray.data as Uint8Array | Uint16Array;
  if (samples instanceof Uint8Array) {
    const table = Uint8Array.from({ length: 256 }, (_, value) => (value > limit ? 255 : 0));
    return mapThroughTable(gray, table).data as Uint8Array;
  }
  const out = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = (limit - samples[i]!) >> 31;
  return out;
}

/** The threshold with the largest variance between the two classes; the first of them. */
function otsu(counts: Uint32Array, total: number): number {
  const scale = 1 / total;
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) * scale;
  const tiny = 2 ** -23;
  let [share, lower, best, found] = [0, 0, 0, 0];
  for (let value = 0; value < counts.length; value++) {
    const part = counts[value]! * scale;
    lower *= share;
    share += part;
    const rest = 1 - share;
    if (Math.min(share, rest) < tiny || Math.max(share, rest) > 1 - tiny) continue;
    lower = (lower + value * part) / share;
    const upper = (mean - share * lower) / rest;
    const variance = share * rest * (lower - upper) * (lower - upper);
    if (variance > best) [best, found] = [variance, value];
  }
  return found;
}
