import type { Color, ImageInfo } from "../core/image.js";
import { channelMover } from "./kernels/move-channels.js";
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
    if (info.color === color) return { info: out, apply: (image) => image };
    const [before, after] = [channelOrder(info), channelOrder(out)];
    // For each channel that comes out which colour it is, and where that stands; alpha is last.
    const places = [0, 1, 2].map((channel) => before[after.indexOf(channel)]!);
    if (out.channels === 4) places.push(info.channels === 4 ? 3 : -1);
    const { white } = sampleRange(info);
    return { info: out, apply: channelMover(info, out, places, white) };
  },
);
