import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { inStrips } from "./in-strips.js";

/** Weights of the three colours of a pixel, in its own order, and what is added. */
export type MixRow = readonly [first: number, second: number, third: number, offset: number];

/**
 * Mixes the first three bytes of every pixel anew, in single precision; rounded half to even and limited to 0-255. A fourth one
 * stays.
 * @param rows in the pixel's own order.
 */
export function bytesMixer(info: ImageInfo, rows: readonly MixRow[]): (image: Image) => Image {
  const { channels } = info;
  const mix = inStrips({
    ...{ bytesIn: channels, bytesOut: channels, table: Float32Array.from(rows.flat()) },
    run: ({ mixPixels }, { src, dst, table }, count) => mixPixels(src, dst, count, channels, table),
  });
  if (!mix) return (image) => mixBytesPlain(image, rows);
  return (image) => ({ ...image, data: mix(image.data) });
}

/** The same without vectors: what the kernel must give. */
export function mixBytesPlain(image: Image, rows: readonly MixRow[]): Image {
  const out = blankImage(image);
  const from = image.data as Uint8Array;
  // The array itself rounds and limits.
  const to = new Uint8ClampedArray(out.data.buffer);
  const weights = Float32Array.from(rows.flat());
  for (let at = 0; at < from.length; at += image.channels) {
    for (let c = 0; c < 3; c++) {
      const two = Math.fround(
        Math.fround(from[at]! * weights[4 * c]!) + Math.fround(from[at + 2]! * weights[4 * c + 2]!),
      );
      const three = Math.fround(two + Math.fround(from[at + 1]! * weights[4 * c + 1]!));
      to[at + c] = Math.fround(three + weights[4 * c + 3]!);
    }
    if (image.channels === 4) to[at + 3] = from[at + 3]!;
  }
  return out;
}
