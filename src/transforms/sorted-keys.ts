import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";

/** What frames are paired by: their numbers, their times in seconds, or their ranks. */
export type Key = "number" | "time" | "index";

/**
 * The numbers or times of a source in ascending order, equal ones in store order. Frames without a finite one are left
 * out. A *place* counts in this order, a *rank* in that of the source.
 */
export class SortedKeys {
  /** Frames that have a key. */
  readonly size: number;
  /** By rank. Numbers beyond ±2^53 are `bigint`s, which JavaScript compares with numbers by their true value. */
  readonly #keys: Float64Array | readonly FrameNumber[];
  /** Ranks by place; undefined where all frames have a key, in ascending order. */
  readonly #order: Uint32Array | undefined;

  constructor(index: FrameIndex, by: Key) {
    this.#keys = by === "time" ? timesOf(index) : by === "index" ? ranksOf(index) : numbersOf(index);
    this.#order = isAscending(this.#keys) ? undefined : ascendingRanks(this.#keys);
    this.size = this.#order?.length ?? this.#keys.length;
  }

  rank(place: number): number {
    return this.#order === undefined ? place : this.#order[place]!;
  }

  key(place: number): FrameNumber {
    return this.#keys[this.rank(place)]!;
  }

  /** Of the frame of that rank; NaN where it has none. */
  keyOf(rank: number): FrameNumber {
    return this.#keys[rank]!;
  }

  /** The first place whose key is not below that; `size` if there is none. */
  firstNotBelow(key: FrameNumber): number {
    return this.#search((found) => found >= key);
  }

  /** The first place whose key is above that; `size` if there is none. */
  firstAbove(key: FrameNumber): number {
    return this.#search((found) => found > key);
  }

  /** By rank: how many frames before it, in store order, have the same key. */
  repeats(): Uint32Array {
    const repeats = new Uint32Array(this.#keys.length);
    for (let place = 1; place < this.size; place++) {
      if (this.key(place) > this.key(place - 1)) continue;
      repeats[this.rank(place)] = repeats[this.rank(place - 1)]! + 1;
    }
    return repeats;
  }

  /** The median distance from one key to the next that differs; undefined where there are no two. */
  usualDistance(): number | undefined {
    const distances = new Float64Array(Math.max(0, this.size - 1));
    let count = 0;
    for (let place = 1; place < this.size; place++) {
      const distance = Number(distanceOf(this.key(place), this.key(place - 1)));
      if (distance > 0) distances[count++] = distance;
    }
    return count === 0 ? undefined : distances.subarray(0, count).sort()[count >> 1]!;
  }

  #search(isRight: (key: FrameNumber) => boolean): number {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isRight(this.key(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** How far apart two keys are, exactly for integers of any size. */
export function distanceOf(a: FrameNumber, b: FrameNumber): FrameNumber {
  const [low, high] = a < b ? [a, b] : [b, a];
  const isExact = typeof a === "number" && typeof b === "number";
  if (isExact || !isInteger(a) || !isInteger(b)) return Number(high) - Number(low);
  return BigInt(high) - BigInt(low);
}

function isInteger(key: FrameNumber): boolean {
  return typeof key === "bigint" || Number.isInteger(key);
}

function ranksOf({ length }: FrameIndex): Float64Array {
  return Float64Array.from({ length }, (_, rank) => rank);
}

function timesOf(index: FrameIndex): Float64Array {
  return Float64Array.from({ length: index.length }, (_, rank) => index.time(rank));
}

function numbersOf(index: FrameIndex): Float64Array | readonly FrameNumber[] {
  const numbers = new Float64Array(index.length);
  for (let rank = 0; rank < index.length; rank++) {
    const number = index.number(rank);
    if (typeof number === "bigint") return Array.from(numbers, (_, at) => index.number(at));
    numbers[rank] = number;
  }
  return numbers;
}

function hasValue(key: FrameNumber): boolean {
  return typeof key === "bigint" || Number.isFinite(key);
}

function isAscending(keys: ArrayLike<FrameNumber>): boolean {
  for (let rank = 0; rank < keys.length; rank++) {
    if (!hasValue(keys[rank]!) || (rank > 0 && keys[rank - 1]! > keys[rank]!)) return false;
  }
  return true;
}

function ascendingRanks(keys: ArrayLike<FrameNumber>): Uint32Array {
  const ranks = new Uint32Array(keys.length);
  let count = 0;
  for (let rank = 0; rank < keys.length; rank++) if (hasValue(keys[rank]!)) ranks[count++] = rank;
  return ranks.slice(0, count).sort((a, b) => {
    const [left, right] = [keys[a]!, keys[b]!];
    return left < right ? -1 : left > right ? 1 : a - b;
  });
}
