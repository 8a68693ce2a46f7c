import { TransformError } from "../core/errors.js";
import type { DType, Image, ImageInfo } from "../core/image.js";
import { extremes } from "./kernels/extremes.js";
import { percentiles } from "./kernels/percentiles.js";
import { sampleNumbers } from "./kernels/sample-numbers.js";
import { choice, type OptionTable, real } from "./option-kind.js";
import { isFloat, sampleRange } from "./sample-range.js";

/** Which values become the darkest and the brightest. */
export interface LimitOptions {
  /** What becomes the darkest. @default what `range` says */
  readonly min?: number;
  /** What becomes the brightest. @default what `range` says */
  readonly max?: number;
  /**
   * Where limits that are not given come from. `picture`: the least and the largest finite sample, anew for each picture.
   * `dtype`: all that the dtype (or its `bits`) can hold; 0 to 1 for floats. `percentiles`: `low` and `high` of each picture.
   */
  readonly range?: "picture" | "dtype" | "percentiles";
  /** Percentile that becomes the darkest, 0 to 100; implies `range` percentiles. @default 2 */
  readonly low?: number;
  /** Percentile that becomes the brightest, 0 to 100; implies `range` percentiles. @default 98 */
  readonly high?: number;
}

/** The dtypes whose samples can be taken as numbers. */
export const numberDTypes: readonly DType[] = [
  ...(["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"] as const),
  ...(["float16", "float32", "float64"] as const),
];

/** The options, for a transform whose `range` is usually that one. */
export function limitOptions(usual: string): OptionTable<LimitOptions> {
  return {
    min: real("what becomes the darkest", { usual: "what range says" }),
    max: real("what becomes the brightest", { usual: "what range says" }),
    range: {
      ...choice("limits of each picture, of its dtype, or percentiles of each picture", [
        "picture",
        "dtype",
        "percentiles",
      ]),
      usual,
    },
    low: real("percentile that becomes the darkest", { least: 0, most: 100, usual: "2" }),
    high: real("percentile that becomes the brightest", { least: 0, most: 100, usual: "98" }),
  };
}

export type Limits = readonly [least: number, most: number];

/**
 * The limits of pictures: fixed ones, or a function that finds those of each.
 * @throws {TransformError} if limits are the wrong way round.
 */
export function limitsOf(
  transform: string,
  options: LimitOptions,
  info: ImageInfo,
  usual: "picture" | "dtype",
): Limits | ((image: Image) => Limits) {
  const { min, max, low = 2, high = 98 } = options;
  const isByPercent = options.low !== undefined || options.high !== undefined;
  const range = options.range ?? (isByPercent ? "percentiles" : usual);
  for (const [name, least, most] of [
    ["max", min, max],
    ["high", low, high],
  ] as const) {
    if (least !== undefined && most !== undefined && least >= most) {
      throw new TransformError(transform, `${name} must be above ${least}, got ${most}`);
    }
  }
  if (min !== undefined && max !== undefined) return [min, max];
  if (range === "dtype") {
    const { black, white } = sampleRange(info);
    return [min ?? black, max ?? white];
  }
  return (image) => {
    const numbers = sampleNumbers(image);
    const [least, most] =
      range === "picture" ? extremes(numbers) : (percentiles(numbers, [low, high]) as [number, number]);
    return [min ?? least, max ?? most];
  };
}

/** What limits usually are: integers have a range of their own, floats that of each picture. */
export function usualRange({ dtype }: ImageInfo): "picture" | "dtype" {
  return isFloat(dtype) ? "picture" : "dtype";
}
