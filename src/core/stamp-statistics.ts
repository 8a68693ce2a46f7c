import type { FrameNumber } from "./frame.js";
import type { FrameIndex } from "./frame-index.js";

/** Frame numbers that no frame has, between two that follow each other. */
export interface NumberGap {
  /** Index of the frame after the gap. */
  readonly index: number;
  /** Number of the frame before it, and after it. */
  readonly from: FrameNumber;
  readonly to: FrameNumber;
  readonly missing: number;
  /** Time of the frame before, and seconds to the one after. */
  readonly time: number;
  readonly seconds: number;
}

/** A step in time that the numbers do not explain. */
export interface TimeJump {
  /** Index of the frame after it. */
  readonly index: number;
  /** Seconds from the frame before; negative if the clock ran backwards. */
  readonly seconds: number;
  /** Seconds that were to be expected. */
  readonly expected: number;
}

/** How a recording went, by its numbers and times. */
export interface StampStatistics {
  readonly frames: number;
  /** Seconds from the first frame to the last. */
  readonly duration: number;
  readonly gaps: Listed<NumberGap>;
  /** Numbers missing in all gaps. */
  readonly missing: number;
  /** Frames with a number that the frame before has, too. */
  readonly repeated: Listed<{ readonly index: number; readonly number: FrameNumber }>;
  /** Frames with a lower number than the one before. */
  readonly backward: Listed<{ readonly index: number; readonly from: FrameNumber; readonly to: FrameNumber }>;
  readonly jumps: Listed<TimeJump>;
  /** Frames a second, from the median interval; undefined where no time is later than the one before. */
  readonly rate: number | undefined;
  /** Of the times from one frame to the next, in seconds, gaps left out; undefined as above. */
  readonly intervals: IntervalStatistics | undefined;
}

export interface IntervalStatistics {
  readonly mean: number;
  /** Standard deviation: the jitter. */
  readonly deviation: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** All are counted; the first of them are there. */
export interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** How many of a kind are listed. */
const mostListed = 1000;

/** A step counts as a jump from this many usual intervals more than the numbers say. */
const jumpIntervals = 5;

/** Reads the index only, no frame; in order, each chunk of a store once. */
export function stampStatistics(index: FrameIndex): StampStatistics {
  const { length } = index;
  const intervals = positiveIntervals(index);
  const spread = intervalStatistics(intervals);
  const [gaps, repeated, backward, jumps] = [
    new List<NumberGap>(),
    new List<Repeat>(),
    new List<Step>(),
    new List<TimeJump>(),
  ];
  let missing = 0;
  for (let at = 1; at < length; at++) {
    const [from, to] = [index.number(at - 1), index.number(at)];
    const [time, later] = [index.time(at - 1), index.time(at)];
    const step = difference(from, to);
    if (step > 1) {
      missing += step - 1;
      gaps.add({ index: at, from, to, missing: step - 1, time, seconds: later - time });
    } else if (step === 0) repeated.add({ index: at, number: to });
    else if (step < 0) backward.add({ index: at, from, to });
    if (spread === undefined) continue;
    const expected = (step > 1 ? step : 1) * spread.median;
    const seconds = later - time;
    if (seconds < 0 || seconds > expected + jumpIntervals * spread.median) {
      jumps.add({ index: at, seconds, expected });
    }
  }
  return {
    frames: length,
    duration: length === 0 ? 0 : index.time(length - 1) - index.time(0),
    ...{
      gaps: gaps.listed,
      missing,
      repeated: repeated.listed,
      backward: backward.listed,
      jumps: jumps.listed,
    },
    rate: spread && Number((1 / spread.median).toPrecision(6)),
    intervals: spread,
  };
}

interface Repeat {
  readonly index: number;
  readonly number: FrameNumber;
}

interface Step {
  readonly index: number;
  readonly from: FrameNumber;
  readonly to: FrameNumber;
}

class List<T> {
  #count = 0;
  readonly #first: T[] = [];

  add(item: T): void {
    if (this.#count++ < mostListed) this.#first.push(item);
  }

  get listed(): Listed<T> {
    return { count: this.#count, first: this.#first };
  }
}

function difference(from: FrameNumber, to: FrameNumber): number {
  if (typeof from === "number" && typeof to === "number") return to - from;
  if (Number.isNaN(Number(from)) || Number.isNaN(Number(to))) return Number.NaN;
  return Number(BigInt(to) - BigInt(from));
}

/** Seconds from frame to frame where the number says that none is missing between, and the clock ran forwards. */
function positiveIntervals(index: FrameIndex): Float64Array {
  const intervals = new Float64Array(Math.max(0, index.length - 1));
  let count = 0;
  for (let at = 1; at < index.length; at++) {
    const seconds = index.time(at) - index.time(at - 1);
    if (seconds > 0 && !(difference(index.number(at - 1), index.number(at)) > 1))
      intervals[count++] = seconds;
  }
  return intervals.subarray(0, count);
}

function intervalStatistics(intervals: Float64Array): IntervalStatistics | undefined {
  if (intervals.length === 0) return undefined;
  let [sum, squares] = [0, 0];
  for (const seconds of intervals) sum += seconds;
  const mean = sum / intervals.length;
  for (const seconds of intervals) squares += (seconds - mean) ** 2;
  const sorted = intervals.sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return {
    mean,
    deviation: Math.sqrt(squares / intervals.length),
    ...{ min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
  };
}
