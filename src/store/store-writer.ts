import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toColor } from "../core/color.js";
import { ClosedError, EncodeError, FrameMismatchError } from "../core/errors.js";
import type { Frame, FrameNumber } from "../core/frame.js";
import { describeImage, describeMismatch, type Image, type ImageInfo, imageBytes } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import type { ChunkFormat, ChunkWriteOptions, ChunkWriter } from "./chunk-format.js";
import { type ExtraRow, formatExtraRow } from "./extra-data.js";
import { chunkPaths, lockName } from "./layout.js";
import { encodeChunkIndex } from "./store-index.js";

/** What a new store is; see `createStore`. */
export interface StorePlan {
  /** Its folder, which is there. */
  readonly path: string;
  readonly uuid: string;
  readonly format: ChunkFormat;
  /** What frames are as they are offered. */
  readonly offered: ImageInfo;
  /** What is stored of them. */
  readonly stored: ImageInfo;
  /** Frames a chunk. */
  readonly chunkSize: number;
  readonly options: ChunkWriteOptions;
  /** Removes all of the store; for `abort`. */
  remove(): Promise<void>;
}

interface OpenChunk {
  readonly number: number;
  readonly writer: ChunkWriter;
  readonly numbers: FrameNumber[];
  readonly times: number[];
  readonly rows: string[];
  readonly pending: Set<Promise<void>>;
  /** Rank of the first frame that could not be written: those from there on are not in the chunk's index. */
  failedAt: number;
}

/**
 * A store that is being written. Comes from `createStore`.
 *
 * Encoding runs beside the caller, a few frames at once; an error shows at the next `write` or at `close`. A chunk
 * becomes readable when it is full, by its index, which is the last thing written and appears whole or not at all.
 */
export class StoreWriter implements FrameSink {
  readonly path: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  /** What frames come back as: a video drops an odd last row and column. */
  readonly info: ImageInfo;
  readonly #plan: StorePlan;
  #chunk: OpenChunk | undefined;
  #written = 0;
  #last: { readonly number: FrameNumber; readonly time: number } = { number: Number.NaN, time: Number.NaN };
  #error: unknown;
  /** The caller knows of the error, so `close` need not tell it again. */
  #told = false;
  #closing: Promise<void> | undefined;
  /** Calls run one after another, though nobody may wait for them. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(plan: StorePlan) {
    this.#plan = plan;
    this.path = plan.path;
    this.uuid = plan.uuid;
    this.info = plan.stored;
  }

  /** Frames written so far. */
  get length(): number {
    return this.#written;
  }

  async write(frame: Frame): Promise<void> {
    this.#needUsable();
    const { offered } = this.#plan;
    const mismatch = describeMismatch(offered, frame.image);
    if (mismatch !== undefined || offered.color !== frame.image.color) {
      throw new FrameMismatchError(describeImage(offered), describeImage(frame.image));
    }
    if (frame.image.data.byteLength !== imageBytes(offered)) {
      throw new FrameMismatchError(`${imageBytes(offered)} bytes`, `${frame.image.data.byteLength} bytes`);
    }
    if (typeof frame.number !== "bigint" && typeof frame.number !== "number") {
      throw new FrameMismatchError("a frame number", typeof frame.number);
    }
    await this.#inTurn(() => this.#append(frame));
  }

  /**
   * Adds a row of extra data, tied to the frame written last: the keys `frame_number`, `frame_time` and
   * `frame_index` are added to it.
   * @throws {TypeError} if a value has no JSON spelling.
   */
  async addExtraData(row: ExtraRow): Promise<void> {
    this.#needUsable();
    if (Object.keys(row).length === 0) return;
    await this.#inTurn(async () => {
      const text = formatExtraRow(row, { ...this.#last, index: this.#written - 1 });
      const chunk = await this.#openChunk();
      chunk.rows.push(text);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      try {
        // Python opens a store without frames only if its first chunk is there.
        if (this.#written === 0 && this.#plan.format.layout === "directory") await this.#openChunk();
        await this.#finishChunk();
      } finally {
        await rm(join(this.path, lockName), { force: true });
      }
      if (!this.#told) this.#tellError();
    });
    return this.#closing;
  }

  /** Stops, and removes the store. Does nothing once it has been closed. */
  abort(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      const chunk = this.#chunk;
      this.#chunk = undefined;
      await Promise.allSettled(chunk?.pending ?? []);
      await chunk?.writer.abort();
      await this.#plan.remove();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  #needUsable(): void {
    if (this.#closing !== undefined) throw new ClosedError(`store ${this.path}`);
    this.#tellError();
  }

  #tellError(): void {
    if (this.#error === undefined) return;
    this.#told = true;
    throw this.#error;
  }

  async #append({ image, number, time }: Frame): Promise<void> {
    this.#tellError();
    if (this.#chunk !== undefined && this.#chunk.times.length >= this.#plan.chunkSize) {
      await this.#finishChunk();
      this.#tellError();
    }
    const chunk = await this.#openChunk();
    const rank = chunk.times.length;
    const stored = inStoredColor(image, this.#plan.stored);
    const pending = chunk.writer.write(stored, time).catch((error: unknown) => {
      chunk.failedAt = Math.min(chunk.failedAt, rank);
      this.#error ??= error;
    });
    chunk.numbers.push(number);
    chunk.times.push(time);
    this.#written++;
    this.#last = { number, time };
    const done = pending.finally(() => chunk.pending.delete(done));
    chunk.pending.add(done);
    if (chunk.pending.size >= chunk.writer.concurrency) await Promise.race(chunk.pending);
    this.#tellError();
  }

  async #openChunk(): Promise<OpenChunk> {
    if (this.#chunk !== undefined) return this.#chunk;
    const { format, stored, chunkSize, options } = this.#plan;
    const number = Math.floor(this.#written / chunkSize);
    const { chunk } = chunkPaths(this.path, format.layout, format.extension, number);
    this.#chunk = {
      number,
      writer: await format.createChunk(chunk, stored, options),
      numbers: [],
      times: [],
      rows: [],
      pending: new Set(),
      failedAt: Number.POSITIVE_INFINITY,
    };
    return this.#chunk;
  }

  /** Waits for the chunk's pictures, closes it, and makes it readable. What goes wrong is kept for the caller. */
  async #finishChunk(): Promise<void> {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    const { layout, extension } = this.#plan.format;
    const isVideo = layout === "video";
    await Promise.all(chunk.pending);
    try {
      // A video without frames is none.
      await (isVideo && chunk.times.length === 0 ? chunk.writer.abort() : chunk.writer.close());
    } catch (error) {
      // A video that did not become whole is no chunk; pictures stand each for itself.
      if (isVideo) chunk.failedAt = 0;
      this.#error ??= error;
    }
    const count = Math.min(chunk.times.length, chunk.failedAt);
    const paths = chunkPaths(this.path, layout, extension, chunk.number);
    try {
      if (chunk.rows.length > 0) await writeInPlace(paths.extraJson, `[${chunk.rows.join(", ")}]`);
      if (count > 0 || !isVideo) {
        const index = encodeChunkIndex(chunk.numbers.slice(0, count), chunk.times.slice(0, count));
        await writeInPlace(paths.indexNpz, index);
      }
    } catch (error) {
      this.#error ??= error;
    }
  }
}

/**
 * Writes a file under another name first: under its own it is whole, or not there.
 * @throws {EncodeError} if it cannot be written.
 */
export async function writeInPlace(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.part`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new EncodeError(path, `cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Stores hold colour as BGR. */
function inStoredColor(image: Image, stored: ImageInfo): Image {
  return image.color === "rgb" && stored.color === "bgr" ? toColor(image, "bgr") : image;
}
