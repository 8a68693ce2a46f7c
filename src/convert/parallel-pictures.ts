import { availableParallelism } from "node:os";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { FrameRange, SeekableSource } from "../core/stream.js";
import type { BoundTransform } from "../transforms/transform-kind.js";
import { type PictureChain, pictureChain, portableStep } from "./parallel-chain.js";
import { ParallelPool } from "./parallel-pool.js";

export interface ParallelOptions {
  /**
   * Threads beside the main one; 0: none. @default one fewer than there are cores, where bending is what takes the time and
   * cores are idle meanwhile; else none
   */
  readonly jobs?: number | undefined;
  /** Stops the threads. */
  readonly signal?: AbortSignal | undefined;
}

/** The first pictures are bent on the main thread: some fill the encoder, the others say what a picture takes. */
const trials = { warm: 24, all: 40 };

/**
 * What makes threads worth it: milliseconds that a picture takes, for to send it there and back costs up to 1; the share of
 * all time that is spent bending; and the share of the cores that reading, bending and encoding (which have threads of their
 * own) keep busy together, beyond which another thread only takes from them.
 */
const worthwhile = { least: 2, bending: 0.5, busy: 0.75 };

/** A frame on its way. */
interface Bending {
  /** As the source gave it; bent once it is done, so that no more is held than is needed. */
  frame: IndexedFrame;
  /** `ours`: a thread could not do it, so that its error is found on this one. */
  state: "waiting" | "away" | "ours" | "done";
  error?: unknown;
  /** Resolves when a thread is done with it. */
  away?: Promise<void>;
}

/**
 * A source seen through picture transforms, as `bend` shows it, but for `frames()` in several threads: the pictures are the
 * same, and come in the same order. The main thread lends a hand when it would have to wait. Closing it ends the threads.
 */
export class ParallelPictures implements SeekableSource {
  readonly info: ImageInfo;
  /** What comes out of each transform. */
  readonly infos: readonly ImageInfo[];
  readonly index: FrameIndex;
  readonly #source: SeekableSource;
  readonly #transforms: readonly BoundTransform[];
  readonly #options: ParallelOptions;
  readonly #chain: PictureChain;
  /** "none": it is not worth it, or cannot be. Undefined: not yet known. */
  #pool: ParallelPool | "none" | undefined;
  /** What the first pictures took: milliseconds of bending, and when all began. */
  readonly #tried = { pictures: 0, took: 0, began: 0, busy: process.cpuUsage() };

  /** @param transforms all have `pictures`. @throws {TransformError} if they cannot be done to such pictures. */
  constructor(source: SeekableSource, transforms: readonly BoundTransform[], options: ParallelOptions = {}) {
    this.#source = source;
    this.#transforms = transforms;
    this.#options = options;
    this.#chain = pictureChain(transforms, source.info);
    this.infos = this.#chain.infos;
    this.info = this.infos.at(-1) ?? source.info;
    this.index = source.index;
    const mostJobs = options.jobs ?? availableParallelism() - 1;
    if (mostJobs < 1 || transforms.some((each) => portableStep(each) === undefined)) this.#pool = "none";
    else if (options.jobs !== undefined) this.#pool = this.#hire(mostJobs);
  }

  /** Threads at work beside the main one. */
  get threads(): number {
    return this.#pool instanceof ParallelPool ? this.#pool.count : 0;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    const frame = await this.#source.frame(address);
    return { ...frame, image: this.#chain.bend(frame.image, frame) };
  }

  async *frames(range?: FrameRange): AsyncGenerator<IndexedFrame> {
    const upstream = this.#source.frames(range)[Symbol.asyncIterator]();
    try {
      while (!(this.#pool instanceof ParallelPool)) {
        const { done, value } = await upstream.next();
        if (done) return;
        yield {
          ...value,
          image: this.#pool === "none" ? this.#chain.bend(value.image, value) : this.#try(value),
        };
      }
      yield* this.#inThreads(upstream, this.#pool);
    } finally {
      await upstream.return?.();
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    return this.#source.describe();
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = "none";
    if (pool instanceof ParallelPool) await pool.close();
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #hire(count: number): ParallelPool {
    const steps = this.#transforms.map((each) => portableStep(each)!);
    return new ParallelPool(count, { steps, info: this.#source.info }, this.#options.signal);
  }

  /** Bends a picture, and hires threads once it is known to be worth it. */
  #try(frame: IndexedFrame): Image {
    const tried = this.#tried;
    const began = performance.now();
    if (tried.pictures++ === trials.warm) Object.assign(tried, { took: 0, began, busy: process.cpuUsage() });
    const image = this.#chain.bend(frame.image, frame);
    tried.took += performance.now() - began;
    if (tried.pictures === trials.all) {
      this.#pool = this.#isWorthIt() ? this.#hire(availableParallelism() - 1) : "none";
    }
    return image;
  }

  #isWorthIt(): boolean {
    const { took, began, busy } = this.#tried;
    const { user, system } = process.cpuUsage(busy);
    const all = performance.now() - began;
    // Microseconds of processor, of those that all cores had.
    const share = (user + system) / 1000 / (all * availableParallelism());
    const typical = took / (trials.all - trials.warm);
    return typical >= worthwhile.least && took >= worthwhile.bending * all && share <= worthwhile.busy;
  }

  /** On this thread. An error is told in its turn. */
  #bend(bending: Bending): void {
    try {
      const { frame } = bending;
      bending.frame = { ...frame, image: this.#chain.bend(frame.image, frame) };
    } catch (error) {
      bending.error = error;
    }
    bending.state = "done";
  }

  async *#inThreads(upstream: AsyncIterator<IndexedFrame>, pool: ParallelPool): AsyncGenerator<IndexedFrame> {
    const queue: Bending[] = [];
    // Enough that neither the threads nor this one wait for each other.
    const most = pool.room + 2;
    let reading: Promise<void> | undefined;
    let isOver = false;
    let failure: { readonly error: unknown } | undefined;
    const handOut = (): void => {
      for (const each of queue) {
        if (!pool.hasRoom) return;
        if (each.state === "waiting") send(each);
      }
    };
    const send = (bending: Bending): void => {
      bending.state = "away";
      bending.away = pool.bend(bending.frame.image, bending.frame).then((image) => {
        if (image) bending.frame = { ...bending.frame, image };
        bending.state = image ? "done" : "ours";
        handOut();
      });
      bending.away.catch(() => {});
    };
    const read = async (): Promise<void> => {
      try {
        const { done, value } = await upstream.next();
        if (done) isOver = true;
        else queue.push({ frame: value, state: "waiting" });
      } catch (error) {
        // Told behind the frames that came before it.
        [failure, isOver] = [{ error }, true];
      }
      reading = undefined;
      handOut();
    };
    for (;;) {
      if (!isOver && reading === undefined && queue.length < most) reading = read();
      const head = queue[0];
      if (head?.state === "done") {
        queue.shift();
        if ("error" in head) throw head.error;
        yield head.frame;
      } else if (head === undefined) {
        if (failure) throw failure.error;
        if (isOver) return;
        await reading;
      } else {
        const free = queue.find(({ state }) => state === "waiting" || state === "ours");
        if (free) {
          this.#bend(free);
          // What the threads have sent is heard between two pictures.
          await new Promise(setImmediate);
        } else await Promise.race([head.away, ...(reading ? [reading] : [])]);
      }
    }
  }
}
