import { FileFormatError } from "../core/errors.js";
import { decodeLogEntry } from "./log-entry.js";

/** When each frame of a camera was, as ataraxis' DataLogger wrote it down. */
export interface CameraLog {
  /** Number of the camera among all sources, 0 … 255. */
  readonly source: number;
  /** When the log began, microseconds since 1970 UTC. */
  readonly onset: bigint;
  /** One a frame, in the order of the video: microseconds since 1970 UTC. */
  readonly times: BigUint64Array;
  /** Messages after the onset that are no frames. */
  readonly others: number;
}

const highest = 2n ** 64n - 1n;

/**
 * Makes a log of its messages, given in order. Those before the onset, which is the first that counts 0 microseconds, are
 * left out; a frame is a message without a payload.
 */
export class CameraLogBuilder {
  readonly #path: string;
  #source = 0;
  #onset: bigint | undefined;
  #times = new BigUint64Array(1024);
  #frames = 0;
  #others = 0;

  /** @param path named in errors only. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param file the `.npy` file of one message. @param name of it.
   * @throws {FileFormatError} if it is none, or an onset without a time.
   */
  add(file: Uint8Array, name: string): void {
    const { source, elapsed, payload } = decodeLogEntry(file, `${this.#path} (${name})`);
    if (this.#onset === undefined) {
      if (elapsed !== 0n) return;
      if (payload.length !== 8) {
        const found = `the onset holds ${payload.length} bytes where 8 say the time`;
        throw new FileFormatError(`${this.#path} (${name})`, found);
      }
      this.#source = source;
      this.#onset = new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0, true);
    } else if (payload.length > 0) this.#others++;
    else this.#addFrame(this.#onset + elapsed, name);
  }

  #addFrame(time: bigint, name: string): void {
    if (time > highest) {
      throw new FileFormatError(`${this.#path} (${name})`, `its time, ${time} µs, is beyond 64 bits`);
    }
    if (this.#frames === this.#times.length) {
      const longer = new BigUint64Array(2 * this.#frames);
      longer.set(this.#times);
      this.#times = longer;
    }
    this.#times[this.#frames++] = time;
  }

  /** @throws {FileFormatError} if there was no onset: nobody knows when the frames were. */
  finish(): CameraLog {
    if (this.#onset === undefined) {
      throw new FileFormatError(
        this.#path,
        "has no onset: no message of 0 microseconds that says when the log began",
      );
    }
    const times = this.#times.slice(0, this.#frames);
    return { source: this.#source, onset: this.#onset, times, others: this.#others };
  }
}
