import type { FrameNumber } from "./frame.js";

/** Where a frame is, in one of three coordinates; the key says which. */
export type FrameAddress =
  /** Rank in the source, 0 … length - 1; negative counts from the end. */
  | { readonly index: number }
  /**
   * The camera's own count. If several frames have it, the first in store order. `nearest`: the smallest distance,
   * ties going to the first in store order.
   */
  | { readonly number: FrameNumber; readonly match?: "exact" | "nearest" }
  /**
   * Seconds. `nearest` as above; `playing`: the frame on the screen at that time, which is the one with the
   * greatest time that is not later (of equal times, the last in store order).
   */
  | { readonly time: number; readonly match?: "exact" | "nearest" | "playing" };

/** "index 5", "number 17 (nearest)", "time 0.25 (playing)". */
export function describeAddress(address: FrameAddress): string {
  const match = "match" in address && address.match && address.match !== "exact" ? ` (${address.match})` : "";
  if ("index" in address) return `index ${address.index}`;
  if ("number" in address) return `number ${address.number}${match}`;
  return `time ${address.time}${match}`;
}
