import { ColumnIndex } from "../core/column-index.js";
import { type AnyTypedArray, arrayOver, type DType, dtypeBytes } from "../core/image.js";
import { hostIsLittle, swapBytes } from "./sample-order.js";

/** What the arrays beside frames are called that say when each was, in seconds, and its number: imgstore's names. */
export const stampNames = { times: "frame_time", numbers: "frame_number" } as const;

/** A row of numbers as a file has it. */
export interface StoredRow {
  readonly dtype: DType;
  /** Undefined where they have the machine's order already. */
  readonly littleEndian: boolean | undefined;
}

/** The row in the machine's byte order. @param bytes may be written to. */
export function rowValues(
  { dtype, littleEndian = hostIsLittle }: StoredRow,
  bytes: Uint8Array,
): AnyTypedArray {
  const own = bytes.byteOffset % 16 === 0 ? bytes : new Uint8Array(bytes);
  if (littleEndian !== hostIsLittle) swapBytes(own, dtypeBytes(dtype));
  return arrayOver(dtype, own.buffer, own.byteOffset, own.byteLength);
}

/** True if there is one such value for each frame, and they are plain numbers. */
export function isStampRow(
  { dtype, shape }: { readonly dtype: DType; readonly shape: readonly number[] },
  frames: number,
): boolean {
  return shape.length === 1 && shape[0] === frames && /^(u?int|float(32|64))/.test(dtype);
}

/** @param times seconds; @param numbers absent: 0, 1, 2 … */
export function stampIndex(times: AnyTypedArray, numbers: AnyTypedArray | undefined): ColumnIndex {
  const isBig = numbers instanceof BigInt64Array || numbers instanceof BigUint64Array;
  return new ColumnIndex({
    times: Float64Array.from(times as Float64Array, Number),
    ...(numbers && { numbers: isBig ? numbers : Float64Array.from(numbers as Float64Array) }),
  });
}
