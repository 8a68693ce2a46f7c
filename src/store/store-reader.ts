import { basename } from "node:path";
import type { Table } from "apache-arrow";
import { ClosedError, DecodeError, MareyError, UnsupportedError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import { type Image, type ImageInfo, imageBytes } from "../core/image.js";
import { readAhead } from "../core/read-ahead.js";
import {
  type FrameRange,
  type FrameRun,
  framesPastDamage,
  resolveRange,
  type SeekableSource,
} from "../core/stream.js";
import type { ChunkFormat, ChunkReader } from "./chunk-format.js";
import { type ClockColumns, emptyClocks, putClocks, sliceClocks } from "./clock-columns.js";
import {
  type ExtraOptions,
  type ExtraPlace,
  findExtraFiles,
  readExtra,
  readExtraRows,
  readSampleRate,
} from "./extra/read-extra.js";
import type { ExtraRow } from "./extra/row.js";
import { type ChunkSlice, chunkOf, chunkSlices } from "./layout.js";
import { readChunkClocks } from "./read-clocks.js";
import { ReaderCache } from "./reader-cache.js";
import type { StoreMetadata } from "./store-metadata.js";
import type { StoreProblem, StoreProblems } from "./store-problems.js";

/** A chunk that holds frames. */
export interface StoreChunk {
  readonly number: number;
  /** Its folder or video file. */
  readonly path: string;
  /** Frame index of its first frame. */
  readonly start: number;
  /** Frames in it, by its index. */
  readonly count: number;
}

/** All that is known of a store once it has been looked through; see `openStore`. */
export interface StoreContents {
  /** Real path of its folder. */
  readonly path: string;
  readonly metadata: StoreMetadata;
  readonly format: ChunkFormat;
  /** What the chunks hold, by the metadata. */
  readonly stored: ImageInfo;
  /** What frames are, by the metadata. */
  readonly info: ImageInfo;
  /**
   * A picture of a chunk as a frame has it.
   * @throws {UnsupportedError} if the store's encoding is not known, or the picture cannot be of it.
   */
  decode(image: Image): Image;
  readonly index: FrameIndex;
  /** Frame index of the first frame of each chunk that holds frames, and the number of all frames at the end. */
  readonly starts: Float64Array;
  /** The chunk at a place among them. */
  readonly chunk: (entry: number) => StoreChunk;
  /** Opens a chunk by its journal, if there is one; for a video that cannot be opened as it is. */
  openAsLeft(number: number): Promise<ChunkReader | undefined>;
  /** Numbers of all chunks, with those that are empty or have no index. */
  readonly allChunks: readonly number[];
  readonly created: Date;
  readonly timezone: () => string;
  /** Grows while the store is read. */
  readonly problems: StoreProblems;
}

/** Chunks that single frames are read from stay open, this many. */
const openChunks = 4;
/**
 * Pictures that are on their way at once when a directory store is read through: enough to keep all cores busy, and
 * few where they are large, so that they stay in the cache.
 */
const picturesAhead = { most: 8, least: 4, bytes: 2 ** 24 };

/** A store, open for reading. Comes from `openStore`. */
export class StoreReader implements SeekableSource {
  /** Real path of its folder. */
  readonly path: string;
  /** What frames are, by the metadata; a frame whose file says otherwise says so itself. */
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly metadata: StoreMetadata;
  /** What its chunks are written in. */
  readonly format: ChunkFormat;
  /** What the user wrote into the metadata. */
  readonly userMetadata: Readonly<Record<string, unknown>>;
  /** 32 hexadecimal digits; undefined in some old stores. */
  readonly uuid: string | undefined;
  /** When the store was made; in old stores by the name of its folder, or the date of its metadata. */
  readonly created: Date;
  readonly #contents: StoreContents;
  readonly #starts: Float64Array;
  readonly #readers: ReaderCache;
  /** Chunks whose length has been compared with their index. */
  readonly #compared = new Set<number>();
  #chunks: readonly StoreChunk[] | undefined;
  #closed = false;

  constructor(contents: StoreContents) {
    this.#contents = contents;
    this.path = contents.path;
    this.info = contents.info;
    this.index = contents.index;
    this.metadata = contents.metadata;
    this.format = contents.format;
    this.userMetadata = contents.metadata.user;
    this.uuid = contents.metadata.uuid;
    this.created = contents.created;
    this.#starts = contents.starts;
    this.#readers = new ReaderCache((entry) => this.#open(entry), openChunks);
  }

  /** IANA name of the zone it was made in. */
  get timezone(): string {
    return this.#contents.timezone();
  }

  /** Chunks that hold frames, in order. */
  get chunks(): readonly StoreChunk[] {
    // A store may have 100,000; most of its readers never ask.
    const length = this.#starts.length - 1;
    this.#chunks ??= Array.from({ length }, (_, entry) => this.#contents.chunk(entry));
    return this.#chunks;
  }

  /** What was found wrong so far; grows when chunks or extra data turn out damaged as they are read. */
  get problems(): readonly StoreProblem[] {
    return this.#contents.problems.list;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#needOpen();
    return this.#frame(this.index.locate(address));
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.index.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#needOpen();
    if (this.#contents.format.layout === "directory") {
      const { most, least, bytes } = picturesAhead;
      const depth = Math.max(least, Math.min(most, Math.floor(bytes / imageBytes(this.info))));
      yield* readAhead(count, depth, (rank) => this.#frame(start + rank * step));
      return;
    }
    for (const slice of chunkSlices(this.#starts, start, count, step)) yield* this.#slice(slice);
  }

  [Symbol.asyncIterator](): AsyncGenerator<IndexedFrame> {
    return this.frames();
  }

  /**
   * What the clocks around the camera said of frames [start, stop): its own count and time, and when they arrived. NaN where
   * nobody looked, as in stores of other programs.
   * @throws {MareyError} if the index of a chunk is damaged.
   */
  async clocks(range: Pick<FrameRange, "start" | "stop"> = {}): Promise<ClockColumns> {
    this.#needOpen();
    const { start, count } = resolveRange(range, this.index.length);
    const all = emptyClocks(count);
    for (const { number, start: first, count: length } of this.chunks) {
      const [from, to] = [Math.max(start, first), Math.min(start + count, first + length)];
      if (from >= to) continue;
      const clocks = await readChunkClocks(this.path, this.uuid, this.format, number, length);
      putClocks(all, from - start, sliceClocks(clocks, from - first, to - first));
    }
    return all;
  }

  /**
   * All rows of extra data, in the order of the chunks. A row says itself to which frame it belongs, by
   * `frame_number`, `frame_time` and `frame_index` (-1 before the first frame; Motif's HDF5 files have none).
   * A damaged file gives the rows that are whole, and `problems` tells; or throws, with `strict`.
   */
  async extraData(options?: ExtraOptions): Promise<ExtraRow[]> {
    const rows: ExtraRow[] = [];
    for await (const row of this.extraRows(options)) rows.push(row);
    return rows;
  }

  /** As `extraData`, one after another: the rows of one file are in memory at a time. */
  extraRows(options?: ExtraOptions): AsyncGenerator<ExtraRow> {
    return readExtraRows(this.#extraPlace(), options);
  }

  /** As `extraData`, as an Arrow table; see `extra/extra-table.ts` for what becomes of the values. */
  async extraTable(options?: ExtraOptions): Promise<Table> {
    const { extraTable } = await import("./extra/extra-table.js");
    return extraTable(readExtra(this.#extraPlace(), options));
  }

  /** Samples a second of what Motif recorded beside the frames; undefined if no file says. */
  extraSampleRate(): Promise<number | undefined> {
    return readSampleRate(this.#extraPlace());
  }

  /** The files of extra data that count, in the order of the chunks. */
  async extraFiles(options?: ExtraOptions): Promise<string[]> {
    return (await findExtraFiles(this.#extraPlace(), options)).map(({ path }) => path);
  }

  /**
   * How many pictures the chunk of that number really holds; undefined where only reading them tells.
   * @throws {MareyError} if it cannot be opened.
   */
  async countPictures(number: number): Promise<number | undefined> {
    const entry = this.chunks.findIndex((chunk) => chunk.number === number);
    const reader = await this.#open(entry);
    await reader.close();
    return reader.length;
  }

  describe(): Record<string, unknown> {
    const { layout, format, encoding, encoder, chunkSize, user } = this.metadata;
    return {
      format,
      layout,
      ...(encoding !== undefined && { encoding }),
      ...(encoder !== undefined && { encoder: plainJson(encoder) }),
      chunkSize,
      chunks: this.#starts.length - 1,
      ...(this.uuid !== undefined && { uuid: this.uuid }),
      created: this.created.toISOString(),
      timezone: this.timezone,
      user: plainJson(user),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#readers.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #frame(index: number): Promise<IndexedFrame> {
    const entry = chunkOf(this.#starts, index);
    const { start, path } = this.#contents.chunk(entry);
    try {
      const image = await this.#readers.use(entry, (reader) => readRank(reader, index - start));
      return this.#stamped(image, index);
    } catch (error) {
      throw asDecodeError(error, path, index);
    } finally {
      if (this.#closed) await this.#readers.close();
    }
  }

  /** Frames of one chunk, through a reader of their own. */
  async *#slice({ entry, first, count, step }: ChunkSlice): AsyncGenerator<IndexedFrame> {
    const { start, path } = this.#contents.chunk(entry);
    let rank = first;
    let reader: ChunkReader | undefined;
    try {
      reader = await this.#open(entry);
      const length = reader.length ?? Number.POSITIVE_INFINITY;
      const readable = Math.max(0, step > 0 ? Math.min(count, Math.ceil((length - first) / step)) : count);
      if (reader.sequence && first < length) {
        for await (const image of reader.sequence(first, readable, step)) {
          yield this.#stamped(image, start + rank);
          rank += step;
        }
      }
      // What a video does not hold is asked for one by one, so that the error names the frame.
      for (; rank !== first + count * step; rank += step) {
        yield this.#stamped(await readRank(reader, rank), start + rank);
      }
    } catch (error) {
      throw asDecodeError(error, path, start + rank);
    } finally {
      await reader?.close();
    }
  }

  async #open(entry: number): Promise<ChunkReader> {
    this.#needOpen();
    const { path, number, count } = this.#contents.chunk(entry);
    const { format, stored, openAsLeft } = this.#contents;
    const reader = await format.openChunk({ root: this.path, path }, stored).catch(async (error: unknown) => {
      const asLeft = error instanceof MareyError ? await openAsLeft(number) : undefined;
      if (asLeft === undefined) throw error;
      return asLeft;
    });
    if (reader.length !== undefined && reader.length !== count && !this.#compared.has(entry)) {
      this.#report(path, `chunk ${number} holds ${reader.length} frames, its index says ${count}`);
    }
    this.#compared.add(entry);
    return reader;
  }

  #extraPlace(): ExtraPlace {
    const { allChunks: chunks, metadata } = this.#contents;
    const { layout, extension } = metadata;
    return {
      ...{ root: this.path, layout, extension, uuid: this.uuid, chunks },
      report: (path, message) => this.#report(path, message),
    };
  }

  #stamped(image: Image, index: number): IndexedFrame {
    const decoded = this.#contents.decode(image);
    return { index, number: this.index.number(index), time: this.index.time(index), image: decoded };
  }

  #report(path: string, message: string): void {
    this.#contents.problems.report(path, message);
  }

  #needOpen(): void {
    if (this.#closed) throw new ClosedError(`store ${basename(this.path)}`);
  }
}

async function readRank(reader: ChunkReader, rank: number): Promise<Image> {
  if (reader.length !== undefined && rank >= reader.length) {
    throw new RangeError(`the index promises frame ${rank}, but the chunk holds ${reader.length}`);
  }
  return reader.read(rank);
}

/** What is wrong with a chunk's file, told of the frame that was asked for. */
function asDecodeError(error: unknown, path: string, index: number): unknown {
  if (error instanceof UnsupportedError || error instanceof ClosedError) return error;
  if (!(error instanceof MareyError || error instanceof RangeError)) return error;
  return new DecodeError(path, index, error.message, { cause: error });
}

/** Metadata in what JSON can say. */
function plainJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, field) => {
    if (typeof field === "bigint") return String(field);
    if (typeof field === "number" && !Number.isFinite(field)) return String(field);
    if (field instanceof Map) return Object.fromEntries(field);
    return field instanceof Set || field instanceof Uint8Array ? [...field] : field;
  });
  return JSON.parse(text);
}
