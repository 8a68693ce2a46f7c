import { blankImage, type Color, type Image, type ImageInfo } from "../core/image.js";
import { exchangeTriples, spreadTriples } from "./kernels/pack-bytes.js";
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
        if (!(data instanceof Uint8Array) || image.channels !== 3) return reordered(image, out, white);
        const triples = image.color === color.slice(0, 3) ? data : exchangeTriples(data);
        return { ...out, data: out.channels === 3 ? triples : spreadTriples(triples) };
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
