import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";

/** Pixels of two bytes, low byte first, blue in the lowest five bits. The bits that are missing below are 0. */
function packed(greenMask: number, greenShift: number, redShift: number): PixelDecoder {
  return pixelDecoder({
    takes: ["2 channels of uint8"],
    channels: [2],
    dtypes: ["uint8"],
    fill: ({ data, width, height }, out) => {
      const source = data as Uint8Array;
      const target = out as Uint8Array;
      const end = width * height * 2;
      for (let at = 0, to = 0; at < end; at += 2, to += 3) {
        const pixel = source[at]! | (source[at + 1]! << 8);
        target[to] = pixel << 3;
        target[to + 1] = (pixel >> greenShift) & greenMask;
        target[to + 2] = (pixel >> redShift) & 0xf8;
      }
    },
  });
}

/** Five bits of red, six of green, five of blue. */
export const bgr565 = packed(0xfc, 3, 8);
/** Five bits of each; the highest bit means nothing. */
export const bgr555 = packed(0xf8, 2, 7);
