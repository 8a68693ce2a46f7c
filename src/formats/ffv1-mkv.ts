import type { ImageInfo } from "../core/image.js";
import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/**
 * FFV1 (RFC 9043) in Matroska, for archives: lossless, half the bytes, every frame stands alone and carries check sums.
 * Gray and BGR of 8 and 16 bit, BGRA of 8, any size. Python reads all of them as 8 bit, without alpha.
 */
export const ffv1Mkv = videoFormat({
  name: "ffv1/mkv",
  extension: ".mkv",
  lossless: true,
  holds,
  ...codedAs({ container: "mkv", codec: "ffv1" }),
});

function holds({ dtype, color }: ImageInfo): boolean {
  if (dtype === "uint8") return color === "gray" || color === "bgr" || color === "bgra";
  return dtype === "uint16" && (color === "gray" || color === "bgr");
}
