import { UnsupportedError } from "./errors.js";
import type { FrameNumber, Stamp } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";
import type { FrameIndex } from "./frame-index.js";
import { asFrameNumber, checkedRank, locateFrame } from "./frame-lookup.js";
import { type Column, SortedColumn } from "./sorted-values.js";

export interface FrameColumns {
  /** One per frame, in store order; absent: 0, 1, 2 … */
  readonly numbers?: Float64Array | BigInt64Array | BigUint64Array | undefined;
  /** Seconds, one per frame; NaN where unknown. */
  readonly times: Float64Array;
}

/**
 * A frame index over columns that are in memory: pure, opens no file, runs in a browser too.
 *
 * Look-ups are binary searches; a column that is not ascending is sorted once, when first asked for.
 */
export class ColumnIndex implements FrameIndex {
  readonly length: number;
  readonly #numbers: Column | undefined;
  readonly #times: Float64Array;
  #byNumber: SortedColumn | undefined;
  #byTime: SortedColumn | undefined;

  /** @throws {RangeError} if the columns differ in length. */
  constructor(columns: FrameColumns) {
    this.#numbers = columns.numbers;
    this.#times = columns.times;
    this.length = columns.times.length;
    if (columns.numbers && columns.numbers.length !== this.length) {
      throw new RangeError(`${columns.numbers.length} frame numbers, but ${this.length} frame times`);
    }
  }

  /** An index of `length` frames, numbered 0, 1, 2 … and `1 / rate` seconds apart. */
  static regular(length: number, rate: number): ColumnIndex {
    return new ColumnIndex({ times: Float64Array.from({ length }, (_, index) => index / rate) });
  }

  locate(address: FrameAddress): number {
    return locateFrame(
      this,
      { numbers: () => this.#sortedNumbers(), times: () => this.#sortedTimes() },
      address,
    );
  }

  stamp(index: number): Stamp {
    const at = checkedRank(index, this.length);
    return { number: this.number(at), time: this.#times[at]! };
  }

  number(index: number): FrameNumber {
    return this.#numbers === undefined ? index : asFrameNumber(this.#numbers[index]!);
  }

  time(index: number): number {
    return this.#times[index]!;
  }

  get numberRange(): { readonly min: FrameNumber; readonly max: FrameNumber } | undefined {
    const sorted = this.#sortedNumbers();
    return sorted.size === 0
      ? undefined
      : { min: this.number(sorted.at(0)), max: this.number(sorted.at(sorted.size - 1)) };
  }

  get timeRange(): { readonly min: number; readonly max: number } | undefined {
    const sorted = this.#sortedTimes();
    return sorted.size === 0
      ? undefined
      : { min: this.time(sorted.at(0)), max: this.time(sorted.at(sorted.size - 1)) };
  }

  #sortedNumbers(): SortedColumn {
    this.#byNumber ??= new SortedColumn(
      this.#numbers ?? Float64Array.from({ length: this.length }, (_, index) => index),
    );
    return this.#byNumber;
  }

  #sortedTimes(): SortedColumn {
    this.#byTime ??= new SortedColumn(this.#times);
    return this.#byTime;
  }
}

/**
 * Frame numbers as a column.
 * @throws {UnsupportedError} if no column holds them all exactly.
 */
export function numberColumn(numbers: readonly FrameNumber[]): Float64Array | BigInt64Array | BigUint64Array {
  if (numbers.every((number) => typeof number === "number")) return Float64Array.from(numbers);
  const fits = (width: (bits: number, value: bigint) => bigint): boolean =>
    numbers.every(
      (number) => Number.isInteger(Number(number)) && width(64, BigInt(number)) === BigInt(number),
    );
  if (fits(BigInt.asIntN)) return BigInt64Array.from(numbers, BigInt);
  if (fits(BigInt.asUintN)) return BigUint64Array.from(numbers, BigInt);
  throw new UnsupportedError("frame numbers in one index", "some beyond 2^53 beside fractions or none");
}
