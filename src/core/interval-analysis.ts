import { evenRounded, roundDecimals } from "./even-rounding.js";

// How a recording went by its times alone, as ataraxis-video-system 5.1.1 sees it (`_compute_frame_statistics`), to the last
// digit: what is computed of what is rounded there is so here.

/** Microseconds: a `number` wherever a number holds them exactly, and a `bigint` beyond ±2^53. */
export type Microseconds = number | bigint;

export interface IntervalOptions {
  /** Microseconds from which an interval counts as a gap if it is longer; 0: 1.5 times the median. @default 0 */
  readonly dropThreshold?: number;
  /** How many gaps are listed; all are counted. @default 50 */
  readonly maxDropLocations?: number;
}

/** Of the times from one frame to the next, in microseconds, rounded to hundredths. */
export interface IntervalSpread {
  readonly mean: number;
  readonly median: number;
  /** Standard deviation. */
  readonly std: number;
  readonly min: Microseconds;
  readonly max: Microseconds;
  /** Intervals that so many per cent are not above; between two, as NumPy's "linear" has it. */
  readonly percentiles: Readonly<Record<(typeof shares)[number], number>>;
  /** How far half of the intervals are from the median at most: the jitter that single late frames do not move. */
  readonly jitter: number;
}

/** A gap, and what it cost. */
export interface DropLocation {
  /** Index of the frame before it. */
  readonly frame: number;
  /** Microseconds. */
  readonly gap: Microseconds;
  readonly lost: number;
}

/** Frames that seem to be lost. Where frames have numbers, these tell the truth; see `stampStatistics`. */
export interface DropAnalysis {
  /** Microseconds, and whether they were chosen. */
  readonly threshold: number;
  readonly isAutomatic: boolean;
  readonly gaps: number;
  /** Gaps that cost nothing: a late frame, made good by the next interval. */
  readonly compensated: number;
  readonly lost: number;
  /** Of all frames that there should have been, in per cent. */
  readonly ratePercent: number;
  /** Microseconds; 0 without a gap. */
  readonly longest: Microseconds;
  readonly locations: readonly DropLocation[];
  /** There are more gaps than locations. */
  readonly isTruncated: boolean;
}

export interface IntervalAnalysis {
  readonly frames: number;
  /** Undefined without a frame. */
  readonly first: Microseconds | undefined;
  readonly last: Microseconds | undefined;
  /** From the first to the last; negative if the clock ran backwards. */
  readonly duration: Microseconds;
  /** Seconds of it, in whole milliseconds. */
  readonly seconds: number;
  /** Frames a second over the whole; 0 without a duration. */
  readonly rate: number;
  /** Undefined with fewer than two frames. */
  readonly intervals: IntervalSpread | undefined;
  readonly drops: DropAnalysis | undefined;
}

const shares = ["p1", "p5", "p25", "p75", "p95", "p99"] as const;

/** An interval counts as a gap beyond so many medians. */
const automatic = 1.5;

/**
 * Says how evenly frames came, and how many seem to be lost: of a gap, which is an interval beyond the threshold, as many
 * as fit into it, `max(round((gap - max(median - next, 0)) / median) - 1, 0)`. What the interval after it is too short is
 * taken off first: a frame that was only late is not lost. Half is rounded to even.
 * @param times one a frame, in microseconds, in order; not written to.
 * @throws {RangeError} for a negative threshold or number of locations.
 */
export function analyzeIntervals(
  times: BigUint64Array | BigInt64Array,
  { dropThreshold = 0, maxDropLocations = 50 }: IntervalOptions = {},
): IntervalAnalysis {
  if (!(dropThreshold >= 0))
    throw new RangeError(`a threshold is 0 or more microseconds, not ${dropThreshold}`);
  if (!(maxDropLocations >= 0)) throw new RangeError(`locations are 0 or more, not ${maxDropLocations}`);
  const frames = times.length;
  if (frames === 0) {
    const none = { first: undefined, last: undefined, intervals: undefined, drops: undefined };
    return { frames, duration: 0, seconds: 0, rate: 0, ...none };
  }
  const [first, last] = [times[0]!, times[frames - 1]!];
  const seconds = toSeconds(Number(last - first));
  const whole = {
    ...{ frames, first: exact(first), last: exact(last), duration: exact(last - first), seconds },
    rate: seconds > 0 ? roundDecimals((frames - 1) / seconds, 3) : 0,
  };
  if (frames === 1) return { ...whole, intervals: undefined, drops: undefined };
  const found = intervalsOf(times);
  const intervals = spreadOf(found);
  const median = intervals.median;
  const threshold = dropThreshold > 0 ? dropThreshold : automatic * median;
  return {
    ...whole,
    intervals,
    drops: dropsOf(times, found, { threshold, median, dropThreshold, maxDropLocations }),
  };
}

interface Intervals {
  /** Microseconds, as near as a double is. */
  readonly values: Float64Array;
  readonly min: bigint;
  readonly max: bigint;
}

/** Signed, in 64 bits, as NumPy's. */
function intervalBetween(times: BigUint64Array | BigInt64Array, at: number): bigint {
  return BigInt.asIntN(64, times[at + 1]! - times[at]!);
}

function intervalsOf(times: BigUint64Array | BigInt64Array): Intervals {
  const values = new Float64Array(times.length - 1);
  let min = intervalBetween(times, 0);
  let max = min;
  for (let at = 0; at < values.length; at++) {
    const interval = intervalBetween(times, at);
    if (interval < min) min = interval;
    if (interval > max) max = interval;
    values[at] = Number(interval);
  }
  return { values, min, max };
}

function spreadOf({ values, min, max }: Intervals): IntervalSpread {
  const mean = pairwiseSum(values, 0, values.length) / values.length;
  const sorted = values.slice().sort();
  const exactMedian = quantile(sorted, 0.5);
  const squares = values.map((value) => (value - mean) ** 2);
  const std = Math.sqrt(pairwiseSum(squares, 0, squares.length) / squares.length);
  const distances = values.map((value) => Math.abs(value - exactMedian)).sort();
  const percentiles = shares.map((name) => [
    name,
    roundDecimals(quantile(sorted, Number(name.slice(1)) / 100), 2),
  ]);
  return {
    ...{ mean: roundDecimals(mean, 2), median: roundDecimals(exactMedian, 2), std: roundDecimals(std, 2) },
    ...{ min: exact(min), max: exact(max) },
    percentiles: Object.fromEntries(percentiles) as IntervalSpread["percentiles"],
    jitter: roundDecimals(quantile(distances, 0.5), 2),
  };
}

function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  // The middle of two, as NumPy's median has it.
  return share === 0.5 ? (low + high) / 2 : low + (high - low) * (place % 1);
}

/** NumPy's order of addition, which rounds less than one after another, and as it does. */
function pairwiseSum(values: Float64Array, start: number, count: number): number {
  if (count > 128) {
    const half = (count >> 1) - ((count >> 1) % 8);
    return pairwiseSum(values, start, half) + pairwiseSum(values, start + half, count - half);
  }
  let sum = 0;
  let at = start;
  if (count >= 8) {
    const lanes = values.slice(start, start + 8);
    for (at += 8; at + 8 <= start + count; at += 8) {
      for (let lane = 0; lane < 8; lane++) lanes[lane]! += values[at + lane]!;
    }
    const lane = (which: number): number => lanes[which]!;
    sum = lane(0) + lane(1) + (lane(2) + lane(3)) + (lane(4) + lane(5) + (lane(6) + lane(7)));
  }
  for (; at < start + count; at++) sum += values[at]!;
  return sum;
}

interface DropSettings {
  readonly threshold: number;
  readonly median: number;
  readonly dropThreshold: number;
  readonly maxDropLocations: number;
}

function dropsOf(
  times: BigUint64Array | BigInt64Array,
  { values, max }: Intervals,
  { threshold, median, dropThreshold, maxDropLocations }: DropSettings,
): DropAnalysis {
  const expected = median > 0 ? median : 1;
  const locations: DropLocation[] = [];
  let [gaps, compensated, lost] = [0, 0, 0];
  for (let at = 0; at < values.length; at++) {
    const gap = values[at]!;
    if (!(gap > threshold)) continue;
    // The last interval has no other after it that could make it good.
    const next = at + 1 < values.length ? values[at + 1]! : expected;
    const unaccounted = gap - Math.max(expected - next, 0);
    const here = Math.max(evenRounded(unaccounted / expected) - 1, 0);
    if (gaps++ < maxDropLocations) {
      locations.push({ frame: at, gap: exact(intervalBetween(times, at)), lost: here });
    }
    if (here === 0) compensated++;
    lost += here;
  }
  return {
    ...{ threshold: roundDecimals(threshold, 2), isAutomatic: dropThreshold === 0, gaps, compensated, lost },
    ratePercent: roundDecimals((lost / (times.length + lost)) * 100, 4),
    ...{ longest: gaps > 0 ? exact(max) : 0, locations, isTruncated: gaps > maxDropLocations },
  };
}

/** Whole milliseconds, rounded by way of the same doubles as ataraxis-time's `convert_time`. */
function toSeconds(microseconds: number): number {
  return evenRounded(microseconds * 1e-6 * 1000) / 1000;
}

/** Microseconds as milliseconds with three decimals, as the peer rounds them. */
export function toMilliseconds(microseconds: Microseconds): number {
  return evenRounded(((Number(microseconds) * 1e-6) / 0.001) * 1000) / 1000;
}

function exact(value: bigint): Microseconds {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}
