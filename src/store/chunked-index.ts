import type { FrameNumber, Stamp } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import { asFrameNumber, checkedRank, locateFrame } from "../core/frame-lookup.js";
import { SortedColumn } from "../core/sorted-values.js";
import type { ChunkColumns, ChunkRecords } from "./chunk-records.js";
import { ChunkedColumn, type ColumnOfChunks } from "./chunked-column.js";
import { chunkOf } from "./layout.js";

export interface ChunkedIndexOptions {
  /**
   * The columns of a chunk, by its place among the records. Called when a frame of it is asked for, and again once it
   * was forgotten.
   * @returns undefined if they cannot be had (any more); its frames then have neither number nor time.
   */
  readonly load: (entry: number) => ChunkColumns | undefined;
  /** Called when the columns of a chunk are not what its record says; the columns count from then on. */
  readonly onChange?: (entry: number, columns: ChunkColumns | undefined) => void;
  /** Chunks whose columns are in memory already, and stay there: those that are still being written. */
  readonly held?: ReadonlyMap<number, ChunkColumns>;
  /** Most bytes that columns of other chunks may take. @default 32 MiB */
  readonly cacheBytes?: number;
}

/** Two columns of 8 bytes, and the order of each where they have to be sorted. */
const bytesPerFrame = 24;
/** Longest column that is sorted as a whole: about 50 MB. */
const longestWhole = 2 ** 22;

interface LoadedChunk extends ChunkColumns {
  readonly start: number;
  readonly stop: number;
  sortedNumbers?: SortedColumn;
  sortedTimes?: SortedColumn;
}

/**
 * The index of a store whose chunks are opened one by one, when a frame of them is asked for. What it holds in memory
 * is a record per chunk and the columns used last.
 *
 * It answers as a `ColumnIndex` over all columns does. A frame of a chunk that was used lately is found in
 * microseconds, one of another chunk by reading the index of that chunk.
 */
export class ChunkedIndex implements FrameIndex {
  readonly length: number;
  /** Frame index of the first frame of each chunk, and the number of all frames at the end. */
  readonly starts: Float64Array;
  readonly #records: ChunkRecords;
  readonly #options: ChunkedIndexOptions;
  readonly #cacheBytes: number;
  readonly #held = new Map<number, LoadedChunk>();
  /** The one used last stands at the end. */
  readonly #loaded = new Map<number, LoadedChunk>();
  #loadedBytes = 0;
  #latest: LoadedChunk | undefined;
  /** Chunks that turned out to be other than their records said. */
  readonly #changed = new Set<number>();
  #changes = 0;
  readonly #numbers: ChunkedColumn;
  readonly #times: ChunkedColumn;

  /** @param records kept, and corrected where a chunk turns out to be other than they say. */
  constructor(records: ChunkRecords, options: ChunkedIndexOptions) {
    this.#records = records;
    this.#options = options;
    this.#cacheBytes = options.cacheBytes ?? 2 ** 25;
    this.starts = new Float64Array(records.length + 1);
    for (let entry = 0; entry < records.length; entry++) {
      this.starts[entry + 1] = this.starts[entry]! + records.count(entry);
    }
    this.length = this.starts[records.length]!;
    for (const [entry, columns] of options.held ?? []) this.#held.set(entry, this.#place(entry, columns));
    this.#numbers = new ChunkedColumn(
      this.#column({
        lowest: (entry) => records.lowestNumber(entry),
        highest: (entry) => records.highestNumber(entry),
        ascends: (entry) => records.numbersAscend(entry),
        sorted: (entry) => {
          const chunk = this.#chunk(entry);
          chunk.sortedNumbers ??= new SortedColumn(chunk.numbers);
          return chunk.sortedNumbers;
        },
        whole: () => this.#whole(({ numbers }) => (numbers instanceof Float64Array ? numbers : undefined)),
      }),
    );
    this.#times = new ChunkedColumn(
      this.#column({
        lowest: (entry) => records.lowestTime(entry),
        highest: (entry) => records.highestTime(entry),
        ascends: (entry) => records.timesAscend(entry),
        sorted: (entry) => {
          const chunk = this.#chunk(entry);
          chunk.sortedTimes ??= new SortedColumn(chunk.times);
          return chunk.sortedTimes;
        },
        whole: () => this.#whole(({ times }) => times),
      }),
    );
  }

  locate(address: FrameAddress): number {
    return locateFrame(this, { numbers: () => this.#numbers, times: () => this.#times }, address);
  }

  stamp(index: number): Stamp {
    const at = checkedRank(index, this.length);
    return { number: this.number(at), time: this.time(at) };
  }

  number(index: number): FrameNumber {
    const { numbers, start } = this.#chunkAt(index);
    return asFrameNumber(numbers[index - start] ?? Number.NaN);
  }

  time(index: number): number {
    const { times, start } = this.#chunkAt(index);
    return times[index - start] ?? Number.NaN;
  }

  get numberRange(): { readonly min: FrameNumber; readonly max: FrameNumber } | undefined {
    const range = this.#numbers.range();
    return range && { min: asFrameNumber(range.lowest), max: asFrameNumber(range.highest) };
  }

  get timeRange(): { readonly min: number; readonly max: number } | undefined {
    const range = this.#times.range();
    return range && { min: Number(range.lowest), max: Number(range.highest) };
  }

  /** Keeps columns that were read anyway, as long as there is room. */
  offer(entry: number, columns: ChunkColumns): void {
    const bytes = columns.times.length * bytesPerFrame;
    if (this.#loaded.has(entry) || this.#loadedBytes + bytes > this.#cacheBytes) return;
    this.#loaded.set(entry, this.#place(entry, columns));
    this.#loadedBytes += bytes;
  }

  #column(of: Omit<ColumnOfChunks, "length" | "start" | "changes">): ColumnOfChunks {
    const changes = (): number => this.#changes;
    return {
      ...of,
      length: this.#records.length,
      start: (entry) => this.starts[entry]!,
      get changes() {
        return changes();
      },
    };
  }

  #chunkAt(index: number): LoadedChunk {
    const latest = this.#latest;
    if (latest !== undefined && index >= latest.start && index < latest.stop) return latest;
    this.#latest = this.#chunk(chunkOf(this.starts, index));
    return this.#latest;
  }

  #chunk(entry: number): LoadedChunk {
    const known = this.#held.get(entry) ?? this.#loaded.get(entry);
    if (known !== undefined) {
      // Only a crowd needs an order.
      if (this.#loadedBytes * 2 > this.#cacheBytes && this.#loaded.delete(entry))
        this.#loaded.set(entry, known);
      return known;
    }
    const chunk = this.#place(entry, this.#load(entry));
    this.#loaded.set(entry, chunk);
    this.#loadedBytes += chunk.times.length * bytesPerFrame;
    for (const [oldest, { times }] of this.#loaded) {
      if (this.#loadedBytes <= this.#cacheBytes || oldest === entry) break;
      this.#loaded.delete(oldest);
      this.#loadedBytes -= times.length * bytesPerFrame;
    }
    return chunk;
  }

  /**
   * The columns of a chunk. What ranks its frames have was settled when the store was opened: those that are too many
   * are left out, those that are missing have neither number nor time.
   */
  #load(entry: number): ChunkColumns {
    const columns = this.#options.load(entry);
    if (columns !== undefined && this.#records.describes(entry, columns)) return columns;
    const { numbers, times } = columns ?? { numbers: new Float64Array(), times: new Float64Array() };
    const count = this.starts[entry + 1]! - this.starts[entry]!;
    const fitted = { numbers: numbers.subarray(0, count), times: times.subarray(0, count) };
    // Read again after it was forgotten, it is no news.
    if (this.#changed.has(entry) && this.#records.describes(entry, fitted)) return fitted;
    this.#changed.add(entry);
    this.#records.replace(entry, fitted);
    this.#changes++;
    this.#options.onChange?.(entry, columns);
    return fitted;
  }

  #place(entry: number, { numbers, times }: ChunkColumns): LoadedChunk {
    return { numbers, times, start: this.starts[entry]!, stop: this.starts[entry + 1]! };
  }

  #whole(columnOf: (columns: ChunkColumns) => Float64Array | undefined): SortedColumn | undefined {
    if (this.length > longestWhole) return undefined;
    const whole = new Float64Array(this.length).fill(Number.NaN);
    for (let entry = 0; entry < this.#records.length; entry++) {
      const column = columnOf(this.#chunk(entry));
      if (column === undefined) return undefined;
      whole.set(column, this.starts[entry]!);
    }
    return new SortedColumn(whole);
  }
}
