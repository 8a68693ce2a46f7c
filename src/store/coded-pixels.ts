import type { CodedInfo } from "../core/coded-frame.js";
import { UnsupportedError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import type { StoredPixels } from "./stored-pixels.js";

/** Layouts that every reader of such stores brings to 8-bit gray or BGR. */
const layouts = [
  "gray",
  ...["420", "422", "444", "440", "411"].flatMap((kind) => [`yuv${kind}p`, `yuvj${kind}p`]),
];

/**
 * What a store of compressed frames holds. Odd sides stay as they are: the camera has cut its pictures itself.
 * @throws {UnsupportedError} if its readers would make something else of them: more than 8 bits, alpha, RGB.
 */
export function codedPixels({ codec, width, height, pixelFormat }: CodedInfo): StoredPixels {
  if (!layouts.includes(pixelFormat)) {
    throw new UnsupportedError(`pixel format of ${codec} frames to keep as they are`, pixelFormat, layouts);
  }
  const isGray = pixelFormat === "gray";
  const info: ImageInfo = {
    width,
    height,
    channels: isGray ? 1 : 3,
    dtype: "uint8",
    color: isGray ? "gray" : "bgr",
  };
  return { stored: info, encoding: undefined, restored: info, toStored: (image) => image };
}
