import type { NativeFrame } from "./ffmpeg/decoder.js";

/**
 * Decoded pictures by frame index, bounded in bytes of picture memory; the least recently used goes first. It owns
 * what it holds.
 */
export class FrameCache {
  readonly #limit: number;
  /** In order of use: JavaScript's maps remember the order of insertion. */
  readonly #frames = new Map<number, NativeFrame>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(index: number): boolean {
    return this.#frames.has(index);
  }

  get(index: number): NativeFrame | undefined {
    const frame = this.#frames.get(index);
    if (!frame) return undefined;
    this.#frames.delete(index);
    this.#frames.set(index, frame);
    return frame;
  }

  /** Takes a picture over if there is room for it, and lets it go if not. */
  offer(index: number, frame: NativeFrame): void {
    if (this.#frames.has(index) || this.#bytes + frame.bytes > this.#limit) frame.release();
    else this.put(index, frame);
  }

  /** Takes a picture over, in the place of older ones. It stays even if it alone is larger than the limit. */
  put(index: number, frame: NativeFrame): void {
    this.#drop(index);
    this.#frames.set(index, frame);
    this.#bytes += frame.bytes;
    for (const oldest of this.#frames.keys()) {
      if (this.#bytes <= this.#limit || oldest === index) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    for (const index of [...this.#frames.keys()]) this.#drop(index);
  }

  #drop(index: number): void {
    const frame = this.#frames.get(index);
    if (!frame) return;
    this.#frames.delete(index);
    this.#bytes -= frame.bytes;
    frame.release();
  }
}
