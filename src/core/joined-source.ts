import { ClosedError, DecodeError, FileFormatError } from "./errors.js";
import type { IndexedFrame } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";
import type { FrameIndex } from "./frame-index.js";
import type { ImageInfo } from "./image.js";
import type { SourceProblem } from "./ranked-source.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "./stream.js";

/** One of several sources that are one recording. */
export interface JoinedPart {
  /** For errors. */
  readonly path: string;
  /** Frames that it must turn out to have. */
  readonly length: number;
  open(): Promise<SeekableSource>;
}

export interface JoinedSourceOptions {
  /** For errors: "Miniscope recording". */
  readonly what: string;
  readonly path: string;
  readonly info: ImageInfo;
  /** One stamp for each frame of all parts. */
  readonly index: FrameIndex;
  readonly problems: readonly SourceProblem[];
  /** Plain JSON values. */
  describe(): Record<string, unknown>;
}

/** Parts that stay open, besides those that are being read. */
const keptOpen = 2;

/** Several sources one behind the other, such as the videos that a recorder began every so many frames. */
export class JoinedSource implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly problems: readonly SourceProblem[];
  readonly #options: JoinedSourceOptions;
  readonly #parts: readonly JoinedPart[];
  /** Rank of the first frame of each part. */
  readonly #firsts: readonly number[];
  /** From the one used longest ago to the latest. */
  readonly #opened = new Map<number, { readonly source: Promise<SeekableSource>; users: number }>();
  #isClosed = false;

  constructor(parts: readonly JoinedPart[], options: JoinedSourceOptions) {
    let first = 0;
    this.#firsts = parts.map(({ length }) => {
      first += length;
      return first - length;
    });
    if (first !== options.index.length) {
      throw new RangeError(`${first} frames, but stamps for ${options.index.length}`);
    }
    this.#parts = parts;
    this.#options = options;
    this.info = options.info;
    this.index = options.index;
    this.problems = options.problems;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#checkOpen();
    const rank = this.index.locate(address);
    const part = this.#partOf(rank);
    return await this.#using(part, rank, async (source) => {
      const frame = await source.frame({ index: rank - this.#firsts[part]! });
      this.#checkOpen();
      return this.#framed(part, frame);
    });
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.index.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    for (let done = 0; done < count; ) {
      const rank = start + done * step;
      const part = this.#partOf(rank);
      const { length } = this.#parts[part]!;
      const inPart = rank - this.#firsts[part]!;
      const left = Math.floor((step > 0 ? length - 1 - inPart : inPart) / Math.abs(step)) + 1;
      const taken = Math.min(left, count - done);
      const end = inPart + taken * step;
      const opened = await this.#acquire(part, rank);
      try {
        const frames = opened.frames({ start: inPart, step, ...(end >= 0 && { stop: end }) });
        for await (const frame of frames) {
          this.#checkOpen();
          done++;
          yield this.#framed(part, frame);
          this.#checkOpen();
        }
      } catch (error) {
        throw this.#inPart(error, start + done * step);
      } finally {
        await this.#release(part);
      }
    }
  }

  async #using<T>(part: number, rank: number, use: (source: SeekableSource) => Promise<T>): Promise<T> {
    const source = await this.#acquire(part, rank);
    try {
      return await use(source);
    } catch (error) {
      throw this.#inPart(error, rank);
    } finally {
      await this.#release(part);
    }
  }

  #inPart(error: unknown, rank: number): unknown {
    if (this.#isClosed) return new ClosedError(`${this.#options.what} ${this.#options.path}`);
    if (!(error instanceof DecodeError)) return error;
    return new DecodeError(this.#options.path, rank, error.message, { cause: error });
  }

  async #acquire(part: number, rank: number): Promise<SeekableSource> {
    this.#checkOpen();
    const opened = this.#opened.get(part) ?? { source: this.#open(part), users: 0 };
    this.#opened.delete(part);
    this.#opened.set(part, opened);
    opened.users++;
    try {
      return await opened.source;
    } catch (cause) {
      opened.users--;
      if (this.#opened.get(part) === opened) this.#opened.delete(part);
      throw DecodeError.because(cause, this.#options.path, rank);
    }
  }

  async #open(part: number): Promise<SeekableSource> {
    const { path, length, open } = this.#parts[part]!;
    const source = await open();
    const found = source.index.length;
    if (found === length) return source;
    await source.close();
    throw new FileFormatError(path, `has ${found} frames, but says ${length}`);
  }

  async #release(part: number): Promise<void> {
    const used = this.#opened.get(part);
    if (used) used.users--;
    if (this.#isClosed) return;
    for (const [oldest, { source, users }] of this.#opened) {
      if (this.#opened.size <= keptOpen) return;
      if (users > 0) continue;
      this.#opened.delete(oldest);
      await (await source).close();
    }
  }

  #partOf(rank: number): number {
    return this.#firsts.findLastIndex((first) => first <= rank);
  }

  #framed(part: number, frame: IndexedFrame): IndexedFrame {
    const { key, image } = frame;
    const index = this.#firsts[part]! + frame.index;
    return { index, ...this.index.stamp(index), ...(key !== undefined && { key }), image };
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError(`${this.#options.what} ${this.#options.path}`);
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    return this.#options.describe();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(opened.map(async ({ source }) => (await source.catch(() => undefined))?.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
