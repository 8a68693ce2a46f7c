import type { FrameAddress } from "./frame-address.js";

/** How a value that was asked for is matched; see `FrameAddress`. */
export type Match = NonNullable<Exclude<FrameAddress, { index: number }>["match"]>;

/** A value that some frame has, and the rank of that frame. */
export interface FoundValue {
  readonly value: number | bigint;
  readonly rank: number;
}

/**
 * The finite values of a column in ascending order, wherever they lie. Numbers and bigints are compared by their
 * mathematical value, as JavaScript's own operators do.
 */
export interface SortedValues {
  /** The lowest value >= `wanted`, and the first frame in store order that has it. */
  notBelow(wanted: number | bigint): FoundValue | undefined;
  /** The highest value < `wanted`, and the first frame that has it. */
  below(wanted: number | bigint): FoundValue | undefined;
  /** The highest value <= `wanted`, and the last frame that has it. */
  notAbove(wanted: number | bigint): FoundValue | undefined;
}

/** The rank of the frame that matches; undefined if none does. NaN matches nothing. */
export function findValue(values: SortedValues, wanted: number | bigint, match: Match): number | undefined {
  if (Number.isNaN(wanted)) return undefined;
  if (match === "playing") return values.notAbove(wanted)?.rank;
  const above = values.notBelow(wanted);
  // biome-ignore lint/suspicious/noDoubleEquals: 5 == 5n
  if (above !== undefined && above.value == wanted) return above.rank;
  if (match === "exact") return undefined;
  const below = values.below(wanted);
  if (below === undefined || above === undefined) return (below ?? above)?.rank;
  const order = compareDistance(below.value, above.value, wanted);
  if (order !== 0) return order < 0 ? below.rank : above.rank;
  return Math.min(below.rank, above.rank);
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

/** One value per frame: numbers or times. */
export type Column = Float64Array | BigInt64Array | BigUint64Array;

/** Binary search in one column. One that is not ascending is sorted once; equal values stay in store order. */
export class SortedColumn implements SortedValues {
  readonly #column: Column;
  /** Ranks in ascending order of value; undefined where the column itself is ascending and finite. */
  readonly #order: Uint32Array | undefined;
  /** How many values are finite. */
  readonly size: number;

  constructor(column: Column) {
    this.#column = column;
    this.#order = isAscending(column) ? undefined : ascendingOrder(column);
    this.size = this.#order?.length ?? column.length;
  }

  /** Rank of the frame whose value is the lowest but `place`. */
  at(place: number): number {
    return this.#order ? this.#order[place]! : place;
  }

  notBelow(wanted: number | bigint): FoundValue | undefined {
    return this.#found(this.#firstNotBelow(wanted));
  }

  below(wanted: number | bigint): FoundValue | undefined {
    const place = this.#firstNotBelow(wanted) - 1;
    return place < 0 ? undefined : this.#found(this.#firstNotBelow(this.#value(place)));
  }

  notAbove(wanted: number | bigint): FoundValue | undefined {
    return this.#found(this.#search((value) => value > wanted) - 1);
  }

  #found(place: number): FoundValue | undefined {
    if (place < 0 || place >= this.size) return undefined;
    return { value: this.#value(place), rank: this.at(place) };
  }

  #value(place: number): number | bigint {
    return this.#column[this.at(place)]!;
  }

  #firstNotBelow(wanted: number | bigint): number {
    return this.#search((value) => value >= wanted);
  }

  #search(isRight: (value: number | bigint) => boolean): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isRight(this.#value(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Whether every value is finite and none is lower than the one before. */
export function isAscending(column: Column): boolean {
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    if (typeof value === "number" && !Number.isFinite(value)) return false;
    if (i > 0 && column[i - 1]! > value) return false;
  }
  return true;
}

function ascendingOrder(column: Column): Uint32Array {
  const finite = new Uint32Array(column.length);
  let count = 0;
  for (let rank = 0; rank < column.length; rank++) {
    const value = column[rank]!;
    if (typeof value === "bigint" || Number.isFinite(value)) finite[count++] = rank;
  }
  // Equal values keep their order: sort() is stable, and the ranks come in ascending.
  return finite
    .slice(0, count)
    .sort((a, b) => (column[a]! < column[b]! ? -1 : column[a]! > column[b]! ? 1 : 0));
}
