import type { FrameIndex } from "../../core/frame-index.js";
import type { ReplaySettings } from "./replay-settings.js";

/** A frame of the source, and when it is to come. */
export interface Turn {
  /** Rank in the source. */
  readonly rank: number;
  /** How often the source has been played before. */
  readonly pass: number;
  /** Seconds of the source's own clock since the first frame that is played. */
  readonly second: number;
}

/**
 * Every frame that is played, in order. Frames are as far apart as the source says; where it does not, or runs
 * backwards, they are `usual` seconds apart, or come at once.
 * @param usual seconds from the end of one pass to the next, too.
 * @param isEven frames are `usual` seconds apart, whatever the source says.
 */
export function* schedule(
  index: FrameIndex,
  { start, stop, passes }: ReplaySettings,
  usual: number,
  isEven: boolean,
): Generator<Turn, undefined> {
  let second = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (let rank = start; rank < stop; rank++) {
      const gap = isEven || rank === start ? usual : index.time(rank) - index.time(rank - 1);
      if (pass > 0 || rank > start) second += Number.isNaN(gap) ? usual : Math.max(0, gap);
      yield { rank, pass, second };
    }
  }
  return undefined;
}

/** Seconds between most frames: the median of the first hundred; `otherwise` where there are no times. */
export function usualGap(index: FrameIndex, { start, stop }: ReplaySettings, otherwise: number): number {
  const gaps: number[] = [];
  for (let rank = start + 1; rank < Math.min(stop, start + 101); rank++) {
    const gap = index.time(rank) - index.time(rank - 1);
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? otherwise;
}
