import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import { type FilteredSamples, largestSample, needFiltered } from "./filtered-pictures.js";
import { broadGaussian } from "./kernels/broad-gaussian.js";
import { sigmaOfSize } from "./kernels/gaussian-weights.js";
import { grayPicture } from "./kernels/gray-picture.js";
import { real, text } from "./option-kind.js";
import { eachPicture, pictureTransform } from "./picture-transform.js";
import type { BoundTransform, PreparedPictures } from "./transform-kind.js";

export interface FlatFieldOptions {
  /** Standard deviation of the Gaussian that tells light from things, in pixels. @default 0.15 of the shorter side */
  readonly sigma?: number;
  /**
   * A file with a picture of the light alone, and one without light; for the command line and recipes, which read them. In a
   * program: `flatFieldFrom`, or `flatFieldBy`.
   */
  readonly by?: string;
  readonly dark?: string;
}

/**
 * Evens out the light of each picture by itself: `image * mean(flat) / flat`, where `flat` is the picture's gray under a broad
 * Gaussian, its edges reflected. All colours of a pixel get the same factor; alpha stays. Integers are rounded to the nearest
 * and limited to the range of the picture (its `bits`); floats are not. Where `flat` is 0 or less, the pixel stays.
 *
 * Moving things change the estimate: for measurements take a picture of the light alone, and `flatFieldBy`.
 * @throws {TransformError} for other dtypes than uint8, uint16 and float32, and for pictures without gray.
 */
export const flatField = pictureTransform<FlatFieldOptions>(
  {
    name: "flat-field",
    summary: "evens out the light: divides by the picture under a broad blur",
    options: {
      sigma: real("standard deviation of the blur in pixels", {
        least: 1,
        most: 100_000,
        usual: "0.15 of the shorter side",
      }),
      by: text("instead: a picture of the light alone, or a film of it, whose mean is taken", {
        looks: "file",
      }),
      dark: text("with by: the same without light, which is taken off before", { looks: "file" }),
    },
    main: "sigma",
  },
  ({ sigma, by, dark }, info) => {
    if (by !== undefined || dark !== undefined) {
      throw new TransformError("flat-field", `the file ${by ?? dark} is to be read first: see flatFieldFrom`);
    }
    needFiltered("flat-field", info);
    if (info.color === "none" && info.channels > 1) {
      throw new TransformError("flat-field", `cannot be done to ${describeImage(info)}: it has no gray`);
    }
    const { width, height } = info;
    const estimate = broadGaussian(width, height, sigma ?? Math.max(1, sigmaOfSize(Math.min(width, height))));
    const factors = new Float64Array(width);
    const apply = (image: Image): Image => {
      const gray = info.channels === 1 ? image : grayPicture(image);
      const { mean, fillRow } = estimate(gray.data as FilteredSamples);
      const out = blankImage(info);
      for (let y = 0; y < height; y++) {
        fillRow(y, factors);
        for (let x = 0; x < width; x++) factors[x] = factors[x]! > 0 ? mean / factors[x]! : 1;
        multiply(image, out, y * width, factors, 1);
      }
      return out;
    };
    return { info, apply };
  },
);

/**
 * Evens out the light of every picture by a picture of that light, and a dark one if there is one:
 * `(image - dark) * mean(flat - dark) / (flat - dark)`, the usual correction of microscopes. A gray `flat` is for all colours, a
 * colour one for each by itself, with a mean of its own. Rounding and limits as for `flatField`; where `flat` is no brighter
 * than `dark`, the pixel is left as `image - dark`. Alpha stays.
 * @param flat of the size of the pictures, of any integer or float dtype; only its ratios count.
 * @param dark the same, what the camera gives without light, in the samples of the pictures. @default 0
 * @throws {TransformError} if a picture does not fit, when the transform meets its source.
 */
export function flatFieldBy(flat: Image, dark?: Image): BoundTransform {
  const prepare = (info: ImageInfo): PreparedPictures => {
    needFiltered("flat-field", info);
    for (const picture of dark ? [flat, dark] : [flat]) needFit(picture, info);
    const [factors, offsets] = pictureFactors(info, flat, dark);
    const apply = (image: Image): Image => {
      const out = blankImage(info);
      multiply(image, out, 0, factors, factors.length / (info.width * info.height), offsets);
      return out;
    };
    return { info, apply };
  };
  const options = { flat: describeImage(flat), ...(dark && { dark: describeImage(dark) }) };
  return Object.assign(eachPicture(prepare), { step: { name: "flat-field-by", options } });
}

/** @throws {TransformError} */
function needFit(picture: Image, info: ImageInfo): void {
  const sized = picture.width === info.width && picture.height === info.height;
  if (
    sized &&
    (picture.channels === 1 || (picture.channels === info.channels && picture.color === info.color))
  ) {
    return;
  }
  throw new TransformError(
    "flat-field",
    `${describeImage(picture)} does not fit on ${describeImage(info)}: it takes the same size, and gray or the same colours`,
  );
}

/** For each sample what it is multiplied with, and what is taken off before. One a pixel where that does for all channels. */
function pictureFactors(
  info: ImageInfo,
  flat: Image,
  dark: Image | undefined,
): readonly [factors: Float64Array, offsets: Float64Array | undefined] {
  const channels = Math.max(flat.channels, dark?.channels ?? 1);
  const pixels = info.width * info.height;
  const factors = new Float64Array(pixels * channels);
  const offsets = dark && new Float64Array(pixels * channels);
  const read = ({ data, channels: own }: Image, pixel: number, c: number): number =>
    Number(data[pixel * own + (own === 1 ? 0 : c)]);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let pixel = 0, at = c; pixel < pixels; pixel++, at += channels) {
      const offset = dark ? read(dark, pixel, c) : 0;
      if (offsets) offsets[at] = offset;
      factors[at] = read(flat, pixel, c) - offset;
      sum += factors[at]!;
    }
    const mean = sum / pixels;
    for (let at = c; at < factors.length; at += channels) {
      factors[at] = factors[at]! > 0 && mean > 0 ? mean / factors[at]! : 1;
    }
  }
  return [factors, offsets];
}

/**
 * @param first the pixel that the first factor is for.
 * @param each factors a pixel: 1, or one for each channel.
 */
function multiply(
  { data, channels, color }: Image,
  out: Image,
  first: number,
  factors: Float64Array,
  each: number,
  offsets?: Float64Array,
): void {
  const [from, to] = [data as FilteredSamples, out.data as FilteredSamples];
  const most = largestSample(out);
  const half = out.dtype === "float32" ? 0 : 0.5;
  const least = out.dtype === "float32" ? Number.NEGATIVE_INFINITY : 0;
  const colors = color === "bgra" || color === "rgba" ? 3 : channels;
  const step = each === 1 ? 0 : 1;
  for (let start = 0, at = first * channels; start < factors.length; start += each, at += channels) {
    for (let c = 0, place = start; c < colors; c++, place += step) {
      const offset = offsets === undefined ? 0 : offsets[place]!;
      const value = (from[at + c]! - offset) * factors[place]! + half;
      to[at + c] = value > least ? (value < most ? value : most) : least;
    }
    if (colors < channels) to[at + 3] = from[at + 3]!;
  }
}
