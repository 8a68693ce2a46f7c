import { TransformError } from "../core/errors.js";
import { evenRounded } from "../core/even-rounding.js";
import { type AnyTypedArray, type DType, describeImage, type ImageInfo } from "../core/image.js";
import { isFloat, sampleRange } from "./sample-range.js";

/** Pixel types whose samples are plain numbers that a JavaScript number holds. */
const plain: readonly DType[] = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"];

/** An array of plain numbers. */
export type PlainArray = Exclude<AnyTypedArray, BigInt64Array | BigUint64Array>;

/** @throws {TransformError} if the samples are not plain numbers with a meaning of their own. */
export function needPlainSamples(transform: string, info: ImageInfo): void {
  if (plain.includes(info.dtype) && info.color !== "native") return;
  throw new TransformError(
    transform,
    `cannot be done to ${describeImage(info)}; it takes ${plain.join(", ")}`,
  );
}

/** Rounds to the nearest integer, half to even as NumPy and OpenCV do, and limits to what the dtype holds; floats stay. */
export function limiter(info: ImageInfo): (value: number) => number {
  if (isFloat(info.dtype)) return (value) => value;
  const { black: low, white: high } = sampleRange(info);
  return (value) => {
    if (!(value > low)) return low;
    if (value >= high) return high;
    return evenRounded(value);
  };
}
