import { numberColumn } from "../core/column-index.js";
import type { FrameNumber, Stamp } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";

/** Times and numbers of the frames that a sink has been given. */
export class StampLog {
  readonly #times: number[] = [];
  readonly #numbers: FrameNumber[] = [];

  get count(): number {
    return this.#times.length;
  }

  add({ time, number }: Stamp): void {
    this.#times.push(time);
    this.#numbers.push(number);
  }

  /** Seconds, float64. */
  times(): NpyArray {
    const data = Float64Array.from(this.#times);
    return { dtype: "float64", shape: [data.length], data };
  }

  /** int64; uint64 where one is larger; float64 where one is no whole number. @throws {UnsupportedError} if none holds all. */
  numbers(): NpyArray {
    const column = numberColumn(this.#numbers);
    const isWhole = column instanceof Float64Array && column.every(Number.isSafeInteger);
    const data = isWhole ? BigInt64Array.from(column, BigInt) : column;
    const dtype =
      data instanceof BigInt64Array ? "int64" : data instanceof BigUint64Array ? "uint64" : "float64";
    return { dtype, shape: [data.length], data };
  }
}
