import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { grayPicture, type Weights, weightedBytes } from "./kernels/gray-picture.js";
import { channelOrder, needPicture, plainColors } from "./need-picture.js";
import { choice, either, real, several } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { isFloat, sampleRange } from "./sample-range.js";

export interface GrayscaleOptions {
  /**
   * `luma` is that of BT.601, 0.299 red, 0.587 green, 0.114 blue, exactly OpenCV's `BGR2GRAY`; `mean` is a third of each; or
   * what red, green and blue are multiplied with. @default "luma"
   */
  readonly weights?: "luma" | "mean" | readonly number[];
}

/** Gray of colours, in the same dtype, rounded (halves up) and limited to its range. Alpha is dropped; gray stays as it is. */
export const grayscale = pictureTransform<GrayscaleOptions>(
  {
    name: "grayscale",
    summary: "makes gray of colours",
    options: {
      weights: either(
        choice("how much of red, green and blue", ["luma", "mean"], { usual: "luma" }),
        several(real(""), { least: 3, most: 3 }),
      ),
    },
    main: "weights",
  },
  ({ weights = "luma" }, info) => {
    needPicture("grayscale", info, plainColors);
    const { pixelFormat: _, ...rest } = info;
    const out: ImageInfo = { ...rest, channels: 1, color: "gray" };
    if (info.color === "gray" || weights === "luma") {
      return { info: out, apply: grayPicture };
    }
    const [red, green, blue] = weights === "mean" ? [1 / 3, 1 / 3, 1 / 3] : weights;
    if (info.dtype === "uint8") {
      const inOrder = channelOrder(info)[0] === 0 ? [blue!, green!, red!] : [red!, green!, blue!];
      const { white } = sampleRange(info);
      return { info: out, apply: weightedBytes(info, out, inOrder as unknown as Weights, white) };
    }
    return { info: out, apply: (image) => weighted(image, out, [blue!, green!, red!]) };
  },
);

function weighted(image: Image, info: ImageInfo, [blue, green, red]: readonly number[]): Image {
  const out = blankImage(info);
  const { channels } = image;
  const [b, g, r] = channelOrder(image);
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  if (isFloat(info.dtype)) {
    for (let i = 0, at = 0; i < to.length; i++, at += channels) {
      to[i] = from[at + b]! * blue! + from[at + g]! * green! + from[at + r]! * red!;
    }
    return out;
  }
  const { white } = sampleRange(info);
  for (let i = 0, at = 0; i < to.length; i++, at += channels) {
    const sum = from[at + b]! * blue! + from[at + g]! * green! + from[at + r]! * red! + 0.5;
    to[i] = sum > white ? white : sum > 0 ? sum : 0;
  }
  return out;
}
