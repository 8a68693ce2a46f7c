import type { DType, ImageInfo } from "../core/image.js";

const ranges: { readonly [D in DType]?: readonly [least: number, most: number] } = {
  bool: [0, 1],
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
};

/**
 * Black and white of such pictures: the range of their dtype, or of the `bits` that they use; 0 and 1 for floats and
 * complex numbers, as OpenCV, Pillow and matplotlib take them.
 */
export function sampleRange({ dtype, bits }: Pick<ImageInfo, "dtype" | "bits">): {
  readonly black: number;
  readonly white: number;
} {
  const [black, most] = ranges[dtype] ?? [0, 1];
  return { black, white: dtype.startsWith("uint") && bits !== undefined ? 2 ** bits - 1 : most };
}

/** True for dtypes that hold fractions. */
export function isFloat(dtype: DType): boolean {
  return dtype.startsWith("float");
}
