import { TransformError } from "../core/errors.js";
import { type DType, describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { PreparedPictures } from "./transform-kind.js";

/** The dtypes that filters take. */
export const filteredDTypes = ["uint8", "uint16", "float32"] as const;

/** Samples of those dtypes. */
export type FilteredSamples = Uint8Array | Uint16Array | Float32Array;

/** Gray, colour or any number of channels without a meaning. @throws {TransformError} for all other pictures. */
export function needFiltered(
  transform: string,
  info: ImageInfo,
  taken: readonly DType[] = filteredDTypes,
): void {
  if (info.color === "native" || info.color.startsWith("bayer-")) {
    throw new TransformError(
      transform,
      `cannot be done to ${describeImage(info)}: neighbours there do not show the same colour`,
    );
  }
  if (!taken.includes(info.dtype)) {
    throw new TransformError(
      transform,
      `cannot be done to ${describeImage(info)}: it takes ${taken.join(", ")}`,
    );
  }
}

/** The largest sample of an integer picture: 4095 where it has 12 `bits`; infinite for floats. */
export function largestSample({ dtype, bits }: ImageInfo): number {
  if (dtype === "float32") return Number.POSITIVE_INFINITY;
  return 2 ** (bits ?? (dtype === "uint8" ? 8 : 16)) - 1;
}

/** Pictures that come out in the shape they went in, sample by sample; alpha is put back as it was. */
export function filtered(
  info: ImageInfo,
  filter: (data: FilteredSamples) => FilteredSamples,
): PreparedPictures {
  const alpha = info.color === "bgra" || info.color === "rgba";
  return {
    info,
    apply: (image) => {
      const data = filter(image.data as FilteredSamples);
      if (alpha) keepAlpha(image, data);
      return { ...info, data };
    },
  };
}

function keepAlpha({ data }: Image, out: FilteredSamples): void {
  for (let at = 3; at < out.length; at += 4) out[at] = data[at] as number;
}

/** Rounded to whole numbers within the range of the picture, for integer samples; floats as they are. */
export function asSamples(values: Float64Array, info: ImageInfo): FilteredSamples {
  if (info.dtype === "float32") return Float32Array.from(values);
  const most = largestSample(info);
  const out = info.dtype === "uint8" ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const value = values[i]! + 0.5;
    out[i] = value > 0 ? (value < most ? value : most) : 0;
  }
  return out;
}
