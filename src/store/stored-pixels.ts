import { toColor } from "../core/color.js";
import { UnsupportedError } from "../core/errors.js";
import { type Color, describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { ChunkFormat } from "./chunk-format.js";
import { decodedInfo, decoderOf, encodingOfColor } from "./pixel-encoding.js";
import { colorOfChannels } from "./store-metadata.js";

/** What a store holds of the frames that it is offered. */
export interface StoredPixels {
  /** What is written of each. */
  readonly stored: ImageInfo;
  /** imgstore's name of what the pixels mean, for the metadata; undefined for plain gray and colour. */
  readonly encoding: string | undefined;
  /** What they come back as. */
  readonly restored: ImageInfo;
  /** What is handed to the chunk's writer. */
  toStored(image: Image): Image;
}

/**
 * Decides it.
 * @param name the format as it was asked for: with "+color" at its end, frames that have an encoding are turned into BGR
 *   before they are written.
 * @param encoding imgstore's name of what the pixels mean. @default that of the camera's Bayer pattern, if it has one
 * @throws {UnsupportedError} if the encoding is unknown or such frames cannot be of it, or the format cannot hold them.
 */
export function storedPixels(
  offered: ImageInfo,
  format: ChunkFormat,
  name: string,
  encoding = encodingOfColor(offered.color),
): StoredPixels {
  if (encoding === undefined) {
    const color = offered.color === "rgb" ? "bgr" : offered.color;
    const stored = storedAs(format, { ...offered, color }, offered);
    const toStored = color === "bgr" ? (image: Image) => toColor(image, "bgr") : (image: Image) => image;
    return { stored, encoding, restored: stored, toStored };
  }
  const decoder = decoderOf(encoding);
  // Without a meaning of their own: the encoding says what the samples are.
  const raw: ImageInfo = { ...offered, color: colorOfChannels[offered.channels] ?? "none" };
  if (name.endsWith("+color")) {
    const decoded = decoder.decodedInfo(raw);
    if (decoded === undefined) throw unfit(encoding, offered);
    const stored = storedAs(format, decoded, offered);
    return { stored, encoding: undefined, restored: stored, toStored: decoder.decode };
  }
  const stored = storedAs(format, raw, offered);
  if (decoder.decodedInfo(stored) === undefined) throw unfit(encoding, offered);
  const toStored = (image: Image): Image => ({ ...image, color: raw.color });
  return { stored, encoding, restored: decodedInfo(stored, encoding), toStored };
}

function storedAs(format: ChunkFormat, info: ImageInfo, offered: ImageInfo): ImageInfo {
  const { bits: _, ...plain } = info;
  const stored = format.storedAs(plain);
  const storable: readonly Color[] = ["gray", "bgr", "bgra", "none"];
  if (stored !== undefined && storable.includes(stored.color)) return stored;
  throw new UnsupportedError(`frames for a ${format.name} store`, describeImage(offered));
}

function unfit(encoding: string, offered: ImageInfo): UnsupportedError {
  return new UnsupportedError(`frames for ${encoding}`, describeImage(offered));
}
