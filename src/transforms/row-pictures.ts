import { ClosedError, DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { FrameRange, SeekableSource } from "../core/stream.js";
import type { AlignedFrames, AlignedSource } from "./align.js";

/** Aligned sources as one: each row is a frame with one picture. */
export class RowPictures<S extends SeekableSource = SeekableSource> implements SeekableSource {
  readonly aligned: AlignedSource<S>;
  readonly info: ImageInfo;
  readonly #paint: (row: AlignedFrames) => Image;
  #closed = false;

  /** @param paint makes a row's picture; throws a `DecodeError` where it cannot. */
  constructor(aligned: AlignedSource<S>, info: ImageInfo, paint: (row: AlignedFrames) => Image) {
    this.aligned = aligned;
    this.info = info;
    this.#paint = paint;
  }

  /** Numbers and times of the rows. */
  get index(): FrameIndex {
    return this.aligned.index;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#needOpen();
    const row = await this.aligned.row(address);
    this.#needOpen();
    return this.#framed(row);
  }

  async *frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    this.#needOpen();
    for await (const row of this.aligned.rows(range)) {
      let frame: IndexedFrame | undefined;
      try {
        frame = this.#framed(row);
      } catch (error) {
        if (!range.onDamage || !(error instanceof DecodeError)) throw error;
        range.onDamage(error);
      }
      if (frame) yield frame;
      this.#needOpen();
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    return this.aligned.describe();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #framed(row: AlignedFrames): IndexedFrame {
    const { index, number, time } = row;
    return { index, number, time, image: this.#paint(row) };
  }

  #needOpen(): void {
    if (this.#closed) throw new ClosedError(`view of ${this.aligned.names.join(", ")}`);
  }
}
