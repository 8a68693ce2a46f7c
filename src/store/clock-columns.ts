import type { FrameClocks } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";

/** What the clocks around a camera said of the frames of a chunk; NaN where nobody looked. */
export interface ClockColumns {
  /** The camera's own count. */
  readonly cameraNumber: Float64Array;
  /** Seconds on the camera's own clock. */
  readonly cameraTime: Float64Array;
  /** Seconds on the monotonic clock of the machine that recorded, when the frame was there. */
  readonly arrived: Float64Array;
  /** Seconds since 1970 by the clock of that machine, as it was set then. */
  readonly arrivedUtc: Float64Array;
}

/** Of frames `at` … of a longer one. */
export function putClocks(into: ClockColumns, at: number, from: ClockColumns): void {
  for (const key of keys) into[key].set(from[key], at);
}

/** Of frames [start, stop); shares memory. */
export function sliceClocks(clocks: ClockColumns, start: number, stop: number): ClockColumns {
  return {
    cameraNumber: clocks.cameraNumber.subarray(start, stop),
    cameraTime: clocks.cameraTime.subarray(start, stop),
    arrived: clocks.arrived.subarray(start, stop),
    arrivedUtc: clocks.arrivedUtc.subarray(start, stop),
  };
}

/** Names of the columns in an index (`.npz`), beside imgstore's two. */
const names: { readonly [C in keyof ClockColumns]: string } = {
  cameraNumber: "camera_number",
  cameraTime: "camera_time",
  arrived: "arrival_monotonic",
  arrivedUtc: "arrival_utc",
};

const keys = Object.keys(names) as (keyof ClockColumns)[];

/** The clocks of frames as they come: nothing is kept until one has any. */
export class GrowingClocks {
  #columns: { -readonly [C in keyof ClockColumns]: Float64Array } | undefined;

  /** @param rank of the frame in its chunk. */
  set(rank: number, clocks: FrameClocks | undefined): void {
    if (clocks === undefined) return;
    this.#columns ??= emptyClocks(0);
    for (const key of keys) {
      const value = clocks[key];
      if (value === undefined) continue;
      const column = this.#columns[key];
      if (rank >= column.length) {
        const longer = new Float64Array(Math.max(64, 2 * (rank + 1))).fill(Number.NaN);
        longer.set(column);
        this.#columns[key] = longer;
      }
      this.#columns[key][rank] = Number(value);
    }
  }

  /** @param length frames. @returns undefined if no frame had any. */
  columns(length: number): ClockColumns | undefined {
    const columns = this.#columns;
    if (columns === undefined) return undefined;
    const cut = emptyClocks(length);
    for (const key of keys) cut[key].set(columns[key].subarray(0, length));
    return cut;
  }
}

/** Columns of which nothing is known. */
export function emptyClocks(length: number): { -readonly [C in keyof ClockColumns]: Float64Array } {
  const column = (): Float64Array => new Float64Array(length).fill(Number.NaN);
  return { cameraNumber: column(), cameraTime: column(), arrived: column(), arrivedUtc: column() };
}

/** What an index says of them: only columns that say something. */
export function clockArrays(clocks: ClockColumns | undefined): Record<string, NpyArray> {
  if (clocks === undefined) return {};
  const known = keys.filter((key) => clocks[key].some((value) => !Number.isNaN(value)));
  return Object.fromEntries(
    known.map((key): [string, NpyArray] => [
      names[key],
      { dtype: "float64", shape: [clocks[key].length], data: clocks[key] },
    ]),
  );
}

/**
 * What an index says of the clocks.
 * @param array of a name; undefined if there is none.
 * @param length frames of the chunk.
 */
export function clocksOf(array: (name: string) => NpyArray | undefined, length: number): ClockColumns {
  const columns = emptyClocks(length);
  for (const key of keys) {
    const data = array(names[key])?.data;
    if (data instanceof Float64Array) columns[key].set(data.subarray(0, length));
  }
  return columns;
}
