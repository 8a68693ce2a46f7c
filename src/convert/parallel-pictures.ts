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
   * Threads beside the main one; 0: none. @default one fewer than there are cores, where a picture takes more than 2 ms to
   * bend; else none
   */
  readonly jobs?: number | undefined;
  /** Stops the threads. */
  readonly signal?: AbortSignal | undefined;
}

/** The first pictures are bent on the main thread: the very first warms up, the others say what a picture takes. */
const trials = 5;

/** Milliseconds that a picture has to take: to send it to a thread and back costs up to 1. */
const worthwhile = 2;

/** A frame on its way. */
interface Bending {
  readonly frame: IndexedFrame;
  /** `ours`: a thread could not do it, so that its error is found on this one. */
  state: "waiting" | "away" | "ours" | "done";
  image?: Image;
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
  /** Milliseconds that the first pictures took. */
  readonly #took: number[] = [];

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
    const began = performance.now();
    const image = this.#chain.bend(frame.image, frame);
    this.#took.push(performance.now() - began);
    if (this.#took.length === trials) {
      const typical = this.#took.slice(1).sort((a, b) => a - b)[(trials - 1) >> 1]!;
      this.#pool = typical < worthwhile ? "none" : this.#hire(availableParallelism() - 1);
    }
    return image;
  }

  /** On this thread. An error is told in its turn. */
  #bend(bending: Bending): void {
    try {
      bending.image = this.#chain.bend(bending.frame.image, bending.frame);
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
        if (image) bending.image = image;
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
        if (!head.image) throw head.error;
        yield { ...head.frame, image: head.image };
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
