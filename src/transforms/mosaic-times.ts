import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import { noFrame, pairFrames } from "./pair-frames.js";

/** What is shown of a source when it has no frame of its own, behind its last one. */
export type AfterEnd = "hold" | "blank" | "loop" | "stop";

/** How a source runs in a mosaic. */
export interface SourceTiming {
  /** Seconds that it starts later; negative: earlier. By index and number: frames. @default 0 */
  readonly offset?: number;
  /** How many times faster it runs. By index: frames a row. Not by number. @default 1 */
  readonly speed?: number;
  /**
   * Frames a second, instead of its own times: for sources that know none, or wrong ones. Its first frame is at 0.
   */
  readonly fps?: number;
  /** Behind its last frame. `stop` ends the mosaic there. @default "hold" */
  readonly after?: AfterEnd;
  /** Before its first frame. @default "blank" */
  readonly before?: "hold" | "blank";
}

export interface MosaicTiming {
  /**
   * What brings frames together. `time`: at each instant each source shows what was on its screen. `index`: the k-th
   * frames. `number`: frames of the same number.
   * @default "time"
   */
  readonly by?: "time" | "index" | "number";
  /**
   * Whose clock counts, by time. `shared`: times are as they are, of one clock. `start`: each source begins at 0.
   * @default "shared" if some time is within all of them, else "start"
   */
  readonly clock?: "shared" | "start";
  /** Frames a second of the mosaic, by time. @default the times of the source with the most frames a second */
  readonly fps?: number;
}

/** Which frame of which source is shown when. */
export interface MosaicTable {
  /** By number, of each row; otherwise rows are counted from 0. */
  readonly numbers?: readonly FrameNumber[];
  /** Seconds of each row; by index and number those of the first source that has them. */
  readonly times: Float64Array;
  /** For each source, by row, its frame's rank; `noFrame` where it is blank. */
  readonly ranks: readonly Int32Array[];
}

/** More rows than any mosaic has: a single wrong time must not make billions of them. */
const mostRows = 2 ** 26;

/**
 * Plans a mosaic. Pure: reads indexes only.
 * @throws {RangeError} for options that make no sense, and for times that would make more than 2^26 rows.
 */
export function planMosaic(
  indexes: readonly FrameIndex[],
  timings: readonly SourceTiming[],
  { by = "time", clock, fps }: MosaicTiming = {},
): MosaicTable {
  if (indexes.length === 0) throw new RangeError("a mosaic needs a source");
  if (fps !== undefined && by !== "time")
    throw new RangeError(`a mosaic by ${by} has no rate of its own: fps is for time`);
  if (by === "number") return byNumber(indexes, timings);
  const clocks =
    by === "index"
      ? indexes.map((index, at) => new RankClock(index, timings[at]!))
      : timeClocks(indexes, timings, clock);
  const instants = by === "index" ? rankInstants(clocks) : timeInstants(clocks, fps);
  const table = clocks.map((one) => Int32Array.from(instants, (instant) => one.rankAt(instant)));
  const rows = stopRow(clocks, instants);
  const kept = instants.subarray(0, rows);
  const times = by === "time" ? kept : Float64Array.from(kept, (_, row) => timeOfRow(indexes, table, row));
  return { times, ranks: table.map((ranks) => ranks.subarray(0, rows)) };
}

/** A source on the time line of the mosaic. */
interface SourceClock {
  /** Where its first frame begins and its last one ends. */
  readonly start: number;
  readonly end: number;
  /** Usual distance of its frames. */
  readonly step: number;
  readonly after: AfterEnd;
  /** The frame that is shown at that instant. */
  rankAt(instant: number): number;
  /** Instants at which its frames begin. */
  begins(): Iterable<number>;
}

/** By index: one row is 1 / speed frames. */
class RankClock implements SourceClock {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly after: AfterEnd;
  readonly #length: number;
  readonly #timing: SourceTiming;

  constructor({ length }: FrameIndex, timing: SourceTiming) {
    const { offset = 0, speed = 1, after = "hold" } = timing;
    this.start = offset;
    this.step = 1 / speed;
    this.end = offset + length / speed;
    this.after = after;
    this.#length = length;
    this.#timing = timing;
  }

  rankAt(instant: number): number {
    // A thousandth of a frame is a rounding error.
    const place = Math.floor((instant - this.start) / this.step + 1e-3);
    return placed(place, this.#length, this.#timing);
  }

  *begins(): Generator<number> {
    for (let rank = 0; rank < this.#length; rank++) yield this.start + rank * this.step;
  }
}

/** What containers round times to, in seconds. */
const roundedTo = 0.001;

/** Pairs of frames that are looked at, of a long source. */
const mostPairs = 4096;

/** Smallest distance of a frame from the one before, in seconds; of those that are looked at. */
function smallestStep(index: FrameIndex): number {
  const pairs = Math.min(mostPairs, index.length - 1);
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < pairs; i++) {
    const rank = 1 + Math.floor((i * (index.length - 1)) / pairs);
    const step = index.time(rank) - index.time(rank - 1);
    if (step > 0 && step < smallest) smallest = step;
  }
  return smallest;
}

/** By time: each frame is shown until the next begins. */
class TimeClock implements SourceClock {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly after: AfterEnd;
  readonly #index: FrameIndex;
  readonly #timing: SourceTiming;
  /** Time of the source at the mosaic's instant 0 is `#origin`. */
  readonly #origin: number;
  readonly #speed: number;
  /** Seconds of the mosaic by which a frame may begin too early: containers round times to a millisecond. */
  readonly #slack: number;

  constructor(index: FrameIndex, timing: SourceTiming, zero: number) {
    const { offset = 0, speed = 1, after = "hold" } = timing;
    const { min, max } = index.timeRange ?? { min: 0, max: 0 };
    const own = index.length > 1 ? (max - min) / (index.length - 1) : 0;
    this.#index = index;
    this.#timing = timing;
    this.#origin = zero;
    this.#speed = speed;
    this.start = offset + (min - zero) / speed;
    this.step = own / speed;
    this.end = offset + (max + own - zero) / speed;
    this.after = after;
    this.#slack = Math.min(roundedTo, smallestStep(index) / 2) / speed;
  }

  rankAt(instant: number): number {
    const { before = "blank", after = "hold", offset = 0 } = this.#timing;
    const { length } = this.#index;
    // A still picture is always there, with a time or without.
    if (length === 1) return 0;
    if (length === 0 || this.#index.timeRange === undefined) return noFrame;
    const slack = this.#slack;
    let at = instant + slack;
    if (at < this.start) {
      if (before === "blank") return noFrame;
      at = this.start;
    }
    if (at >= this.end && this.step > 0) {
      if (after === "blank") return noFrame;
      at = after === "loop" ? this.start + ((at - this.start) % (this.end - this.start)) : this.end - slack;
    }
    const time = this.#origin + (at - offset) * this.#speed;
    const { min } = this.#index.timeRange;
    return this.#index.locate({ time: Math.max(min, time), match: "playing" });
  }

  *begins(): Generator<number> {
    const { offset = 0 } = this.#timing;
    for (let rank = 0; rank < this.#index.length; rank++) {
      const time = this.#index.time(rank);
      if (Number.isFinite(time)) yield offset + (time - this.#origin) / this.#speed;
    }
  }
}

function placed(place: number, length: number, { before = "blank", after = "hold" }: SourceTiming): number {
  // A still picture is always there.
  if (length === 1) return 0;
  if (length === 0) return noFrame;
  if (place < 0) return before === "hold" ? 0 : noFrame;
  if (place < length) return place;
  if (after === "loop") return place % length;
  return after === "blank" ? noFrame : length - 1;
}

function timeClocks(
  indexes: readonly FrameIndex[],
  timings: readonly SourceTiming[],
  asked: MosaicTiming["clock"],
): SourceClock[] {
  const own = indexes.filter((_, at) => timings[at]!.fps === undefined);
  const clock = asked ?? (isShared(own) ? "shared" : "start");
  return indexes.map((index, at) => {
    const timing = timings[at]!;
    if (timing.fps !== undefined)
      return new RankClock(index, { ...timing, speed: timing.fps * (timing.speed ?? 1) });
    const zero = clock === "start" ? (index.timeRange?.min ?? 0) : 0;
    return new TimeClock(index, timing, zero);
  });
}

/** Whether some instant lies within all of them; those of one frame, still pictures, do not count. */
function isShared(indexes: readonly FrameIndex[]): boolean {
  const ranges = indexes.flatMap(({ length, timeRange }) => (length > 1 && timeRange ? [timeRange] : []));
  return Math.max(...ranges.map(({ min }) => min)) <= Math.min(...ranges.map(({ max }) => max));
}

function rankInstants(clocks: readonly SourceClock[]): Float64Array {
  const [start, end] = spanOf(clocks);
  return instantsFrom(start, Math.ceil(end - start - 1e-3), 1);
}

function timeInstants(clocks: readonly SourceClock[], fps: number | undefined): Float64Array {
  const [start, end] = spanOf(clocks);
  if (fps !== undefined) return instantsFrom(start, Math.ceil((end - start) * fps - 1e-3), 1 / fps);
  // The source with the most frames a second says when; before and behind it, instants go on at its usual distance.
  const moving = clocks.filter(({ step }) => step > 0);
  const quickest = moving.reduce<SourceClock | undefined>(
    (best, one) => (best === undefined || one.step < best.step ? one : best),
    undefined,
  );
  if (quickest === undefined) return Float64Array.of(start);
  const begins = Float64Array.from(quickest.begins()).sort();
  const lead = Math.round((begins[0]! - start) / quickest.step);
  const trail = Math.round((end - quickest.end) / quickest.step);
  checkRows(begins.length + lead + trail);
  const instants = new Float64Array(lead + begins.length + trail);
  instants.set(instantsFrom(begins[0]! - lead * quickest.step, lead, quickest.step));
  instants.set(begins, lead);
  instants.set(instantsFrom(begins.at(-1)! + quickest.step, trail, quickest.step), lead + begins.length);
  return instants;
}

function spanOf(clocks: readonly SourceClock[]): [start: number, end: number] {
  const moving = clocks.filter(({ step, end, start }) => step > 0 && end > start);
  const counted = moving.length > 0 ? moving : clocks;
  return [Math.min(...counted.map(({ start }) => start)), Math.max(...counted.map(({ end }) => end))];
}

function instantsFrom(start: number, count: number, step: number): Float64Array {
  const rows = Math.max(0, count);
  checkRows(rows);
  return Float64Array.from({ length: rows }, (_, row) => start + row * step);
}

function checkRows(rows: number): void {
  if (rows <= mostRows) return;
  throw new RangeError(`the mosaic would have ${rows} frames; are the sources on one clock?`);
}

/** The first row behind the end of a source that stops the mosaic. */
function stopRow(clocks: readonly SourceClock[], instants: Float64Array): number {
  const ends = clocks.filter(({ after }) => after === "stop").map(({ end, step }) => end - step / 100);
  const end = Math.min(...ends);
  const row = instants.findIndex((instant) => instant >= end);
  return row < 0 ? instants.length : row;
}

function timeOfRow(indexes: readonly FrameIndex[], table: readonly Int32Array[], row: number): number {
  const at = table.findIndex((ranks) => ranks[row]! >= 0);
  return at < 0 ? Number.NaN : indexes[at]!.time(table[at]![row]!);
}

/** Rows of all numbers that any source has, ascending. */
function byNumber(indexes: readonly FrameIndex[], timings: readonly SourceTiming[]): MosaicTable {
  const wrong = timings.find(
    ({ offset, speed, fps }) => offset !== undefined || speed !== undefined || fps !== undefined,
  );
  if (wrong) throw new RangeError("a mosaic by number takes no offset, speed or fps");
  const { length, frames } = pairFrames(indexes, { by: "number", policy: "black", reference: "union" });
  const numbers = Array.from({ length }, (_, row) => {
    const at = frames.findIndex((ranks) => ranks[row]! >= 0);
    return indexes[at]!.number(frames[at]![row]!);
  });
  const ranks = frames.map((found, at) => {
    const { before = "blank", after = "hold" } = timings[at]!;
    const filled = found.slice();
    const [first, last] = [filled.findIndex((rank) => rank >= 0), filled.findLastIndex((rank) => rank >= 0)];
    if (first < 0) return filled;
    if (before === "hold") filled.fill(filled[first]!, 0, first);
    const behind = filled.length - last - 1;
    for (let i = 0; i < behind && after !== "blank" && after !== "stop"; i++) {
      filled[last + 1 + i] = after === "loop" ? i % indexes[at]!.length : filled[last]!;
    }
    return filled;
  });
  const stops = ranks
    .filter((_, at) => timings[at]!.after === "stop")
    .map((one) => one.findLastIndex((rank) => rank >= 0) + 1);
  const rows = Math.min(length, ...stops);
  const times = Float64Array.from({ length: rows }, (_, row) => timeOfRow(indexes, ranks, row));
  return { numbers: numbers.slice(0, rows), times, ranks: ranks.map((one) => one.subarray(0, rows)) };
}
