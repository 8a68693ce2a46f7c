import type { Frame } from "./frame.js";
import type { FrameSink } from "./stream.js";

/**
 * Feeds a sink as fast as it can take frames: as many writes are on their way at once as it says (`ahead`), and the
 * next waits for the first of them. So a sink that tells late that a frame is safe is never idle.
 */
export class WriteAhead {
  readonly #sink: FrameSink;
  readonly #pending: Promise<void>[] = [];
  #written = 0;
  readonly #onWritten: ((written: number) => void) | undefined;

  /** @param onWritten called after each frame that is written, with their number. */
  constructor(sink: FrameSink, onWritten?: (written: number) => void) {
    this.#sink = sink;
    this.#onWritten = onWritten;
  }

  /** Frames that the sink has written. */
  get written(): number {
    return this.#written;
  }

  /**
   * Resolves when there is room for the next frame.
   * @throws what the sink throws, for this frame or one before.
   */
  async write(frame: Frame): Promise<void> {
    const writing = this.#sink.write(frame);
    // Its error is told when its turn comes.
    writing.catch(() => {});
    this.#pending.push(writing);
    while (this.#pending.length > (this.#sink.ahead ?? 0)) await this.#first();
  }

  /** Resolves when all frames are written. */
  async finish(): Promise<void> {
    while (this.#pending.length > 0) await this.#first();
  }

  async #first(): Promise<void> {
    await this.#pending.shift();
    this.#written++;
    this.#onWritten?.(this.#written);
  }
}
