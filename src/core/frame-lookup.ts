import { FrameNotFoundError } from "./errors.js";
import type { FrameNumber } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";
import type { FrameIndex } from "./frame-index.js";
import { findValue, type SortedValues } from "./sorted-values.js";

// What every FrameIndex does alike, whatever its columns are kept in.

/** What `locateFrame` looks in; sorted only when asked for. */
export interface LookupColumns {
  numbers(): SortedValues;
  times(): SortedValues;
}

/** As `FrameIndex.locate`. */
export function locateFrame(
  index: Pick<FrameIndex, "length" | "numberRange" | "timeRange">,
  columns: LookupColumns,
  address: FrameAddress,
): number {
  if ("index" in address) return checkedRank(address.index, index.length);
  if ("number" in address) {
    const rank = findValue(columns.numbers(), address.number, address.match ?? "exact");
    return rank ?? notFound(address, "numbers", index.length, index.numberRange);
  }
  if ("time" in address) {
    const rank = findValue(columns.times(), address.time, address.match ?? "exact");
    return rank ?? notFound(address, "times", index.length, index.timeRange);
  }
  throw new TypeError(`a frame address has a key index, number or time; got ${JSON.stringify(address)}`);
}

/**
 * The rank 0 … length - 1 that an index names; a negative one counts from the end.
 * @throws {FrameNotFoundError} if there is no such frame.
 * @throws {TypeError} if it is no integer.
 */
export function checkedRank(index: number, length: number): number {
  if (!Number.isInteger(index)) throw new TypeError(`a frame index is an integer, got ${index}`);
  const at = index < 0 ? index + length : index;
  if (at < 0 || at >= length) {
    const range = length === 0 ? "there are no frames" : `there are ${length} frames`;
    throw new FrameNotFoundError({ index }, range);
  }
  return at;
}

function notFound(
  address: FrameAddress,
  what: "numbers" | "times",
  length: number,
  range: { readonly min: FrameNumber; readonly max: FrameNumber } | undefined,
): never {
  const found =
    length === 0
      ? "there are no frames"
      : range === undefined
        ? `none of the ${length} frames has a finite one`
        : `${what} run from ${range.min} to ${range.max} in ${length} frames`;
  throw new FrameNotFoundError(address, found);
}

/** A `number` wherever it holds the value exactly. */
export function asFrameNumber(value: number | bigint): FrameNumber {
  if (typeof value === "number") return value;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}
