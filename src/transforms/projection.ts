import { ColumnIndex, numberColumn } from "../core/column-index.js";
import type { IndexedFrame } from "../core/frame.js";
import { blankImage } from "../core/image.js";
import { seenThrough } from "../core/seen-through.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { choice, whole } from "./option-kind.js";
import { limiter, needPlainSamples, type PlainArray } from "./plain-samples.js";
import { sequenceTransform } from "./sequence-transform.js";
import { meanOfFrames, medianOfFrames, spreadRanks, statisticsOfFrames } from "./whole-range.js";

export interface ProjectionOptions {
  /** Of each sample over all frames: the lowest, highest, mean, standard deviation (of the population) or median. */
  readonly of: "min" | "max" | "mean" | "deviation" | "median";
  /** How many frames are looked at, spread evenly; all are in memory for the median. @default all, for the median 200 */
  readonly frames?: number;
  /** First frame that is looked at, by index. @default 0 */
  readonly start?: number;
  /** Where to end; that one is not. @default all */
  readonly stop?: number;
}

/**
 * One picture of all frames: what ImageJ calls a Z projection. It has the number and time of the first frame; its dtype is
 * that of the frames, integers rounded half to even. Needs a source whose frames can be asked for.
 */
export const projection = sequenceTransform<ProjectionOptions>(
  {
    name: "projection",
    summary: "makes one picture of all frames: the lowest, highest, mean … of each sample",
    options: {
      of: choice("what is made of the samples", ["min", "max", "mean", "deviation", "median"]),
      frames: whole("how many frames are looked at, spread evenly", {
        least: 1,
        usual: "all, for the median 200",
      }),
      start: whole("first frame that is looked at, by index", { least: 0, usual: "0" }),
      stop: whole("where to end, by index; that frame is not looked at", { least: 1, usual: "all" }),
    },
    required: ["of"],
    main: "of",
  },
  ({ of, frames, start = 0, stop }) => ({
    seek: (source) => {
      const count = frames ?? (of === "median" ? 200 : Number.POSITIVE_INFINITY);
      const ranks = spreadRanks("projection", source.index.length, count, start, stop);
      return projected(source, ranks, of);
    },
  }),
);

function projected(source: SeekableSource, ranks: Int32Array, of: ProjectionOptions["of"]): SeekableSource {
  const { info } = source;
  needPlainSamples("projection", info);
  const { number, time } = source.index.stamp(ranks[0]!);
  const index = new ColumnIndex({ numbers: numberColumn([number]), times: Float64Array.of(time) });
  const find = async (): Promise<IndexedFrame> => {
    const limit = limiter(info);
    const image = blankImage(info);
    const to = image.data as PlainArray;
    const samples = await samplesFor(source, ranks, of);
    for (let i = 0; i < to.length; i++) to[i] = limit(samples[i]!);
    return { index: 0, number, time, image };
  };
  let found: Promise<IndexedFrame> | undefined;
  const frame = (): Promise<IndexedFrame> => {
    found ??= find();
    return found;
  };
  async function* frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    if (resolveRange(range, 1).count > 0) yield await frame();
  }
  return seenThrough(source, {
    ...{ info, index, frames },
    frame: async (address) => {
      index.locate(address);
      return frame();
    },
  });
}

async function samplesFor(
  source: SeekableSource,
  ranks: Int32Array,
  of: ProjectionOptions["of"],
): Promise<Float64Array> {
  if (of === "median") return medianOfFrames(source, ranks);
  if (of === "mean") return meanOfFrames(source, ranks);
  const { lowest, highest, deviation } = await statisticsOfFrames(source, ranks);
  return { min: lowest, max: highest, deviation }[of];
}
