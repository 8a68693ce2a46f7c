import { type AnyTypedArray, blankImage, type Color, type Image, type ImageInfo } from "../core/image.js";
import { channelOrder, needPicture, plainColors } from "./need-picture.js";
import { choice } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

export interface SwapOptions {
  /** The order of the channels, with alpha or without. @default red and blue change places: bgr becomes rgb, rgba bgra */
  readonly to?: "bgr" | "rgb" | "bgra" | "rgba";
}

const swapped: { readonly [C in Color]?: "bgr" | "rgb" | "bgra" | "rgba" } = {
  ...{ bgr: "rgb", rgb: "bgr", bgra: "rgba", rgba: "bgra", gray: "bgr" },
};

/**
 * Puts the channels into another order; the colours stay what they are. Alpha is dropped, or added opaque; gray becomes three
 * equal channels. OpenCV's `cvtColor` with `BGR2RGB`, `BGR2BGRA` and so on.
 */
export const swap = pictureTransform<SwapOptions>(
  {
    name: "swap",
    summary: "puts the channels into another order, adds or drops alpha",
    options: {
      to: {
        ...choice("the order of the channels", ["bgr", "rgb", "bgra", "rgba"]),
        usual: "red and blue change places",
      },
    },
    main: "to",
  },
  ({ to }, info) => {
    needPicture("swap", info, plainColors);
    const color = to ?? swapped[info.color]!;
    const { pixelFormat: _, ...rest } = info;
    const out: ImageInfo = { ...rest, color, channels: color.length };
    const { white } = sampleRange(info);
    return {
      info: out,
      apply: (image) => {
        if (image.color === color) return image;
        const { data } = image;
        const isPlain = image.channels === 3 && out.channels === 3 && data instanceof Uint8Array;
        return isPlain ? { ...out, data: exchanged(data) } : reordered(image, out, white);
      },
    };
  },
);

function reordered(image: Image, info: ImageInfo, white: number): Image {
  const out = blankImage(info);
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  const [b, g, r] = channelOrder(image);
  const [toB, toG, toR] = channelOrder(info);
  const [step, stepTo] = [image.channels, info.channels];
  for (let i = 0, k = 0; i < from.length; i += step, k += stepTo) {
    to[k + toB] = from[i + b]!;
    to[k + toG] = from[i + g]!;
    to[k + toR] = from[i + r]!;
    if (stepTo === 4) to[k + 3] = step === 4 ? from[i + 3]! : white;
  }
  return out;
}

/** The first and third byte of every three change places; four pixels are three words. */
function exchanged(from: Uint8Array): AnyTypedArray {
  const to = new Uint8Array(from.length);
  const runs = from.byteOffset % 4 === 0 ? Math.floor(from.length / 12) : 0;
  const source = new Uint32Array(from.buffer, runs === 0 ? 0 : from.byteOffset, runs * 3);
  const target = new Uint32Array(to.buffer, 0, runs * 3);
  for (let i = 0; i < source.length; i += 3) {
    const a = source[i]!; //     b0 g0 r0 b1, from the lowest byte
    const b = source[i + 1]!; // g1 r1 b2 g2
    const c = source[i + 2]!; // r2 b3 g3 r3
    target[i] = ((a >>> 16) & 0xff) | (a & 0xff00) | ((a & 0xff) << 16) | ((b << 16) & 0xff000000);
    target[i + 1] = (b & 0xff) | ((a >>> 16) & 0xff00) | ((c & 0xff) << 16) | (b & 0xff000000);
    target[i + 2] = ((b >>> 16) & 0xff) | ((c >>> 16) & 0xff00) | (c & 0xff0000) | ((c << 16) & 0xff000000);
  }
  for (let i = runs * 12; i < from.length; i += 3) {
    to[i] = from[i + 2]!;
    to[i + 1] = from[i + 1]!;
    to[i + 2] = from[i]!;
  }
  return to;
}
