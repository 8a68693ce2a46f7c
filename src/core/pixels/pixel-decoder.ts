import { UnsupportedError } from "../errors.js";
import {
  type AnyTypedArray,
  arrayOver,
  type DType,
  describeImage,
  type Image,
  type ImageInfo,
} from "../image.js";

/** Turns pictures in one encoding of pixels into BGR ones. Pure; the picture that is given stays as it is. */
export interface PixelDecoder {
  /** What becomes of pictures of that shape; undefined if they cannot be of this encoding. */
  decodedInfo(info: ImageInfo): ImageInfo | undefined;
  /** @throws {UnsupportedError} where `decodedInfo` gives undefined. */
  decode(image: Image): Image;
}

/** What a family of encodings has to say of itself. */
export interface PixelDecoding {
  /** Which pictures it takes, for whoever offered others: "3 channels of uint8". */
  readonly takes: readonly string[];
  /** Samples a pixel that are taken. */
  readonly channels: readonly number[];
  readonly dtypes: readonly DType[];
  /** Rows of the BGR picture; undefined if no picture has that size. @default as many as there are */
  rows?(width: number, height: number): number | undefined;
  /** Columns of the BGR picture; undefined if no picture has that width. @default as many as there are */
  columns?(width: number): number | undefined;
  /** True if samples keep their scale, so that 12 bits stay 12 bits. @default false */
  readonly keepsBits?: boolean;
  /** Writes all of `out`, which is BGR of the decoded size, dtype as the picture's. */
  fill(image: Image, out: AnyTypedArray): void;
}

export function pixelDecoder(decoding: PixelDecoding): PixelDecoder {
  const decodedInfo = (info: ImageInfo): ImageInfo | undefined => {
    const { channels, dtype, bits } = info;
    if (!decoding.channels.includes(channels) || !decoding.dtypes.includes(dtype)) return undefined;
    const height = decoding.rows ? decoding.rows(info.width, info.height) : info.height;
    const width = decoding.columns ? decoding.columns(info.width) : info.width;
    if (height === undefined || width === undefined) return undefined;
    const kept = decoding.keepsBits && bits !== undefined ? { bits } : {};
    return { width, height, channels: 3, dtype, color: "bgr", ...kept };
  };
  return {
    decodedInfo,
    decode(image) {
      const info = decodedInfo(image);
      if (info === undefined) {
        throw new UnsupportedError("pixels for this encoding", describeImage(image), decoding.takes);
      }
      const bytes = info.width * info.height * 3 * image.data.BYTES_PER_ELEMENT;
      const data = arrayOver(info.dtype, new ArrayBuffer(bytes), 0, bytes);
      decoding.fill(image, data);
      return { ...info, data };
    },
  };
}
