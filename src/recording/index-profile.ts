import { DurationHistogram } from "../capture/duration-histogram.js";
import type { FrameIndex } from "../core/frame-index.js";

/** How frames followed one another in a part of a recording. */
export interface IntervalPoint {
  /** Seconds since 1970, on the recording's clock: where the part begins. */
  readonly time: number;
  readonly frames: number;
  /** Seconds from frame to frame; 0 where there is no second frame. */
  readonly shortest: number;
  readonly mean: number;
  readonly longest: number;
  /** Frame numbers that never came. */
  readonly missing: number;
}

/** How the frames of a store followed one another. */
export interface IndexProfile {
  /** Over time: parts of equal length, without those that have no frame. */
  readonly points: readonly IntervalPoint[];
  /** Of the seconds from frame to frame; see `DurationHistogram`. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

/** Parts that a store is divided into. */
const usualParts = 240;

/**
 * Reads the index only, in order; no frame. Frames without a time are left out, and steps back in time count as 0 seconds.
 * @param parts at most. @default 240
 */
export function indexProfile(index: FrameIndex, parts = usualParts): IndexProfile {
  const histogram = new DurationHistogram();
  const { min, max } = index.timeRange ?? { min: 0, max: 0 };
  const width = (max - min) / parts || 1;
  const points: (IntervalPoint & { steps: number })[] = [];
  let before: { readonly number: number; readonly time: number } | undefined;
  for (let at = 0; at < index.length; at++) {
    const [number, time] = [Number(index.number(at)), index.time(at)];
    if (!Number.isFinite(time)) continue;
    const part = Math.min(parts - 1, Math.max(0, Math.floor((time - min) / width)));
    const old = points[part];
    const step = before && Math.max(0, time - before.time);
    const missing = before && number - before.number > 1 ? number - before.number - 1 : 0;
    // A gap is no interval: it is told as one.
    const counts = step !== undefined && missing === 0;
    if (counts) histogram.add(step);
    const steps = (old?.steps ?? 0) + (counts ? 1 : 0);
    const mean = old?.mean ?? 0;
    points[part] = {
      time: min + part * width,
      frames: (old?.frames ?? 0) + 1,
      shortest: counts
        ? Math.min(old?.steps ? old.shortest : Number.POSITIVE_INFINITY, step)
        : (old?.shortest ?? 0),
      mean: counts ? mean + (step - mean) / steps : mean,
      longest: counts ? Math.max(old?.longest ?? 0, step) : (old?.longest ?? 0),
      missing: (old?.missing ?? 0) + missing,
      steps,
    };
    before = { number, time };
  }
  return {
    points: points.filter(Boolean).map(({ steps: _, ...point }) => point),
    bins: histogram.bins(),
  };
}
