import { ClosedError, DecodeError, type MareyError, UnsupportedError } from "./errors.js";
import type { IndexedFrame } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";
import type { FrameIndex } from "./frame-index.js";
import type { Image, ImageInfo } from "./image.js";
import { readAhead } from "./read-ahead.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "./stream.js";

/** Something that is not as it should be with a file as a whole; its frames are read all the same. */
export interface SourceProblem {
  readonly path: string;
  readonly message: string;
}

/** Pictures of which each can be read by its rank alone, without those before it. */
export interface RankedPictures {
  /** For errors: "fmf recording". */
  readonly what: string;
  readonly path: string;
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly problems?: readonly SourceProblem[];
  /** Seconds that each frame is shown, where the file says so. */
  readonly duration?: number;
  /** Pictures of a loop that are read at once. @default 2: one is read while another is used */
  readonly ahead?: number;
  /** The picture of that rank, 0 … length - 1. Calls may overlap; each gives a picture of its own. */
  read(rank: number): Promise<Image>;
  /** Plain JSON values. */
  describe(): Record<string, unknown>;
  /** Called once. */
  close(): Promise<void>;
}

/** A source of such pictures, with all that is the same for any of them: addresses, ranges, errors, closing. */
export class RankedSource implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  /** What was found wrong with the file as a whole. */
  readonly problems: readonly SourceProblem[];
  readonly #pictures: RankedPictures;
  #closed: Promise<void> | undefined;

  constructor(pictures: RankedPictures) {
    this.info = pictures.info;
    this.index = pictures.index;
    this.problems = pictures.problems ?? [];
    this.#pictures = pictures;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#checkOpen();
    return await this.#read(this.index.locate(address));
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.index.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    const read = (i: number): Promise<IndexedFrame> => this.#read(start + i * step);
    for await (const frame of readAhead(count, this.#pictures.ahead ?? 2, read)) {
      this.#checkOpen();
      yield frame;
    }
  }

  async #read(rank: number): Promise<IndexedFrame> {
    const { path, duration } = this.#pictures;
    this.#checkOpen();
    const image = await this.#pictures.read(rank).catch((cause: MareyError) => {
      this.#checkOpen();
      if (cause instanceof DecodeError || cause instanceof UnsupportedError) throw cause;
      throw DecodeError.because(cause, path, rank);
    });
    return {
      ...{ index: rank, ...this.index.stamp(rank) },
      ...(duration !== undefined && { duration }),
      ...{ key: true, image },
    };
  }

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError(`${this.#pictures.what} ${this.#pictures.path}`);
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    return this.#pictures.describe();
  }

  close(): Promise<void> {
    this.#closed ??= this.#pictures.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
