import { FrameNotFoundError } from "../core/errors.js";
import type { SeekableSource } from "../core/stream.js";

/** Which frame of a source a frame of the bent source was, by rank; `nowhere` if it was none. */
export type Origin = (rank: number) => number;

/** No rank, and not -1 either, which means "before the first". */
export const nowhere = -2;

/** Sources whose frames are picked from another's say which they were. */
function saysOrigin(source: SeekableSource): source is SeekableSource & { originOf(rank: number): number } {
  return "originOf" in source;
}

/**
 * What one transform did to the order of frames. Where neither the source nor its index tells, frames are known by their
 * numbers, which go with them.
 */
export function originsOf(before: SeekableSource, after: SeekableSource): Origin {
  if (after.index === before.index) return (rank) => rank;
  if (saysOrigin(after)) return (rank) => after.originOf(rank);
  return (rank) => {
    try {
      return before.index.locate({ number: after.index.number(rank) });
    } catch (error) {
      if (error instanceof FrameNotFoundError) return nowhere;
      throw error;
    }
  };
}

/** One after the other, the first transform first. */
export function composeOrigins(origins: readonly Origin[]): Origin {
  return (rank) => origins.reduceRight((found, origin) => (found < 0 ? found : origin(found)), rank);
}
