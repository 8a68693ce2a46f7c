import { FileFormatError, UnsupportedError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";

/** When each frame of a source was: what is written into files of times. */
export interface FrameTimes {
  readonly length: number;
  /** The camera's own number; NaN where there is none. */
  number(frame: number): FrameNumber;
  /** Seconds, as the index has them; NaN where unknown. */
  time(frame: number): number;
  /** Whole microseconds; undefined where unknown. */
  microseconds(frame: number): bigint | undefined;
}

/** The times of an index, rounded to microseconds. */
export function timesOfIndex(index: FrameIndex): FrameTimes {
  return {
    length: index.length,
    number: (frame) => index.number(frame),
    time: (frame) => index.time(frame),
    microseconds: (frame) => toMicroseconds(index.time(frame)),
  };
}

/** Times that are whole microseconds from the start, as logs have them; frames are numbered 0, 1, 2 … */
export function timesOfMicroseconds(times: BigUint64Array): FrameTimes {
  return {
    length: times.length,
    number: (frame) => frame,
    time: (frame) => Number(times[frame]! / 1_000_000n) + Number(times[frame]! % 1_000_000n) / 1e6,
    microseconds: (frame) => times[frame]!,
  };
}

/** Rounded once: seconds since 1970 hold microseconds, their millionfold may not. */
function toMicroseconds(seconds: number): bigint | undefined {
  if (!Number.isFinite(seconds)) return undefined;
  const whole = Math.floor(seconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((seconds - whole) * 1e6));
}

/**
 * All times as unsigned microseconds, as the peer's files have them.
 * @throws {FileFormatError} if a time is not known; {UnsupportedError} if it is below 0 or beyond 64 bits.
 */
export function unsignedMicroseconds(times: FrameTimes, path: string): BigUint64Array {
  const { values, known } = microsecondColumn(times);
  const missing = known.indexOf(false);
  if (missing >= 0) throw new FileFormatError(path, `nobody knows when frame ${missing} was`);
  return values;
}

/** Unsigned microseconds, 0 where unknown. @throws {UnsupportedError} for times below 0 or beyond 64 bits. */
export function microsecondColumn(times: FrameTimes): {
  readonly values: BigUint64Array;
  readonly known: readonly boolean[];
} {
  const values = new BigUint64Array(times.length);
  const known = new Array<boolean>(times.length).fill(true);
  for (let frame = 0; frame < times.length; frame++) {
    const time = times.microseconds(frame);
    if (time === undefined) known[frame] = false;
    else if (time < 0n || time >= 2n ** 64n) {
      throw new UnsupportedError("time in unsigned microseconds", `${time} µs of frame ${frame}`);
    } else values[frame] = time;
  }
  return { values, known };
}
