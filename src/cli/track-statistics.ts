import { analyzeIntervals, type IntervalAnalysis, type IntervalOptions } from "../core/interval-analysis.js";
import { type StampStatistics, stampStatistics } from "../core/stamp-statistics.js";
import { peerStatistics } from "../timestamps/peer-statistics.js";
import type { TimeTrack } from "./time-tracks.js";

/** How the recording of one camera went. */
export interface TrackStatistics extends Pick<TimeTrack, "path" | "source" | "name"> {
  /** By the times of the frames that have one. */
  readonly analysis: IntervalAnalysis;
  /** Frames without a time. */
  readonly untimed: number;
  /** By the camera's own numbers; undefined where frames have none. */
  readonly numbers: Pick<StampStatistics, "missing" | "gaps" | "repeated" | "backward"> | undefined;
}

/** Reads the index only, no frame. */
export function trackStatistics(track: TimeTrack, options: IntervalOptions): TrackStatistics {
  const { path, source, name, times, index, hasNumbers } = track;
  const known: bigint[] = [];
  for (let frame = 0; frame < times.length; frame++) {
    const time = times.microseconds(frame);
    if (time !== undefined) known.push(time);
  }
  // Only a clock that does not count from 1970 runs below 0.
  const isSigned = known.some((time) => time < 0n);
  return {
    ...{ path, ...(source !== undefined && { source }), ...(name !== undefined && { name }) },
    analysis: analyzeIntervals(isSigned ? BigInt64Array.from(known) : BigUint64Array.from(known), options),
    untimed: times.length - known.length,
    numbers: hasNumbers ? stampStatistics(index) : undefined,
  };
}

/**
 * As plain JSON; what ataraxis has a name for is called so.
 * @param most how many of each kind are listed.
 */
export function describeStatistics(found: TrackStatistics, most: number) {
  const { path, source, name, analysis, untimed, numbers } = found;
  const listed = <T>({ count, first }: { readonly count: number; readonly first: readonly T[] }) => ({
    count,
    first: first.slice(0, most),
  });
  return {
    ...{ file: path, source, name },
    ...peerStatistics(analysis),
    percentiles_us: analysis.intervals?.percentiles ?? null,
    jitter_us: analysis.intervals?.jitter ?? null,
    untimed_frames: untimed,
    numbers: numbers
      ? {
          missing: numbers.missing,
          gaps: listed(numbers.gaps),
          repeated: listed(numbers.repeated),
          backward: listed(numbers.backward),
        }
      : null,
  };
}
