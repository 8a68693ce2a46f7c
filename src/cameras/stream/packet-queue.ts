import type { CodedFrame } from "../../core/coded-frame.js";

interface Waiting extends CodedFrame {
  readonly arrived: number;
}

/** Bytes that may wait, whatever the backlog. */
const MOST_BYTES = 2 ** 26;

/**
 * Frames between the network, which cannot wait, and a reader. Bounded in time and bytes: when it is full, frames are
 * dropped up to a keyframe for which there is room, since none between decodes.
 */
export class PacketQueue<F extends Waiting> {
  readonly #backlog: number;
  #frames: F[] = [];
  #bytes = 0;
  #isDropping = false;
  #dropped = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** @param backlog seconds, by arrival. */
  constructor(backlog: number) {
    this.#backlog = backlog;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Never waits. @param isFresh the newest frames are wanted: what waits makes room for a keyframe. */
  offer(frame: F, isFresh: boolean): void {
    if (this.#end !== undefined) return;
    if (isFresh && frame.isKey && !this.#fits(frame)) this.#clear();
    if (!this.#fits(frame)) this.#isDropping = true;
    else if (frame.isKey) this.#isDropping = false;
    if (this.#isDropping) {
      this.#dropped++;
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.data.length;
    this.#wake?.();
  }

  /** The next frame; undefined at the end. One caller at a time. @throws what `finish` was given. */
  async take(): Promise<F | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        this.#bytes -= frame.data.length;
        return frame;
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** No more will come; what waits can still be taken. */
  finish(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  /** As `finish`, and what waits is dropped. */
  stop(): void {
    this.#clear();
    this.#end = {};
    this.#wake?.();
  }

  #fits(frame: F): boolean {
    const [first] = this.#frames;
    if (first === undefined) return true;
    return frame.arrived - first.arrived <= this.#backlog && this.#bytes + frame.data.length <= MOST_BYTES;
  }

  #clear(): void {
    this.#dropped += this.#frames.length;
    this.#frames = [];
    this.#bytes = 0;
  }
}
