import { toColor } from "../../core/color.js";
import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { channelOrder } from "../need-picture.js";
import { inStrips } from "./in-strips.js";

/** `toColor(image, "gray")`, with vectors for bytes. */
export function grayPicture(image: Image): Image {
  if (image.dtype !== "uint8" || !/^(bgr|rgb)/.test(image.color)) return toColor(image, "gray");
  const { channels } = image;
  const [blue] = channelOrder(image);
  const [first, third] = blue === 0 ? [3735, 9798] : [9798, 3735];
  const luma = inStrips({
    ...{ bytesIn: channels, bytesOut: 1 },
    run: ({ lumaOfPixels }, { src, dst }, count) =>
      lumaOfPixels(src, dst, count, channels, first, 19_235, third),
  });
  if (!luma) return toColor(image, "gray");
  const { pixelFormat: _, ...info } = image;
  return { ...info, channels: 1, color: "gray", data: luma(image.data) };
}

/** What the samples of a pixel are multiplied with, in their own order. */
export type Weights = readonly [first: number, second: number, third: number];

/**
 * Gray as a weighted sum of bytes, in single precision; rounded, halves up, and limited to `white`.
 * @param info of the pictures: 3 or 4 channels.
 */
export function weightedBytes(
  info: ImageInfo,
  out: ImageInfo,
  weights: Weights,
  white: number,
): (image: Image) => Image {
  const { channels } = info;
  const sum =
    white === 255
      ? inStrips({
          ...{ bytesIn: channels, bytesOut: 1, table: Float32Array.of(...weights, 0.5) },
          run: ({ weighPixels }, { src, dst, table }, count) => weighPixels(src, dst, count, channels, table),
        })
      : undefined;
  if (!sum) return (image) => weightedBytesPlain(image, out, weights, white);
  return (image) => ({ ...out, data: sum(image.data) });
}

/** The same without vectors: what the kernel must give. */
export function weightedBytesPlain(image: Image, info: ImageInfo, weights: Weights, white: number): Image {
  const [first, second, third] = Float32Array.from(weights) as unknown as Weights;
  const out = blankImage(info);
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  for (let i = 0, at = 0; i < to.length; i++, at += image.channels) {
    const two = Math.fround(Math.fround(from[at]! * first) + Math.fround(from[at + 2]! * third));
    const three = Math.fround(two + Math.fround(from[at + 1]! * second));
    const sum = Math.fround(three + 0.5);
    to[i] = sum > white ? white : sum > 0 ? sum : 0;
  }
  return out;
}
