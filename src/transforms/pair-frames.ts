import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import { distanceOf, type Key, SortedKeys } from "./sorted-keys.js";
import { unionRows } from "./union-rows.js";

/** What becomes of an instant for which a source has no frame. */
export type MissingPolicy = "drop" | "hold" | "black";

/** Which frame of another source belongs to an instant. */
export type PairDirection = "exact" | "nearest" | "past";

export interface PairOptions {
  /** What the frames are paired by. @default "number" */
  readonly by?: Key;
  /**
   * `exact`: the same number or time; the second frame with a number goes with the second of the others, and so on.
   * `nearest`: the smallest distance, ties going to the first in store order.
   * `past`: the greatest number or time that is not above (of equal ones the last in store order).
   * @default "exact" for numbers and ranks, "nearest" for times
   */
  readonly direction?: PairDirection;
  /**
   * How far off a frame may be, in seconds or numbers; `Infinity` for any distance. Not for `exact`.
   * @default of each source 3/4 of the usual distance of its frames, for `past` 3/2 of it: so a frame that was lost
   *   stays lost, and a camera that was switched off early is missed
   */
  readonly tolerance?: number;
  /**
   * `drop`: only rows for which every source has a frame. `hold`: the last frame of the rows before stays, as on a
   * screen. `black`: there is none. @default "drop"
   */
  readonly policy?: MissingPolicy;
  /**
   * Whose frames are the rows: the source of that rank, in its own order, with all its gaps, duplicates and
   * restarts; or `union`: all numbers or times that any source has, ascending (not with `past`). Frames without a
   * finite number or time stand alone in their row, and are not in a union. @default 0
   */
  readonly reference?: number | "union";
}

/** Which frames belong together: a table of rows (instants) by sources. */
export interface Alignment {
  /** Rows. */
  readonly length: number;
  /** For each source, by row: the frame's rank in that source, or `noFrame`. */
  readonly frames: readonly Int32Array[];
  /** For each source, by row: 1 where its frame is that of an earlier row, held. */
  readonly held: readonly Uint8Array[];
}

/** Where a source has no frame. */
export const noFrame = -1;

/** Shares of the usual distance between the frames of a source; see `PairOptions.tolerance`. */
const usualTolerance = { nearest: 0.75, past: 1.5 };

/**
 * Finds out which frames of several sources belong together. Pure: reads indexes only, each frame's stamp once.
 * Takes O(n log n) for n frames in all.
 * @throws {RangeError} if there is no source, or an option makes no sense.
 */
export function pairFrames(indexes: readonly FrameIndex[], options: PairOptions = {}): Alignment {
  const { by = "number", policy = "drop", reference = 0 } = options;
  const direction = options.direction ?? (by === "time" ? "nearest" : "exact");
  checkOptions(indexes.length, direction, reference, options.tolerance);
  const sources = indexes.map((index) => new SortedKeys(index, by));
  const tolerances = direction === "exact" ? [] : tolerancesOf(sources, direction, options.tolerance);
  if (reference === "union") {
    return withPolicy(unionRows(sources, direction === "exact" ? undefined : tolerances), policy);
  }
  const length = indexes[reference]!.length;
  const frames = sources.map((source, at) => {
    if (at === reference) return Int32Array.from({ length }, (_, rank) => rank);
    return partnersOf(sources[reference]!, length, source, direction, tolerances[at]!);
  });
  return withPolicy(frames, policy);
}

function checkOptions(
  sources: number,
  direction: PairDirection,
  reference: number | "union",
  tolerance: number | undefined,
): void {
  if (sources === 0) throw new RangeError("there is no source to align");
  if (reference === "union") {
    if (direction === "past")
      throw new RangeError("what is past needs one source as reference, not their union");
  } else if (!Number.isInteger(reference) || reference < 0 || reference >= sources) {
    throw new RangeError(
      `the reference must be one of the ${sources} sources (0 is the first), got ${reference}`,
    );
  }
  if (tolerance === undefined) return;
  if (direction === "exact") throw new RangeError("an exact match has no tolerance; ask for the nearest");
  if (!(tolerance >= 0)) throw new RangeError(`a tolerance is 0 or more, got ${tolerance}`);
}

function tolerancesOf(
  sources: readonly SortedKeys[],
  direction: "nearest" | "past",
  asked: number | undefined,
): number[] {
  if (asked !== undefined) return sources.map(() => asked);
  const distances = sources.map((source) => source.usualDistance());
  // A source of a single frame has no rate of its own.
  const largest = Math.max(0, ...distances.filter((distance) => distance !== undefined));
  return distances.map((distance) => (distance ?? largest) * usualTolerance[direction]);
}

/** For each frame of the reference, in its order, the rank of the frame that belongs to it. */
function partnersOf(
  reference: SortedKeys,
  length: number,
  source: SortedKeys,
  direction: PairDirection,
  tolerance: number,
): Int32Array {
  const repeats = direction === "exact" ? reference.repeats() : undefined;
  return Int32Array.from({ length }, (_, rank) => {
    const key = reference.keyOf(rank);
    if (typeof key === "number" && !Number.isFinite(key)) return noFrame;
    if (repeats) return exactFrame(source, key, repeats[rank]!);
    const found = direction === "past" ? pastFrame(source, key) : nearestFrame(source, key);
    return found !== noFrame && distanceOf(key, source.keyOf(found)) <= tolerance ? found : noFrame;
  });
}

function exactFrame(source: SortedKeys, key: FrameNumber, repeat: number): number {
  const place = source.firstNotBelow(key) + repeat;
  return place < source.size && !(source.key(place) > key) ? source.rank(place) : noFrame;
}

function pastFrame(source: SortedKeys, key: FrameNumber): number {
  const after = source.firstAbove(key);
  return after === 0 ? noFrame : source.rank(after - 1);
}

function nearestFrame(source: SortedKeys, key: FrameNumber): number {
  const above = source.firstNotBelow(key);
  if (above === 0) return source.size === 0 ? noFrame : source.rank(0);
  const below = source.firstNotBelow(source.key(above - 1));
  if (above === source.size) return source.rank(below);
  const [down, up] = [distanceOf(key, source.key(below)), distanceOf(key, source.key(above))];
  if (down < up) return source.rank(below);
  return down > up ? source.rank(above) : Math.min(source.rank(below), source.rank(above));
}

/** @param frames is changed in place. */
function withPolicy(frames: readonly Int32Array[], policy: MissingPolicy): Alignment {
  const length = frames[0]!.length;
  if (policy === "drop") {
    const rows = Uint32Array.from({ length }, (_, row) => row).filter((row) =>
      frames.every((ranks) => ranks[row] !== noFrame),
    );
    const kept = frames.map((ranks) => Int32Array.from(rows, (row) => ranks[row]!));
    return { length: rows.length, frames: kept, held: frames.map(() => new Uint8Array(rows.length)) };
  }
  const held = frames.map((ranks) => (policy === "hold" ? holdLast(ranks) : new Uint8Array(length)));
  return { length, frames, held };
}

function holdLast(ranks: Int32Array): Uint8Array {
  const held = new Uint8Array(ranks.length);
  let last = noFrame;
  for (let row = 0; row < ranks.length; row++) {
    if (ranks[row] !== noFrame) last = ranks[row]!;
    else if (last !== noFrame) {
      ranks[row] = last;
      held[row] = 1;
    }
  }
  return held;
}
