import { StoreFormatError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";

export interface Renumbered {
  /** Of every frame, in the order of the store. */
  readonly numbers: readonly FrameNumber[];
  /** Rank of the frame that has number 0 now. */
  readonly zeroIndex: number;
  /** Frames whose number is another one than before. */
  readonly changed: number;
}

/**
 * Counts from one frame on: those before it become … -2, -1, those after it keep their distance from it.
 * @param zero the number of the frame that becomes 0.
 * @param path of the store, for error messages.
 * @throws {StoreFormatError} if not exactly one frame has that number.
 */
export function renumber(old: readonly FrameNumber[], zero: FrameNumber, path: string): Renumbered {
  const found = old.flatMap((number, rank) => (isSame(number, zero) ? [rank] : []));
  if (found.length !== 1) {
    const ranks =
      found.length > 0 ? ` (frames ${found.slice(0, 5).join(", ")}${found.length > 5 ? " …" : ""})` : "";
    throw new StoreFormatError(
      path,
      `${found.length} frames have number ${zero}${ranks}; exactly one is needed`,
    );
  }
  const zeroIndex = found[0]!;
  const numbers = old.map((number, rank) => (rank < zeroIndex ? rank - zeroIndex : distance(number, zero)));
  const changed = numbers.filter((number, rank) => !isSame(number, old[rank]!)).length;
  return { numbers, zeroIndex, changed };
}

function distance(number: FrameNumber, zero: FrameNumber): FrameNumber {
  if (typeof number === "number" && !Number.isInteger(number)) return number - Number(zero);
  const exact = BigInt(number) - BigInt(zero);
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

/** Equal by value; what is not known equals itself. */
export function isSame(a: FrameNumber, b: FrameNumber): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: 5n and 5 are the same number
  return a == b || (Number.isNaN(a) && Number.isNaN(b));
}
