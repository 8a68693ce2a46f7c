import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { choice, whole } from "./option-kind.js";
import { limiter, needPlainSamples, type PlainArray } from "./plain-samples.js";
import { windowTransform } from "./window-transform.js";

export interface AverageOptions {
  /** Frames that are averaged. */
  readonly frames: number;
  /** Which: `past`: the frame and those before it. `centre`: as many on both sides, one more before if even. @default "past" */
  readonly around?: "past" | "centre";
}

/**
 * The mean of several frames, sample by sample: less noise, and what moves blurs. Near the ends of a source, of as many
 * as there are. Integers are rounded half to even; any dtype of plain numbers.
 */
export const average = windowTransform<AverageOptions>(
  {
    name: "average",
    summary: "averages each frame with those before it, or around it",
    options: {
      frames: whole("frames that are averaged", { least: 1, most: 1000 }),
      around: choice("the frames up to this one, or on both sides of it", ["past", "centre"], {
        usual: "past",
      }),
    },
    required: ["frames"],
    main: "frames",
  },
  ({ frames, around = "past" }) => {
    const after = around === "past" ? 0 : Math.floor((frames - 1) / 2);
    return {
      before: frames - 1 - after,
      after,
      prepare: (info) => {
        needPlainSamples("average", info);
        return { info, apply: (images) => meanOf(images, info) };
      },
    };
  },
);

function meanOf(images: readonly Image[], info: ImageInfo): Image {
  if (images.length === 1) return images[0]!;
  const out = blankImage(info);
  const to = out.data as PlainArray;
  // Sums of integers are exact in doubles.
  const sums = new Float64Array(to.length);
  for (const { data } of images) {
    const from = data as PlainArray;
    for (let i = 0; i < sums.length; i++) sums[i]! += from[i]!;
  }
  const limit = limiter(info);
  const count = images.length;
  for (let i = 0; i < sums.length; i++) to[i] = limit(sums[i]! / count);
  return out;
}
