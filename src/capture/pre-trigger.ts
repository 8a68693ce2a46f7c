import type { StampedFrame } from "./frame-stamper.js";

/** The last seconds of a camera, kept in memory for the moment when somebody says "save". */
export class PreTrigger {
  readonly #seconds: number;
  readonly #maxBytes: number;
  #frames: StampedFrame[] = [];
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
  keep(stamped: StampedFrame): number {
    if (this.#seconds <= 0) return 1;
    const { frame } = stamped;
    this.#frames.push(stamped);
    this.#bytes += frame.image.data.byteLength;
    let gone = 0;
    while (gone < this.#frames.length) {
      const { time, image } = this.#frames[gone]!.frame;
      if (frame.time - time <= this.#seconds && this.#bytes <= this.#maxBytes) break;
      this.#bytes -= image.data.byteLength;
      gone++;
    }
    this.#frames.splice(0, gone);
    return gone;
  }

  /** Gives all it has, oldest first, and is empty. */
  take(): StampedFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
