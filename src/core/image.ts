/**
 * How one sample of an image is stored; the names are NumPy's.
 *
 * JavaScript has no array for some of them, so `data` holds: `bool` one byte of 0 or 1; `float16` the raw bits in
 * a `Uint16Array`; `complex64` / `complex128` real and imaginary parts in turn, two array elements a sample.
 */
export type DType = keyof ArrayOfDType;

interface ArrayOfDType {
  bool: Uint8Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  uint32: Uint32Array;
  int32: Int32Array;
  uint64: BigUint64Array;
  int64: BigInt64Array;
  float16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
}

export type TypedArrayOf<D extends DType> = ArrayOfDType[D];
export type AnyTypedArray = ArrayOfDType[DType];

/** What stands at row 0, column 0 and its neighbours, as cameras and the GenICam standard name it. */
export type BayerPattern = "bayer-rg" | "bayer-gr" | "bayer-gb" | "bayer-bg";

/**
 * The meaning and order of the channels. `gray` is one channel of luma; `none` is any number of channels without a
 * colour meaning; `native` is a video's decoded planes, packed one after another as FFmpeg's `framemd5` packs them
 * (the layout is told by `pixelFormat`).
 */
export type Color = "gray" | "bgr" | "rgb" | "bgra" | "rgba" | BayerPattern | "none" | "native";

/** The shape of every image of a stream. */
export interface ImageInfo {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Samples a pixel, interleaved. For `native`, the number of planes. */
  readonly channels: number;
  readonly dtype: DType;
  readonly color: Color;
  /** Bits of a sample that carry meaning, where fewer than the dtype has: 12 for a 12-bit camera in uint16. */
  readonly bits?: number;
  /** FFmpeg's name of the pixel format; always there when `color` is `native`. */
  readonly pixelFormat?: string;
}

/**
 * One picture: plain data. Rows run top to bottom without padding, samples are native-endian.
 * Nobody writes to `data` once the image has been handed on.
 */
export interface Image extends ImageInfo {
  readonly data: AnyTypedArray;
}

interface DTypeFacts {
  /** Bytes a sample. */
  readonly bytes: number;
  /** Array elements a sample (2 for complex numbers). */
  readonly elements: number;
  readonly array: new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => AnyTypedArray;
}

const facts: { readonly [D in DType]: DTypeFacts } = {
  bool: { bytes: 1, elements: 1, array: Uint8Array },
  uint8: { bytes: 1, elements: 1, array: Uint8Array },
  int8: { bytes: 1, elements: 1, array: Int8Array },
  uint16: { bytes: 2, elements: 1, array: Uint16Array },
  int16: { bytes: 2, elements: 1, array: Int16Array },
  uint32: { bytes: 4, elements: 1, array: Uint32Array },
  int32: { bytes: 4, elements: 1, array: Int32Array },
  uint64: { bytes: 8, elements: 1, array: BigUint64Array },
  int64: { bytes: 8, elements: 1, array: BigInt64Array },
  float16: { bytes: 2, elements: 1, array: Uint16Array },
  float32: { bytes: 4, elements: 1, array: Float32Array },
  float64: { bytes: 8, elements: 1, array: Float64Array },
  complex64: { bytes: 8, elements: 2, array: Float32Array },
  complex128: { bytes: 16, elements: 2, array: Float64Array },
};

export const dtypes = Object.keys(facts) as readonly DType[];

export function isDType(name: string): name is DType {
  return Object.hasOwn(facts, name);
}

/** Bytes of one sample. */
export function dtypeBytes(dtype: DType): number {
  return facts[dtype].bytes;
}

/**
 * The typed array of `dtype` over existing bytes; no copy.
 * @param byteLength bytes to cover, from `byteOffset`.
 * @throws {RangeError} if `byteOffset` is not a multiple of the element size, or the bytes are not there.
 */
export function arrayOver(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  byteLength: number,
): AnyTypedArray {
  const { array, bytes, elements } = facts[dtype];
  return new array(buffer, byteOffset, byteLength / (bytes / elements));
}

/** A picture of that kind, of zeros: black, where colours have a meaning. Not for `native`. */
export function blankImage(info: ImageInfo): Image {
  const bytes = imageBytes(info);
  return { ...info, data: arrayOver(info.dtype, new ArrayBuffer(bytes), 0, bytes) };
}

/** Bytes of one image of that shape; undefined for `native`, whose size is the pixel format's own. */
export function imageBytes(info: ImageInfo): number {
  return info.width * info.height * info.channels * dtypeBytes(info.dtype);
}

/** The bytes of an image as they lie in memory: rows top to bottom, no padding. No copy. */
export function bytesOf(image: Image): Uint8Array {
  return new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
}

/** The first way in which two shapes differ, as text for an error; undefined when they agree. */
export function describeMismatch(expected: ImageInfo, found: ImageInfo): string | undefined {
  const same =
    expected.width === found.width &&
    expected.height === found.height &&
    expected.channels === found.channels &&
    expected.dtype === found.dtype;
  return same ? undefined : `${describeImage(expected)}, got ${describeImage(found)}`;
}

/** "640x480 bgr uint8". */
export function describeImage(info: ImageInfo): string {
  const color = info.color === "none" ? `${info.channels} channels` : (info.pixelFormat ?? info.color);
  return `${info.width}x${info.height} ${color} ${info.dtype}`;
}
