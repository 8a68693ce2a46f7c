import { TransformError } from "../core/errors.js";
import type { Image } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import type { PlainArray } from "./plain-samples.js";
import { rowFrames } from "./row-frames.js";

/**
 * Ranks of at most `count` frames, spread evenly over [start, stop).
 * @throws {TransformError} if there is none.
 */
export function spreadRanks(
  transform: string,
  length: number,
  count: number,
  start: number,
  stop: number | undefined,
): Int32Array {
  const end = Math.min(length, stop ?? length);
  const among = end - start;
  if (among < 1)
    throw new TransformError(transform, `there are no frames from ${start} to ${end}, of ${length}`);
  const taken = Math.min(count, among);
  return Int32Array.from({ length: taken }, (_, i) => start + Math.floor((i * among) / taken));
}

/** The samples of each frame, one after the other. @throws {DecodeError} for a damaged one; {TransformError} for another size. */
async function* samplesOf(source: SeekableSource, ranks: Int32Array): AsyncGenerator<PlainArray> {
  let first: Image | undefined;
  for await (const found of rowFrames(source, ranks)) {
    if (found === undefined || found instanceof Error)
      throw found ?? new Error("a frame that was asked for is missing");
    first ??= found.image;
    if (found.image.data.length !== first.data.length) {
      throw new TransformError("frames", `frame ${found.index} has another size than those before it`);
    }
    yield found.image.data as PlainArray;
  }
}

/** Lowest and highest of each sample, and how it spreads. */
export interface SampleStatistics {
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** Standard deviation, of the population. */
  readonly deviation: Float64Array;
}

/** Goes through the frames once; in memory are a few numbers a sample. Source of the spread: Welford 1962. */
export async function statisticsOfFrames(
  source: SeekableSource,
  ranks: Int32Array,
): Promise<SampleStatistics> {
  let lowest = new Float64Array();
  let highest = new Float64Array();
  let mean = new Float64Array();
  let squares = new Float64Array();
  let count = 0;
  for await (const samples of samplesOf(source, ranks)) {
    if (count++ === 0) {
      lowest = Float64Array.from(samples);
      highest = lowest.slice();
      mean = lowest.slice();
      squares = new Float64Array(samples.length);
      continue;
    }
    for (let i = 0; i < samples.length; i++) {
      const value = samples[i]!;
      if (value < lowest[i]!) lowest[i] = value;
      if (value > highest[i]!) highest[i] = value;
      const off = value - mean[i]!;
      mean[i]! += off / count;
      squares[i]! += off * (value - mean[i]!);
    }
  }
  return { lowest, highest, deviation: squares.map((sum) => Math.sqrt(sum / count)) };
}

/** The mean of each sample. */
export async function meanOfFrames(source: SeekableSource, ranks: Int32Array): Promise<Float64Array> {
  let sums = new Float64Array();
  for await (const samples of samplesOf(source, ranks)) {
    if (sums.length === 0) sums = new Float64Array(samples.length);
    for (let i = 0; i < samples.length; i++) sums[i]! += samples[i]!;
  }
  return sums.map((sum) => sum / ranks.length);
}

/** The median of each sample; all frames are in memory. NaN goes last, as if it were above all. */
export async function medianOfFrames(source: SeekableSource, ranks: Int32Array): Promise<Float64Array> {
  const all: PlainArray[] = [];
  for await (const samples of samplesOf(source, ranks)) all.push(samples);
  const medians = new Float64Array(all[0]!.length);
  const values = new Float64Array(all.length);
  const [lower, upper] = [(all.length - 1) >> 1, all.length >> 1];
  for (let i = 0; i < medians.length; i++) {
    for (let k = 0; k < all.length; k++) values[k] = all[k]![i]!;
    values.sort();
    medians[i] = (values[lower]! + values[upper]!) / 2;
  }
  return medians;
}
