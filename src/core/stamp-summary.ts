import type { FrameIndex } from "./frame-index.js";

/** What is remarkable in the numbers and times of a source. */
export interface StampSummary {
  /** Integers between the lowest and the highest frame number that no frame has. */
  readonly missingNumbers: number;
  /** Frames whose number another frame before it has. */
  readonly duplicateNumbers: number;
  /** Frames whose number is lower than that of the frame before. */
  readonly backwardNumbers: number;
  readonly unnumbered: number;
  /** Frames whose time is earlier than that of the frame before. */
  readonly backwardTimes: number;
  /** Frames whose time equals that of the frame before. */
  readonly equalTimes: number;
  readonly untimed: number;
  /** Frames a second, of neighbours at the usual distance; undefined where no time is later than the one before. */
  readonly rate: number | undefined;
}

/** The usual distance of neighbours is that of so many of them, spread over the whole; a store may have 80 million. */
const mostDistances = 2 ** 20;

/** Reads the index only, no frame. */
export function summarizeStamps(index: FrameIndex): StampSummary {
  const stride = Math.max(1, Math.ceil(index.length / mostDistances));
  const distances = new Float64Array(Math.ceil(index.length / stride));
  let known = 0;
  let [backwardNumbers, risingNumbers, unnumbered] = [0, 0, 0];
  let [backwardTimes, equalTimes, untimed] = [0, 0, 0];
  for (let at = 0; at < index.length; at++) {
    const number = index.number(at);
    const time = index.time(at);
    if (Number.isNaN(Number(number))) unnumbered++;
    if (Number.isNaN(time)) untimed++;
    if (at === 0) continue;
    const before = index.number(at - 1);
    if (number > before) risingNumbers++;
    if (number < before) backwardNumbers++;
    const distance = time - index.time(at - 1);
    if (distance > 0 && at % stride === 0) distances[known++] = distance;
    if (distance < 0) backwardTimes++;
    if (distance === 0) equalTimes++;
  }
  const isRising = risingNumbers === Math.max(0, index.length - 1) && unnumbered === 0;
  const duplicateNumbers = isRising ? 0 : countDuplicates(index);
  return {
    missingNumbers: countMissing(index, index.length - unnumbered - duplicateNumbers),
    ...{ duplicateNumbers, backwardNumbers, unnumbered, backwardTimes, equalTimes, untimed },
    rate: rateOf(distances.subarray(0, known)),
  };
}

/**
 * How far a frame is moved at most if all are spaced evenly from the first one's time on.
 * @param rate frames a second.
 * @returns seconds; 0 where no frame is moved by half a frame or more.
 */
export function evenDrift(
  index: FrameIndex,
  { start, count, step }: { readonly start: number; readonly count: number; readonly step: number },
  rate: number,
): number {
  const first = index.time(start);
  let most = 0;
  for (let i = 0; i < count; i++) {
    const drift = Math.abs(Math.abs(index.time(start + i * step) - first) - i / rate);
    if (drift > most) most = drift;
  }
  return most * rate >= 0.5 ? most : 0;
}

function countDuplicates(index: FrameIndex): number {
  const numbers = Array.from({ length: index.length }, (_, at) => index.number(at))
    .filter((number) => !Number.isNaN(Number(number)))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return numbers.filter((number, at) => at > 0 && number === numbers[at - 1]).length;
}

/** @param different how many different numbers there are. */
function countMissing({ numberRange }: FrameIndex, different: number): number {
  if (!numberRange) return 0;
  const { min, max } = numberRange;
  const exact = typeof min === "bigint" || typeof max === "bigint";
  const distance = exact ? Number(BigInt(max) - BigInt(min)) : max - min;
  return Math.max(0, Math.floor(distance) + 1 - different);
}

function rateOf(distances: Float64Array): number | undefined {
  if (distances.length === 0) return undefined;
  const median = distances.slice().sort()[distances.length >> 1]!;
  // Times near 1.7e9 seconds are rounded to 2e-7; the mean of all that are like the median is not.
  const alike = distances.filter((distance) => Math.abs(distance - median) < median / 10);
  const mean = alike.reduce((sum, distance) => sum + distance, 0) / alike.length;
  return Number((1 / mean).toPrecision(6));
}
