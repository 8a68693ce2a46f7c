import { FrameNotFoundError } from "./errors.js";
import type { FrameNumber, Stamp } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";

export interface FrameIndexColumns {
  /** One per frame, in store order; absent: 0, 1, 2 … */
  readonly numbers?: Float64Array | BigInt64Array | BigUint64Array | undefined;
  /** Seconds, one per frame; NaN where unknown. */
  readonly times: Float64Array;
}

type Column = Float64Array | BigInt64Array | BigUint64Array;

/**
 * Where every frame of a source lies: pure, opens no file, runs in a browser too.
 *
 * Numbers and times may have gaps, duplicates, run backwards or be missing (NaN): frames without a finite value are
 * simply not found by it. Look-ups are binary searches; a column that is not ascending is sorted once, when first
 * asked for.
 */
export class FrameIndex {
  readonly length: number;
  readonly #numbers: Column | undefined;
  readonly #times: Float64Array;
  #byNumber: Lookup | undefined;
  #byTime: Lookup | undefined;

  /** @throws {RangeError} if the columns differ in length. */
  constructor(columns: FrameIndexColumns) {
    this.#numbers = columns.numbers;
    this.#times = columns.times;
    this.length = columns.times.length;
    if (columns.numbers && columns.numbers.length !== this.length) {
      throw new RangeError(`${columns.numbers.length} frame numbers, but ${this.length} frame times`);
    }
  }

  /** An index of `length` frames, numbered 0, 1, 2 … and `1 / rate` seconds apart. */
  static regular(length: number, rate: number): FrameIndex {
    return new FrameIndex({ times: Float64Array.from({ length }, (_, index) => index / rate) });
  }

  /**
   * The frame's rank, 0 … length - 1.
   * @throws {FrameNotFoundError} if no frame has that address.
   * @throws {TypeError} if the address names no coordinate.
   */
  locate(address: FrameAddress): number {
    if ("index" in address) return this.#locateIndex(address.index);
    if ("number" in address) {
      const lookup = this.#numberLookup();
      return this.#need(address, lookup.find(address.number, address.match ?? "exact"), lookup);
    }
    if ("time" in address) {
      const lookup = this.#timeLookup();
      return this.#need(address, lookup.find(address.time, address.match ?? "exact"), lookup);
    }
    throw new TypeError(`a frame address has a key index, number or time; got ${JSON.stringify(address)}`);
  }

  /**
   * Number and time of the frame of that rank.
   * @throws {FrameNotFoundError} if there is none.
   */
  stamp(index: number): Stamp {
    const at = this.#locateIndex(index);
    return { number: this.number(at), time: this.#times[at]! };
  }

  /** Frame number by rank, 0 … length - 1 (not checked). */
  number(index: number): FrameNumber {
    const number = this.#numbers === undefined ? index : this.#numbers[index]!;
    return typeof number === "bigint" ? simplify(number) : number;
  }

  /** Seconds by rank, 0 … length - 1 (not checked); NaN where unknown. */
  time(index: number): number {
    return this.#times[index]!;
  }

  /** Smallest and largest frame number; undefined if no frame has one. */
  get numberRange(): { readonly min: FrameNumber; readonly max: FrameNumber } | undefined {
    const lookup = this.#numberLookup();
    return lookup.size === 0
      ? undefined
      : { min: this.number(lookup.at(0)), max: this.number(lookup.at(lookup.size - 1)) };
  }

  /** Earliest and latest frame time, in seconds; undefined if no frame has one. */
  get timeRange(): { readonly min: number; readonly max: number } | undefined {
    const lookup = this.#timeLookup();
    return lookup.size === 0
      ? undefined
      : { min: this.time(lookup.at(0)), max: this.time(lookup.at(lookup.size - 1)) };
  }

  #numberLookup(): Lookup {
    this.#byNumber ??= new Lookup(
      this.#numbers ?? Float64Array.from({ length: this.length }, (_, index) => index),
    );
    return this.#byNumber;
  }

  #timeLookup(): Lookup {
    this.#byTime ??= new Lookup(this.#times);
    return this.#byTime;
  }

  #locateIndex(index: number): number {
    if (!Number.isInteger(index)) throw new TypeError(`a frame index is an integer, got ${index}`);
    const at = index < 0 ? index + this.length : index;
    if (at < 0 || at >= this.length) {
      const range = this.length === 0 ? "there are no frames" : `there are ${this.length} frames`;
      throw new FrameNotFoundError({ index }, range);
    }
    return at;
  }

  #need(address: FrameAddress, index: number | undefined, lookup: Lookup): number {
    if (index !== undefined) return index;
    const what = "number" in address ? "numbers" : "times";
    const found =
      this.length === 0
        ? "there are no frames"
        : lookup.size === 0
          ? `none of the ${this.length} frames has a finite one`
          : `${what} run from ${lookup.value(0)} to ${lookup.value(lookup.size - 1)} in ${this.length} frames`;
    throw new FrameNotFoundError(address, found);
  }
}

/** Binary search over one column; equal values stay in store order. */
class Lookup {
  readonly #column: Column;
  /** Ranks in ascending order of value; undefined where the column itself is ascending and finite. */
  readonly #order: Uint32Array | undefined;
  readonly size: number;

  constructor(column: Column) {
    this.#column = column;
    this.#order = isAscending(column) ? undefined : ascendingOrder(column);
    this.size = this.#order?.length ?? column.length;
  }

  at(rank: number): number {
    return this.#order ? this.#order[rank]! : rank;
  }

  value(rank: number): number | bigint {
    return this.#column[this.at(rank)]!;
  }

  find(wanted: number | bigint, match: "exact" | "nearest" | "playing"): number | undefined {
    if (this.size === 0 || (typeof wanted === "number" && Number.isNaN(wanted))) return undefined;
    const after = this.#firstNotBelow(wanted);
    if (match === "exact") {
      // JavaScript compares numbers and bigints by mathematical value, which is what is wanted here.
      // biome-ignore lint/suspicious/noDoubleEquals: 5 == 5n
      return after < this.size && this.value(after) == wanted ? this.at(after) : undefined;
    }
    if (match === "playing") {
      const later = this.#firstAbove(wanted);
      return later === 0 ? undefined : this.at(later - 1);
    }
    if (after === 0) return this.at(0);
    const below = this.value(after - 1);
    const first = this.#firstNotBelow(below);
    if (after === this.size) return this.at(first);
    const above = this.value(after);
    const order = compareDistance(below, above, wanted);
    if (order !== 0) return this.at(order < 0 ? first : after);
    return Math.min(this.at(first), this.at(after));
  }

  #firstNotBelow(wanted: number | bigint): number {
    return this.#search((value) => value >= wanted);
  }

  #firstAbove(wanted: number | bigint): number {
    return this.#search((value) => value > wanted);
  }

  #search(isRight: (value: number | bigint) => boolean): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isRight(this.value(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function isAscending(column: Column): boolean {
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    if (typeof value === "number" && !Number.isFinite(value)) return false;
    if (i > 0 && column[i - 1]! > value) return false;
  }
  return true;
}

function ascendingOrder(column: Column): Uint32Array {
  const finite = [...column.keys()].filter((rank) => {
    const value = column[rank]!;
    return typeof value === "bigint" || Number.isFinite(value);
  });
  // Equal values keep their order: sort() is stable, and the ranks come in ascending.
  finite.sort((a, b) => (column[a]! < column[b]! ? -1 : column[a]! > column[b]! ? 1 : 0));
  return Uint32Array.from(finite);
}

/** Negative if `below` is nearer to `wanted`, positive if `above` is, 0 on a tie. */
function compareDistance(below: number | bigint, above: number | bigint, wanted: number | bigint): number {
  // Beyond ±2^53 the difference of two integers need not be a number.
  const values = [below, above, wanted];
  if (values.some(isBigInt) && values.every((value) => isBigInt(value) || Number.isInteger(value))) {
    const difference = BigInt(wanted) - BigInt(below) - (BigInt(above) - BigInt(wanted));
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(wanted) - Number(below) - (Number(above) - Number(wanted));
}

function isBigInt(value: number | bigint): value is bigint {
  return typeof value === "bigint";
}

/** A `number` wherever it holds the value exactly. */
function simplify(value: bigint): FrameNumber {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}
