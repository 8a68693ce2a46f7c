import type { Image, ImageInfo } from "../core/image.js";

export interface EncodeOptions {
  /** For lossy codecs: 1 (smallest) … 100 (best). @default 95, as OpenCV */
  readonly quality?: number;
}

/**
 * One still-picture format. A codec holds no state, so any number of calls may run at once; the heavy part of each
 * runs on Node's thread pool where it can.
 */
export interface ImageCodec {
  /** Short name: "png", "tif". */
  readonly name: string;
  /** File name extensions, lower case, without the dot; the first is the one to write. */
  readonly extensions: readonly string[];
  /** True if a file that begins with these bytes is of this format. 16 bytes are enough to tell. */
  matches(head: Uint8Array): boolean;
  /** True if `encode` takes images of that shape. */
  accepts(info: ImageInfo): boolean;
  /**
   * The whole file. Readable by OpenCV; colour is stored in the order that the format wants.
   * @throws {UnsupportedError} if the codec does not `accept` the image.
   */
  encode(image: Image, options?: EncodeOptions): Promise<Uint8Array>;
  /**
   * What is truly in the file: `gray`, `bgr` or `bgra` (OpenCV's order), at the file's own depth, never cut to 8
   * bit. The image has a buffer of its own.
   * @param path named in errors only.
   * @throws {FileFormatError} if the file is not of this format, or is damaged or cut short. There is no half picture.
   * @throws {UnsupportedError} if the file is whole, but of a kind that is not read here.
   */
  decode(bytes: Uint8Array, path: string): Promise<Image>;
}
