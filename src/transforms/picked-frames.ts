import { ColumnIndex, numberColumn } from "../core/column-index.js";
import { DecodeError } from "../core/errors.js";
import type { IndexedFrame, Stamp } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { ImageInfo } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { type RowFrame, rowFrame, rowFrames } from "./row-frames.js";

/** Some frames of a source, in any order, any of them more than once, at other times if need be. Closing it closes the source. */
export class PickedFrames implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly #source: SeekableSource;
  readonly #ranks: Int32Array;

  /**
   * @param ranks which frame of the source comes when.
   * @param times seconds, one for each. @default those of the frames
   */
  constructor(source: SeekableSource, ranks: Int32Array, times?: Float64Array) {
    this.info = source.info;
    this.#source = source;
    this.#ranks = ranks;
    this.index = new ColumnIndex({
      numbers: numberColumn(Array.from(ranks, (rank) => source.index.number(rank))),
      times: times ?? Float64Array.from(ranks, (rank) => source.index.time(rank)),
    });
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    const index = this.index.locate(address);
    return this.#framed(index, await rowFrame(this.#source, this.#ranks[index]!));
  }

  async *frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    const { start, count, step } = resolveRange(range, this.index.length);
    const wanted = Int32Array.from({ length: count }, (_, place) => this.#ranks[start + place * step]!);
    let place = 0;
    for await (const found of rowFrames(this.#source, wanted)) {
      const index = start + place++ * step;
      let frame: IndexedFrame | undefined;
      try {
        frame = this.#framed(index, found);
      } catch (error) {
        if (!range.onDamage || !(error instanceof DecodeError)) throw error;
        range.onDamage(error);
      }
      if (frame) yield frame;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<IndexedFrame> {
    return this.frames();
  }

  /** Which frame of the source it is, by rank. */
  originOf(index: number): number {
    return this.#ranks[index]!;
  }

  describe(): Record<string, unknown> {
    return this.#source.describe();
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #framed(index: number, found: RowFrame): IndexedFrame {
    // Its own index is told: a frame that cannot be had is one of these frames, too.
    if (!found || found instanceof DecodeError) {
      throw new DecodeError("picked frame", index, found?.message ?? "there is none", { cause: found });
    }
    const { image } = found;
    const stamp: Stamp = this.index.stamp(index);
    return { index, ...stamp, image };
  }
}
