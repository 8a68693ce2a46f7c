import { PickedFrames } from "./picked-frames.js";
import { sequenceTransform } from "./sequence-transform.js";

/** Shows the frames from the last to the first. Numbers go with their frames; times run on as they did. */
export const reverse = sequenceTransform<Record<never, never>>(
  { name: "reverse", summary: "shows the frames from the last to the first", options: {} },
  () => ({
    keepsPictures: true,
    seek: (source) => {
      const { index } = source;
      const last = index.length - 1;
      const ranks = Int32Array.from({ length: index.length }, (_, at) => last - at);
      const ends = last < 0 ? 0 : index.time(0) + index.time(last);
      const times = Float64Array.from(ranks, (rank) => ends - index.time(rank));
      return new PickedFrames(source, ranks, times);
    },
  }),
);
