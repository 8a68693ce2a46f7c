import type { Frame } from "../core/frame.js";
import { bytesOf, type Captured } from "./captured.js";
import type { StampedFrame } from "./frame-stamper.js";

/**
 * The last seconds of a camera, kept in memory for the moment when somebody says "save". Packets are saved from the first
 * keyframe among them on.
 */
export class PreTrigger<F extends Captured = Frame> {
  readonly #seconds: number;
  readonly #maxBytes: number;
  #frames: StampedFrame<F>[] = [];
  #bytes = 0;

  /**
   * @param seconds 0 keeps nothing.
   * @param maxBytes of pixels: it bounds the memory, whatever `seconds` says.
   */
  constructor(seconds: number, maxBytes: number) {
    this.#seconds = seconds;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** @returns frames that it lets go. */
  keep(stamped: StampedFrame<F>): number {
    if (this.#seconds <= 0) return 1;
    const { frame } = stamped;
    this.#frames.push(stamped);
    this.#bytes += bytesOf(frame);
    let gone = 0;
    while (gone < this.#frames.length) {
      const oldest = this.#frames[gone]!.frame;
      if (frame.time - oldest.time <= this.#seconds && this.#bytes <= this.#maxBytes) break;
      this.#bytes -= bytesOf(oldest);
      gone++;
    }
    this.#frames.splice(0, gone);
    return gone;
  }

  /** Gives all it has, oldest first, and is empty. */
  take(): StampedFrame<F>[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
