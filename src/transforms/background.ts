import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { bendWith } from "./bend-with.js";
import { choice, whole } from "./option-kind.js";
import { limiter, needPlainSamples, type PlainArray } from "./plain-samples.js";
import { isFloat, sampleRange } from "./sample-range.js";
import { sequenceTransform } from "./sequence-transform.js";
import { meanOfFrames, medianOfFrames, spreadRanks } from "./whole-range.js";

export interface BackgroundOptions {
  /** What the background is: of each sample the `median` of the frames looked at, or their `mean`. @default "median" */
  readonly of?: "median" | "mean";
  /**
   * What comes out: `absolute` the distance to the background; `darker` how much darker it is than that, `lighter` how much
   * lighter (0 where it is not); `signed` the difference, with grey in the middle of the range for none; `only` the
   * background itself. @default "absolute"
   */
  readonly show?: "absolute" | "darker" | "lighter" | "signed" | "only";
  /** How many frames are looked at, spread evenly from `start` to `stop`; all are in memory for the median. @default 50 */
  readonly frames?: number;
  /** First frame that may be looked at, by index. @default 0 */
  readonly start?: number;
  /** Where to end; that one is not. @default all */
  readonly stop?: number;
}

/**
 * Takes away what stays the same. The background is made when the first picture is asked for, of a few frames that are
 * spread over the source, and kept; the median of an even number is the mean of the middle two. Results are rounded half
 * to even and limited to the range of the dtype. Needs a source whose frames can be asked for.
 */
export const background = sequenceTransform<BackgroundOptions>(
  {
    name: "background",
    summary: "takes away what stays the same: the median or mean of frames all over the source",
    options: {
      of: choice("what the background is", ["median", "mean"], { usual: "median" }),
      show: choice("what comes out", ["absolute", "darker", "lighter", "signed", "only"], {
        usual: "absolute",
      }),
      frames: whole("how many frames are looked at, spread evenly", { least: 1, most: 10_000, usual: "50" }),
      start: whole("first frame that may be looked at, by index", { least: 0, usual: "0" }),
      stop: whole("where to end, by index; that frame is not looked at", { least: 1, usual: "all" }),
    },
    main: "of",
  },
  ({ of = "median", show = "absolute", frames = 50, start = 0, stop }) => ({
    seek: (source) => {
      const { info } = source;
      needPlainSamples("background", info);
      const find = (): Promise<Float64Array> => {
        const ranks = spreadRanks("background", source.index.length, frames, start, stop);
        return of === "median" ? medianOfFrames(source, ranks) : meanOfFrames(source, ranks);
      };
      return bendWith(source, find, subtraction(info, show));
    },
  }),
);

function subtraction(
  info: ImageInfo,
  show: NonNullable<BackgroundOptions["show"]>,
): (image: Image, level: Float64Array) => Image {
  const { black: low, white: high } = sampleRange(info);
  const [middle, scale] = isFloat(info.dtype) ? [0, 1] : [Math.ceil((low + high) / 2), 0.5];
  const limit = limiter(info);
  const difference: (value: number, level: number) => number = {
    absolute: (value: number, level: number) => Math.abs(value - level),
    darker: (value: number, level: number) => Math.max(0, level - value),
    lighter: (value: number, level: number) => Math.max(0, value - level),
    signed: (value: number, level: number) => middle + (value - level) * scale,
    only: (_: number, level: number) => level,
  }[show];
  return ({ data }, level) => {
    const out = blankImage(info);
    const [from, to] = [data as PlainArray, out.data as PlainArray];
    for (let i = 0; i < to.length; i++) to[i] = limit(difference(from[i]!, level[i]!));
    return out;
  };
}
