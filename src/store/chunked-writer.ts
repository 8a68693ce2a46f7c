import { ClosedError, DiskFullError } from "../core/errors.js";
import type { FrameClocks, Stamp } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { WriteProgress } from "../core/stream.js";
import type { ChunkWriter } from "./chunk-format.js";
import { ChunkInProgress } from "./chunk-in-progress.js";
import { expectFiles } from "./expect-files.js";
import { type ExtraRow, formatExtraRow, type RowStamp } from "./extra/row.js";
import { chunkPaths, metadataName, paddedNumber } from "./layout.js";
import type { StorePlan } from "./store-plan.js";
import { finishChunk, readUnfinishedChunk } from "./unfinished-chunk.js";

/** How often the disk is asked how full it is, and with durability "second" told to keep what it has; milliseconds. */
const SECOND = 1000;

/** Share of a chunk that is written when the next one is begun. */
const nearlyFull = 0.9;

/** Which frame it is, when it was, and how that is known. */
type ClockedStamp = Stamp & { readonly clocks?: FrameClocks | undefined };

/** What of the chunk at work matters to the next frame. */
export interface ChunkAtWork {
  readonly length: number;
  /** What went wrong: it takes no more frames then. */
  readonly failure: unknown;
}

/** A store that is being written, chunk after chunk, in whatever its frames come as. */
export abstract class ChunkedWriter<P> {
  readonly path: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  /** What frames come back as: a video drops an odd last row and column, encoded pixels are decoded. */
  readonly info: ImageInfo;
  readonly ahead = 8;
  /** The next chunk is made before it is needed: opening an encoder takes as long as many frames. */
  protected readonly beginsAhead: boolean = true;
  readonly #plan: StorePlan;
  #chunk: ChunkInProgress<P> | undefined;
  #nextChunk: number;
  readonly #ownChunks: number[] = [];
  #accepted = 0;
  /** Those of them that have got their index. */
  readonly #finishedChunks: number[] = [];
  /** Chunks on their way to their index. */
  readonly #retired = new Set<ChunkInProgress<P>>();
  /** Frames of chunks that have theirs. */
  #finished = { encoded: 0, flushed: 0, synced: 0, bytes: 0 };
  #last: Stamp | undefined;
  #startTime: number | undefined;
  /** The chunk that comes next, where it has been begun ahead of time. */
  #next: { readonly number: number; readonly chunk: Promise<ChunkInProgress<P>> } | undefined;
  /** The chunk before, on its way to its index. */
  #finishing: Promise<void> = Promise.resolve();
  /** What went wrong behind the caller's back, until he has been told. */
  #untold: unknown;
  #closing: Promise<void> | undefined;
  /** Calls run one after another, though nobody may wait for them. */
  #turn: Promise<unknown> = Promise.resolve();
  #spaceLooked = Number.NEGATIVE_INFINITY;
  readonly #timer: NodeJS.Timeout | undefined;

  protected constructor(plan: StorePlan) {
    this.#plan = plan;
    this.path = plan.path;
    this.uuid = plan.uuid;
    this.info = plan.restored;
    this.#nextChunk = plan.before.nextChunk;
    this.#last = plan.before.last;
    this.#startTime = plan.before.startTime;
    if (plan.options.durability === "second") {
      this.#timer = setInterval(() => this.#chunk?.sync().catch(() => {}), SECOND).unref();
    }
  }

  /** Frames in the store, with those that were there before. */
  get length(): number {
    return this.#plan.before.length + this.#accepted;
  }

  /** Number and time of the last frame; undefined if there is none. */
  get last(): Stamp | undefined {
    return this.#last;
  }

  /** How far the frames that this writer was given have come. */
  get progress(): WriteProgress {
    let { encoded, flushed, synced, bytes } = this.#finished;
    for (const chunk of this.#chunk ? [...this.#retired, this.#chunk] : this.#retired) {
      encoded += chunk.encoded;
      bytes += chunk.bytes;
      flushed += chunk.flushed;
      synced += chunk.synced;
    }
    return { accepted: this.#accepted, encoded, flushed, synced, bytes };
  }

  /**
   * Adds a row of extra data, tied to the frame written last: the keys `frame_number`, `frame_time` and
   * `frame_index` are added to it. Resolves when it is as safe as a frame.
   * @returns the frame it belongs to; undefined for a row without keys, which is not kept.
   * @throws {TypeError} if a value has no JSON spelling.
   */
  async addExtraData(row: ExtraRow): Promise<RowStamp | undefined> {
    this.needOpen();
    if (Object.keys(row).length === 0) return undefined;
    const { safe, stamp } = await this.inTurn(async () => {
      const { number, time } = this.#last ?? { number: Number.NaN, time: Number.NaN };
      const stamp = { number, time, index: this.length - 1 };
      const text = formatExtraRow(row, stamp);
      const chunk = await this.#openChunk();
      return { safe: held(chunk.addRow(text)), stamp };
    });
    await safe.promise;
    return stamp;
  }

  /** Makes every frame whose write has resolved survive a power cut. */
  async sync(): Promise<void> {
    this.needOpen();
    await this.inTurn(async () => {
      await this.#finishing;
      await this.#chunk?.sync();
    });
  }

  /**
   * Closes the chunk at work, and lets others write.
   * @throws {EncodeError} if something could not be written, or what was written has vanished meanwhile.
   */
  close(): Promise<void> {
    this.#closing ??= this.inTurn(async () => {
      clearInterval(this.#timer);
      try {
        // Python opens a store without frames only if its first chunk is there.
        if (this.length === 0 && this.#plan.format.layout === "directory") await this.#openChunk();
        await this.#closeChunks();
        await this.#plan.describe?.({ frames: this.length, rate: this.#rate() });
      } finally {
        await this.#plan.release();
      }
      this.#tell();
      await this.#expectFiles();
    });
    return this.#closing;
  }

  /** Stops, and removes what this writer wrote. Does nothing once it has been closed. */
  abort(): Promise<void> {
    this.#closing ??= this.inTurn(async () => {
      clearInterval(this.#timer);
      await this.#chunk?.abort();
      this.#chunk = undefined;
      await this.#closeChunks();
      await this.#plan.remove(this.#ownChunks);
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Where a frame goes, when its turn comes: into the chunk at work, into a new one, or nowhere. */
  protected abstract placeOf(picture: P, chunk: ChunkAtWork | undefined): "here" | "new" | "nowhere";

  /** Makes the next chunk. */
  protected abstract createChunk(path: string): Promise<ChunkWriter<P>>;

  /**
   * Adds a frame; those of several calls in their order.
   * @param asStored called when its turn comes.
   * @returns true when it is safe, false if it goes nowhere.
   */
  protected async append<Q extends P>(
    { number, time, clocks }: ClockedStamp,
    picture: Q,
    asStored: (picture: Q) => P,
  ): Promise<boolean> {
    this.needOpen();
    // In an object, for a promise that is returned would be waited for.
    const { safe } = await this.inTurn(async () => ({
      safe: await this.#append({ number, time, clocks }, picture, asStored),
    }));
    await safe?.promise;
    return safe !== undefined;
  }

  protected inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  protected needOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError(`store ${this.path}`);
  }

  #tell(): void {
    const error = this.#untold;
    this.#untold = undefined;
    if (error !== undefined) throw error;
  }

  async #append<Q extends P>(
    { number, time, clocks }: ClockedStamp,
    picture: Q,
    asStored: (picture: Q) => P,
  ): Promise<Held | undefined> {
    this.#tell();
    const place = this.placeOf(picture, this.#chunk);
    if (place === "nowhere") return undefined;
    if (place === "new" && this.#chunk !== undefined) {
      // Frames become safe in their order, also from chunk to chunk: there is no hole before a safe one.
      if (this.#chunk.failure === undefined) await this.#chunk.settle();
      this.#retireChunk();
    }
    await this.#keepSpace();
    const chunk = await this.#openChunk();
    await chunk.room();
    const safe = held(chunk.addFrame(asStored(picture), number, time, clocks));
    this.#accepted++;
    this.#last = { number, time };
    this.#startTime ??= time;
    if (this.beginsAhead && chunk.length >= this.#plan.chunkSize * nearlyFull) this.#beginNext();
    return safe;
  }

  async #openChunk(): Promise<ChunkInProgress<P>> {
    if (this.#chunk !== undefined) return this.#chunk;
    const { number, chunk } = this.#next ?? { number: this.#nextChunk, chunk: this.#start(this.#nextChunk) };
    this.#next = undefined;
    this.#chunk = await chunk;
    this.#nextChunk = number + 1;
    this.#ownChunks.push(number);
    return this.#chunk;
  }

  #beginNext(): void {
    const number = this.#nextChunk;
    if (this.#next !== undefined || this.#plan.format.layout !== "video") return;
    this.#next = { number, chunk: this.#start(number) };
    this.#next.chunk.catch(() => {});
  }

  #start(number: number): Promise<ChunkInProgress<P>> {
    const { path, uuid, format, options, files, digest, storeFacts, onFinished } = this.#plan;
    const paths = chunkPaths(path, format.layout, format.extension, number);
    return ChunkInProgress.start(
      {
        ...{ number, paths, files, digest, uuid, storeFacts },
        durability: options.durability,
        // A video without frames is none; an empty folder is a chunk.
        dropIfEmpty: format.layout === "video",
        mend: async () => {
          const store = { root: path, uuid, format, files, digest };
          const left = await readUnfinishedChunk(store, number, false);
          if (left !== undefined) await finishChunk(store, left, storeFacts);
        },
        ...(onFinished && { onFinished }),
      },
      () => this.createChunk(paths.chunk),
    );
  }

  /** Nothing is being written after this. A chunk that was begun ahead of time leaves no trace. */
  async #closeChunks(): Promise<void> {
    this.#retireChunk();
    await this.#finishing;
    const next = this.#next;
    this.#next = undefined;
    // One that could not be begun is nobody's loss.
    await next?.chunk.then((chunk) => chunk.finish()).catch(() => {});
  }

  #expectFiles(): Promise<void> {
    const { path, files, format } = this.#plan;
    const ending = format.layout === "video" ? format.extension : "";
    const chunks = this.#finishedChunks.map((number) => `${paddedNumber(number)}${ending}`);
    return expectFiles(files, path, [metadataName, ...chunks]);
  }

  /** Frames a second, by the times of the first and the last. */
  #rate(): number | undefined {
    const seconds = (this.#last?.time ?? Number.NaN) - (this.#startTime ?? Number.NaN);
    return this.length > 1 && seconds > 0 ? (this.length - 1) / seconds : undefined;
  }

  /** Sends the chunk on its way to its index; the next can be written meanwhile. */
  #retireChunk(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    this.#retired.add(chunk);
    const before = this.#finishing;
    const finish = async (): Promise<void> => {
      await before;
      try {
        await chunk.finish();
        if (chunk.flushed > 0) this.#finishedChunks.push(chunk.number);
      } catch (error) {
        this.#untold ??= error;
      }
      // Frames that failed have been told of, one by one.
      const { encoded, flushed, synced, bytes } = chunk;
      this.#retired.delete(chunk);
      const isDurable = this.#plan.options.durability !== "flush" && chunk.failure === undefined;
      this.#finished = {
        encoded: this.#finished.encoded + encoded,
        bytes: this.#finished.bytes + bytes,
        flushed: this.#finished.flushed + flushed,
        synced: this.#finished.synced + (isDurable ? flushed : synced),
      };
    };
    this.#finishing = finish();
  }

  /** Closes what there is before the disk is full, and refuses more. */
  async #keepSpace(): Promise<void> {
    const { minFree, files, path } = this.#plan;
    if (minFree <= 0 || performance.now() - this.#spaceLooked < SECOND) return;
    const { free } = await files.space(path);
    if (free >= minFree) {
      this.#spaceLooked = performance.now();
      return;
    }
    await this.#closeChunks();
    throw new DiskFullError(path, free, minFree);
  }
}

/** A promise that may wait for its reader without being reported as forgotten. */
interface Held {
  readonly promise: Promise<void>;
}

function held(promise: Promise<void>): Held {
  promise.catch(() => {});
  return { promise };
}
