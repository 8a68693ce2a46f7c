import type { CodedInfo } from "../../core/coded-frame.js";
import type { ImageInfo } from "../../core/image.js";
import { describePixelFormat } from "../ffmpeg/pixel-format.js";

/** What the pictures of a coded stream are when `LiveDecoder` has decoded them; by the rules of `Converter`. */
export function decodedInfo(
  { width, height, pixelFormat }: Pick<CodedInfo, "width" | "height" | "pixelFormat">,
  as: "auto" | "bgr" | "gray",
): ImageInfo {
  const { isGray, depth, hasPlainLuma } = describePixelFormat(pixelFormat);
  const color = as === "auto" ? (isGray ? "gray" : "bgr") : as;
  return {
    width,
    height,
    channels: color === "gray" ? 1 : 3,
    dtype: depth > 8 ? "uint16" : "uint8",
    color,
    ...(color === "gray" && depth > 8 && hasPlainLuma && { bits: depth }),
  };
}
