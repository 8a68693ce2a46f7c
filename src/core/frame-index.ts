import type { FrameNumber, Stamp } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";

/**
 * Where every frame of a source lies, and its number and time.
 *
 * Numbers and times may have gaps, duplicates, run backwards or be missing (NaN): frames without a finite value are
 * simply not found by it. Of frames with equal values the first in store order is found; "playing" finds the last.
 */
export interface FrameIndex {
  /** Frames in all. */
  readonly length: number;
  /**
   * The frame's rank, 0 … length - 1.
   * @throws {FrameNotFoundError} if no frame has that address.
   * @throws {TypeError} if the address names no coordinate.
   */
  locate(address: FrameAddress): number;
  /**
   * Number and time of the frame of that rank; a negative one counts from the end.
   * @throws {FrameNotFoundError} if there is none.
   */
  stamp(index: number): Stamp;
  /** Frame number by rank, 0 … length - 1 (not checked). */
  number(index: number): FrameNumber;
  /** Seconds by rank, 0 … length - 1 (not checked); NaN where unknown. */
  time(index: number): number;
  /** Smallest and largest frame number; undefined if no frame has one. */
  readonly numberRange: { readonly min: FrameNumber; readonly max: FrameNumber } | undefined;
  /** Earliest and latest frame time, in seconds; undefined if no frame has one. */
  readonly timeRange: { readonly min: number; readonly max: number } | undefined;
}
