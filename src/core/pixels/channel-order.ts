import { toColor } from "../color.js";
import type { Color } from "../image.js";
import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";

/** Plain colours in another order, or with alpha, which is dropped. One channel is gray, as OpenCV takes it, too. */
function ordered(colors: { readonly [channels: number]: Color }): PixelDecoder {
  const channels = Object.keys(colors).map(Number);
  return pixelDecoder({
    takes: [`${channels.join(" or ")} channels of uint8, uint16 or float32`],
    channels,
    dtypes: ["uint8", "uint16", "float32"],
    keepsBits: true,
    fill: (image, out) => {
      const { data } = toColor({ ...image, color: colors[image.channels]! }, "bgr");
      (out as Uint8Array).set(data as Uint8Array);
    },
  });
}

export const gray = ordered({ 1: "gray" });
export const rgb = ordered({ 1: "gray", 3: "rgb", 4: "rgba" });
export const bgra = ordered({ 1: "gray", 3: "bgr", 4: "bgra" });
