import { TransformError } from "../core/errors.js";
import type { FrameIndex } from "../core/frame-index.js";
import { real } from "./option-kind.js";
import { PickedFrames } from "./picked-frames.js";
import { sequenceTransform } from "./sequence-transform.js";

export interface SpeedOptions {
  /** 2 is twice as fast, 0.1 ten times slower. */
  readonly factor: number;
}

/** Shows the frames faster or slower: all of them, with their numbers, at times `first + (time - first) / factor`. */
export const speed = sequenceTransform<SpeedOptions>(
  {
    name: "speed",
    summary: "shows all frames faster (2 is twice as fast) or slower",
    options: { factor: real("how many times faster", { above: 0 }) },
    required: ["factor"],
    main: "factor",
  },
  ({ factor }) => ({
    keepsPictures: true,
    seek: (source) => {
      const ranks = Int32Array.from({ length: source.index.length }, (_, rank) => rank);
      const first = firstTime(source.index);
      const times = Float64Array.from(ranks, (rank) => first + (source.index.time(rank) - first) / factor);
      return new PickedFrames(source, ranks, times);
    },
    async *stream(frames) {
      let first = Number.NaN;
      for await (const frame of frames) {
        if (Number.isNaN(first)) first = frame.time;
        yield { ...frame, time: first + (frame.time - first) / factor };
      }
    },
  }),
);

/** Of the first frame that has one. */
function firstTime(index: FrameIndex): number {
  for (let rank = 0; rank < index.length; rank++)
    if (Number.isFinite(index.time(rank))) return index.time(rank);
  if (index.length === 0) return 0;
  throw new TransformError("speed", "no frame has a time");
}
