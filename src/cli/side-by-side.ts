import { toColor } from "../core/color.js";
import type { Image } from "../core/image.js";

/**
 * Two pictures of 8 or 16 bits beside each other on black, as 8-bit BGR. Both sides of the result are even, as video codecs want.
 */
export function sideBySide(left: Image, right: Image): Image {
  const even = (size: number): number => size + (size % 2);
  const width = even(left.width + right.width);
  const height = even(Math.max(left.height, right.height));
  const data = new Uint8Array(width * height * 3);
  paste(left, data, width, 0);
  paste(right, data, width, left.width);
  return { width, height, channels: 3, dtype: "uint8", color: "bgr", data };
}

function paste(image: Image, canvas: Uint8Array, canvasWidth: number, left: number): void {
  const { data, color, channels, width, height, dtype, bits } =
    image.color === "gray" ? image : toColor(image, "bgr");
  const shift = dtype === "uint16" ? (bits ?? 16) - 8 : 0;
  const samples = data as Uint8Array | Uint16Array;
  for (let y = 0; y < height; y++) {
    let to = (y * canvasWidth + left) * 3;
    for (let at = y * width * channels; at < (y + 1) * width * channels; at++) {
      const sample = samples[at]! >>> shift;
      canvas[to++] = sample;
      if (color !== "gray") continue;
      canvas[to++] = sample;
      canvas[to++] = sample;
    }
  }
}
