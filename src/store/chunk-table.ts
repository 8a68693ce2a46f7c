import { lstatSync } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { MareyError } from "../core/errors.js";
import { readAhead } from "../core/read-ahead.js";
import {
  type Catalogue,
  indexDigest,
  readCatalogue,
  saveCatalogue,
  smallestCatalogue,
  touchCatalogue,
} from "./catalogue.js";
import {
  type ChunkColumns,
  ChunkRecords,
  encodeRecord,
  GrowingRecords,
  recordBytes,
} from "./chunk-records.js";
import { type ChunkPaths, chunkPaths } from "./layout.js";
import { type ChunkIndex, type FoundChunkIndex, findChunkIndex } from "./store-index.js";
import type { StoreMetadata } from "./store-metadata.js";
import type { StoreProblems } from "./store-problems.js";

/**
 * What is done with the catalogue, the small file that makes a store open at once: `keep`: it is used, and written
 * where it is missing or out of date and the store is large; `read`: it is used; `ignore`: all chunks are read.
 */
export type CatalogueUse = "keep" | "read" | "ignore";

export interface ChunkTableOptions {
  /** Real path of the store's folder. */
  readonly root: string;
  readonly metadata: Pick<StoreMetadata, "layout" | "extension" | "uuid">;
  /** Numbers of its chunks, ascending. */
  readonly numbers: readonly number[];
  readonly use: CatalogueUse;
  /** Somebody may be writing to it: the catalogue is left alone. */
  readonly isLocked: boolean;
  /** The frames of a chunk that has no index yet; undefined if nothing is known of them. */
  readonly unfinished: (chunk: number) => Promise<ChunkIndex | undefined>;
  readonly problems: StoreProblems;
}

/** The chunks that hold frames, in order. */
export interface ChunkTable {
  readonly records: ChunkRecords;
  /** Columns that had to be read anyway, by place among the records, as far as they take little memory. */
  readonly columns: ReadonlyMap<number, ChunkColumns>;
  /** Columns of chunks that have no index yet, which cannot be read again. */
  readonly held: ReadonlyMap<number, ChunkColumns>;
}

/** In larger stores only some chunks are looked at when they are opened, if their folder seems untouched. */
const mostChecked = 4096;
/** Index files read at once. */
const readAtOnce = 16;
/** Files looked at in one go, and the milliseconds after which that was slow. */
const checkedAtOnce = 256;
const patience = 25;
/**
 * A file that was written a moment ago may be written again without a change of its mtime, which on some file systems
 * counts in steps of two seconds. Milliseconds.
 */
const tooFresh = 2000;
/** Deflate gains no more than this, and a frame takes a byte at least. */
const mostFramesPerByte = 1032;
/** Columns that are read when a store is opened are kept up to so many bytes. */
const keptBytes = 2 ** 24;
/** What the columns of a chunk take beside their content, however short it is. */
const objectBytes = 2 ** 10;

/**
 * Finds out what the chunks of a store hold: from the catalogue where it still fits the chunk's index file, from that
 * file itself where it does not. Chunks whose index is missing or damaged are left out, and told.
 */
export async function readChunkTable(options: ChunkTableOptions): Promise<ChunkTable> {
  const { root, metadata, numbers, use, isLocked } = options;
  const paths = (rank: number): ChunkPaths =>
    chunkPaths(root, metadata.layout, metadata.extension, numbers[rank]!);
  const catalogue = use === "ignore" ? undefined : await readCatalogue(root, metadata.uuid, numbers.length);
  const known = catalogue
    ? matchRecords(numbers, catalogue.records)
    : new Int32Array(numbers.length).fill(-1);
  const isUntouched = catalogue !== undefined && (await forgetStale(root, catalogue, known, paths));
  const isKept = use === "keep" && !isLocked && numbers.length >= smallestCatalogue;
  const isComplete =
    catalogue?.records.length === numbers.length && known.every((entry, rank) => entry === rank);

  const found = isComplete
    ? { records: catalogue.records, confirmed: catalogue.records, columns: new Map(), held: new Map() }
    : await readMissing(options, { catalogue, known, paths, isKept });
  if (isKept) {
    const { bytes } = found.confirmed;
    if (
      !isComplete &&
      bytes.length >= smallestCatalogue * recordBytes &&
      !isSame(bytes, catalogue?.records.bytes)
    ) {
      await saveCatalogue(root, metadata.uuid, found.confirmed);
    } else if (isComplete && !isUntouched && numbers.length > mostChecked) {
      await touchCatalogue(root, metadata.uuid);
    }
  }
  return withoutEmpty(found);
}

/**
 * For each chunk its place among the records, or -1. Records that are damaged or make no sense are passed over; of
 * several for one chunk the last counts.
 */
export function matchRecords(numbers: readonly number[], records: ChunkRecords): Int32Array {
  const matched = new Int32Array(numbers.length).fill(-1);
  const ranks = new Map<number, number>();
  for (let entry = 0; entry < records.length; entry++) {
    // Mostly they stand in order, one for each chunk.
    const chunk = records.chunk(entry);
    let rank: number | undefined = entry;
    if (numbers[entry] !== chunk) {
      if (ranks.size === 0) for (const [at, number] of numbers.entries()) ranks.set(number, at);
      rank = ranks.get(chunk);
    }
    const isUsable =
      rank !== undefined &&
      records.isWhole(entry) &&
      records.count(entry) <= records.fileBytes(entry) * mostFramesPerByte;
    if (isUsable) matched[rank!] = entry;
  }
  return matched;
}

/**
 * Forgets the records of chunks whose index file is not what it was.
 * @returns whether the folder itself is as it was.
 */
async function forgetStale(
  root: string,
  { folderMtimeMs, records }: Catalogue,
  known: Int32Array,
  paths: (rank: number) => ChunkPaths,
): Promise<boolean> {
  const ranks = [...known.keys()].filter((rank) => known[rank]! >= 0);
  const isUntouched = (await stat(root)).mtimeMs === folderMtimeMs;
  const check = async (some: readonly number[]): Promise<boolean> => {
    const fresh = await inBatches(
      some,
      (rank) => isAsRecorded(records, known[rank]!, paths(rank)),
      (rank) => isAsRecordedLater(records, known[rank]!, paths(rank)),
    );
    for (const [i, rank] of some.entries()) if (!fresh[i]) known[rank] = -1;
    return fresh.every(Boolean);
  };
  if (!isUntouched || ranks.length <= mostChecked) {
    await check(ranks);
    return isUntouched;
  }
  const stride = Math.ceil(ranks.length / (mostChecked / 4));
  const isSpread = (_: number, at: number): boolean => at % stride === 0 || at === ranks.length - 1;
  if (!(await check(ranks.filter(isSpread)))) await check(ranks.filter((rank) => known[rank]! >= 0));
  return isUntouched;
}

/**
 * Asks about many files: on this thread as long as the answers come from the system's cache, which takes
 * microseconds; through the thread pool once they do not. Between, the event loop gets its turns.
 */
async function inBatches<T>(
  ranks: readonly number[],
  quick: (rank: number) => T,
  pooled: (rank: number) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  let isSlow = false;
  for (let at = 0; at < ranks.length; at += checkedAtOnce) {
    const batch = ranks.slice(at, at + checkedAtOnce);
    const start = performance.now();
    answers.push(...(isSlow ? await Promise.all(batch.map(pooled)) : batch.map(quick)));
    isSlow ||= performance.now() - start > patience;
    if (!isSlow) await new Promise((resolve) => setImmediate(resolve));
  }
  return answers;
}

interface FileFacts {
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
}

function isAsRecorded(records: ChunkRecords, entry: number, { indexNpz, indexYaml }: ChunkPaths): boolean {
  const npz = factsOf(indexNpz);
  if (!records.isYaml(entry)) return fits(records, entry, npz);
  return npz === undefined && fits(records, entry, factsOf(indexYaml));
}

async function isAsRecordedLater(
  records: ChunkRecords,
  entry: number,
  { indexNpz, indexYaml }: ChunkPaths,
): Promise<boolean> {
  const later = (path: string): Promise<FileFacts | undefined> => lstat(path).catch(() => undefined);
  const npz = await later(indexNpz);
  if (!records.isYaml(entry)) return fits(records, entry, npz);
  return npz === undefined && fits(records, entry, await later(indexYaml));
}

function factsOf(path: string): FileFacts | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function fits(records: ChunkRecords, entry: number, facts: FileFacts | undefined): boolean {
  return (
    facts?.isFile() === true &&
    facts.size === records.fileBytes(entry) &&
    facts.mtimeMs === records.fileMtimeMs(entry)
  );
}

interface FoundRecords extends ChunkTable {
  /** Those that a catalogue may keep. */
  readonly confirmed: ChunkRecords;
}

/** The records of all chunks that have frames or at least an index; those that are not known are read. */
async function readMissing(
  { root, numbers, unfinished, problems }: ChunkTableOptions,
  {
    catalogue,
    known,
    paths,
    isKept,
  }: {
    readonly catalogue: Catalogue | undefined;
    readonly known: Int32Array;
    readonly paths: (rank: number) => ChunkPaths;
    readonly isKept: boolean;
  },
): Promise<FoundRecords> {
  const missing = [...known.keys()].filter((rank) => known[rank]! < 0);
  const digest = isKept ? await indexDigest() : () => 0n;
  const read = async (place: number): Promise<FoundRecord | undefined | MareyError> => {
    const rank = missing[place]!;
    const number = numbers[rank]!;
    try {
      const find = async () => {
        const found = await findChunkIndex(root, paths(rank));
        return found && recordOf(number, found, digest);
      };
      const findUnfinished = async () => {
        const found = await unfinished(number);
        return found && { record: encodeRecord(number, found), problems: found.problems, held: found };
      };
      // A writer at work may finish the chunk between the two looks: then its journal is gone, and its index is there.
      return (await find()) ?? (await findUnfinished()) ?? (await find());
    } catch (error) {
      if (error instanceof MareyError) return error;
      throw error;
    }
  };
  const all = new GrowingRecords();
  const confirmed = new GrowingRecords();
  const columns = new Map<number, ChunkColumns>();
  const held = new Map<number, ChunkColumns>();
  let kept = 0;
  const take = (from: number, to: number): void => {
    for (let rank = from; rank < to; rank++) {
      const record = catalogue!.records.at(known[rank]!);
      all.push(record);
      confirmed.push(record);
    }
  };
  let [next, place] = [0, 0];
  for await (const found of readAhead(missing.length, readAtOnce, read)) {
    const rank = missing[place++]!;
    take(next, rank);
    next = rank + 1;
    const { indexNpz } = paths(rank);
    if (found === undefined || found instanceof MareyError) {
      const reason = found === undefined ? "missing" : messageOf(found, indexNpz);
      problems.report(indexNpz, `${reason}; chunk ${numbers[rank]} is left out`);
      continue;
    }
    for (const message of found.problems) problems.report(indexNpz, message);
    if (found.held !== undefined) held.set(all.length, found.held);
    if (found.isConfirmed) confirmed.push(found.record);
    if (found.columns !== undefined && kept + found.columnBytes! <= keptBytes) {
      columns.set(all.length, found.columns);
      kept += found.columnBytes!;
    }
    all.push(found.record);
  }
  take(next, numbers.length);
  return { records: all.records(), confirmed: confirmed.records(), columns, held };
}

/** What is kept of a chunk that was read. */
interface FoundRecord {
  readonly record: Uint8Array;
  readonly problems: readonly string[];
  /** A catalogue may keep the record. */
  readonly isConfirmed?: boolean;
  /** Absent where they take much memory: many chunks are read at once. */
  readonly columns?: ChunkColumns;
  /** What those hold on to. */
  readonly columnBytes?: number;
  /** Columns of a chunk without an index, which cannot be read again. */
  readonly held?: ChunkColumns;
}

function recordOf(
  number: number,
  { index, file, content, isYaml }: FoundChunkIndex,
  digest: (bytes: Uint8Array) => bigint,
): FoundRecord {
  const { size: bytes, mtimeMs, isLink } = file;
  const isOld = Math.abs(Date.now() - mtimeMs) > tooFresh;
  const facts = { bytes, mtimeMs, digest: content === undefined ? 0n : digest(content), isYaml };
  return {
    record: encodeRecord(number, index, facts),
    problems: index.problems,
    isConfirmed: isOld && !isLink && index.problems.length === 0,
    ...(content !== undefined && { columns: index, columnBytes: content.length + objectBytes }),
  };
}

/** Chunks without frames are not told of. */
function withoutEmpty({ records, columns, held }: ChunkTable): ChunkTable {
  const full: number[] = [];
  for (let entry = 0; entry < records.length; entry++) if (records.count(entry) > 0) full.push(entry);
  if (full.length === records.length) return { records, columns, held };
  const moved = (by: ReadonlyMap<number, ChunkColumns>): Map<number, ChunkColumns> =>
    new Map(full.flatMap((from, to) => (by.has(from) ? [[to, by.get(from)!]] : [])));
  const left = ChunkRecords.of(full.map((entry) => records.at(entry)));
  return { records: left, columns: moved(columns), held: moved(held) };
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

/** The message, without the path that it begins with. */
function messageOf({ message }: MareyError, path: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}
