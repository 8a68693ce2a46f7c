import { TransformError } from "../core/errors.js";
import type { FrameIndex } from "../core/frame-index.js";
import { real } from "./option-kind.js";
import { PickedFrames } from "./picked-frames.js";
import { sequenceTransform } from "./sequence-transform.js";

export interface RateOptions {
  /** Frames a second. */
  readonly fps: number;
}

/** More frames than any film has: a single wrong time must not make billions of them. */
const mostFrames = 2 ** 28;

/**
 * Frames at an even rate: at each instant the one that was on the screen then, so that some are shown twice and others not
 * at all. Each keeps its number. The first instant is the earliest time; the last frame is shown as long as frames
 * usually are.
 */
export const rate = sequenceTransform<RateOptions>(
  {
    name: "rate",
    summary: "shows what was to be seen at even instants, so many a second",
    options: { fps: real("frames a second", { above: 0 }) },
    required: ["fps"],
    main: "fps",
  },
  ({ fps }) => ({
    keepsPictures: true,
    seek: (source) => {
      const { ranks, times } = evenly(source.index, fps);
      return new PickedFrames(source, ranks, times);
    },
  }),
);

function evenly(index: FrameIndex, fps: number): { ranks: Int32Array; times: Float64Array } {
  const range = index.timeRange;
  if (range === undefined) {
    if (index.length === 0) return { ranks: new Int32Array(), times: new Float64Array() };
    throw new TransformError("rate", "no frame has a time");
  }
  const { min, max } = range;
  const usual = index.length > 1 ? (max - min) / (index.length - 1) : 1 / fps;
  // An instant a rounding error before the end is none.
  const count = Math.max(1, Math.ceil((max + usual - min) * fps - 1e-6));
  if (count > mostFrames) {
    throw new TransformError("rate", `${max - min} s at ${fps} frames/s are ${count} frames, too many`);
  }
  const times = Float64Array.from({ length: count }, (_, k) => min + k / fps);
  // A frame that begins within a hundredth of the distance belongs to the instant.
  const slack = 0.01 / fps;
  const ranks = Int32Array.from(times, (time) => index.locate({ time: time + slack, match: "playing" }));
  return { ranks, times };
}
