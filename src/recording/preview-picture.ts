import type { Image } from "../core/image.js";
import { shrinkGray } from "./shrink-gray.js";

/**
 * A small picture of 8 bits, for people: each of its pixels is the mean of up to 2 x 2 samples of those that it stands for,
 * so that a frame of any size costs little. A Bayer mosaic becomes gray, of whole cells.
 * @param width pixels at most; never wider than the picture.
 * @param multiple of which width and height are; what is too much is left out at the right and at the bottom.
 */
export function previewPicture(image: Image, width: number, multiple = 1): Image {
  const isMosaic = image.color.startsWith("bayer-");
  const step = Math.max(isMosaic ? 2 : 1, Math.ceil(image.width / Math.max(1, width)));
  const [wide, high] = [image.width, image.height].map((size) => {
    const left = Math.floor(size / step);
    return Math.max(1, left - (left % multiple));
  }) as [number, number];
  if (image.dtype === "uint8" && image.channels === 1) {
    const data = shrinkGray(image.data as Uint8Array, image.width, { wide, high, step, isMosaic });
    return { width: wide, height: high, channels: 1, dtype: "uint8", color: "gray", data };
  }
  const from = image.channels >= 3 ? 3 : 1;
  const scale = scaleOf(image);
  // Two samples a side, as far apart as the pixel is wide; neighbours in a mosaic, so that all of its colours count.
  const apart = isMosaic ? 1 : Math.max(0, step >> 1);
  const [right, down] = [apart * image.channels, apart * image.width * image.channels];
  const data = new Uint8Array(wide * high * from);
  const source = image.data as Uint8Array;
  const isSwapped = image.color === "rgb" || image.color === "rgba";
  for (let y = 0, to = 0; y < high; y++) {
    const row = y * step * image.width * image.channels;
    for (let x = 0; x < wide; x++) {
      const at = row + x * step * image.channels;
      for (let channel = 0; channel < from; channel++) {
        const i = at + (isSwapped ? 2 - channel : channel);
        const sum = source[i]! + source[i + right]! + source[i + down]! + source[i + right + down]!;
        data[to++] = Math.max(0, Math.min(255, sum * scale));
      }
    }
  }
  return {
    width: wide,
    height: high,
    channels: from,
    dtype: "uint8",
    color: from === 3 ? "bgr" : "gray",
    data,
  };
}

/** What makes a sum of four samples one of 8 bits. */
function scaleOf({ dtype, bits }: Image): number {
  if (dtype === "uint8") return 1 / 4;
  if (dtype === "uint16") return 255 / (4 * (2 ** (bits ?? 16) - 1));
  return 255 / 4;
}
