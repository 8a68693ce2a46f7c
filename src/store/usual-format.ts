import type { ImageInfo } from "../core/image.js";
import { encodingOfColor } from "./pixel-encoding.js";

/**
 * The store format that frames of a camera go into unless another is asked for: the one that keeps up with it and loses
 * nothing that counts.
 *
 * Gray and colour of 8 bits: `avc1/mp4`, small, and plays everywhere. Bayer mosaics of 8 bits: `h264-lossless/mkv`, since
 * lossy codecs take the mosaic for fine texture and blur the colours into each other. All others: `npy`, which no codec
 * comes near to: FFV1 takes ten times as long for 16 bits, and more.
 */
export function usualFormat(info: ImageInfo): string {
  if (info.dtype !== "uint8") return "npy";
  return encodingOfColor(info.color) === undefined ? "avc1/mp4" : "h264-lossless/mkv";
}
