import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { UnsupportedError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { SeekableSource } from "../core/stream.js";
import { encodeChunkIndex } from "./chunk-index.js";
import { type ClockColumns, clockArrays } from "./clock-columns.js";
import { paddedNumber } from "./layout.js";
import { StoreReader } from "./store-reader.js";
import { writeLines, writeWhole } from "./whole-file.js";

export interface ExportIndexOptions {
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
  /** Of a store, in .csv and .npz: what the clocks around the camera said, too; see `StoreReader.clocks`. @default false */
  readonly clocks?: boolean;
}

/**
 * Writes frame numbers and times into one file; its name says how:
 *
 *     .sqlite, .db   of a store: the tables that imgstore's `ImgStoreIndex.new_from_file` reads
 *     .csv           columns frame_number and frame_time
 *     .npz           arrays frame_number and frame_time, as the index of one chunk
 *
 * @throws {ExistsError} if the file is there, and `overwrite` is not set.
 * @throws {UnsupportedError} for other names, and for SQLite of what is no store, or of numbers beyond 2^63.
 */
export async function exportIndex(
  source: SeekableSource,
  path: string,
  { overwrite = false, clocks: withClocks = false }: ExportIndexOptions = {},
): Promise<void> {
  const extension = extname(path).toLowerCase();
  const clocks = withClocks ? await clocksOfSource(source) : undefined;
  if (extension === ".csv") await writeLines(path, overwrite, indexLines(source.index, clocks));
  else if (extension === ".npz") {
    await writeWhole(path, overwrite, (temporary) => writeFile(temporary, indexNpz(source.index, clocks)));
  } else if (extension === ".sqlite" || extension === ".db") {
    if (!(source instanceof StoreReader)) throw new UnsupportedError("source of an SQLite index", "no store");
    await writeWhole(path, overwrite, (temporary) => writeSqlite(source, temporary));
  } else throw new UnsupportedError("file for an index", extension, [".sqlite", ".db", ".csv", ".npz"]);
}

/** What the clocks said of all frames. @throws {UnsupportedError} if it is no store. */
export function clocksOfSource(source: SeekableSource): Promise<ClockColumns> {
  if (!(source instanceof StoreReader)) throw new UnsupportedError("source of clocks", "no store");
  return source.clocks();
}

/** The index as the lines of a CSV file. What is not known is empty. */
export function* indexLines(index: FrameIndex, clocks?: ClockColumns): Generator<string> {
  const columns = clocks ? Object.entries(clockArrays(clocks)) : [];
  yield ["frame_number", "frame_time", ...columns.map(([name]) => name)].join(",");
  for (let rank = 0; rank < index.length; rank++) {
    const more = columns.map(([, { data }]) => `,${known(data[rank] as number)}`).join("");
    yield `${known(index.number(rank))},${known(index.time(rank))}${more}`;
  }
}

function known(value: FrameNumber): string {
  return typeof value === "bigint" || Number.isFinite(value) ? String(value) : "";
}

function indexNpz(index: FrameIndex, clocks?: ClockColumns): Uint8Array {
  const { length } = index;
  return encodeChunkIndex({
    numbers: Array.from({ length }, (_, rank) => index.number(rank)),
    times: Array.from({ length }, (_, rank) => index.time(rank)),
    clocks,
    store: {},
  });
}

// What imgstore 0.4 has in `.index.sqlite`; rows in the order of the frames. Its `chunk_path`, which nobody reads, is
// here relative to the store, so that it is true wherever the store is moved.
const tables = `
CREATE TABLE chunks (chunk INTEGER, chunk_path TEXT);
CREATE TABLE frames (chunk INTEGER, frame_idx INTEGER, frame_number INTEGER, frame_time REAL);
CREATE TABLE index_information (name TEXT, value TEXT);
CREATE TABLE summary (name TEXT, value REAL);
INSERT INTO index_information VALUES ('version', '1');`;

async function writeSqlite(store: StoreReader, path: string): Promise<void> {
  // A package in the old way: a namespace import would not find its classes.
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const database = new sqlite.Database(path);
  try {
    // The file has a name of its own until it is whole: a journal would protect nothing.
    database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;");
    database.exec(tables);
    const { frameTime, frameNumber } = addFrames(store, database);
    const summary = database.prepare("INSERT INTO summary VALUES (?, ?)");
    const extremes: [string, number][] = [
      ["frame_time_min", frameTime.min],
      ["frame_time_max", frameTime.max],
      ["frame_min", frameNumber.min],
      ["frame_max", frameNumber.max],
    ];
    for (const row of extremes) summary.run(row);
    summary.finalize();
    database.exec("CREATE INDEX chunk_index ON frames (chunk, frame_idx); COMMIT;");
  } finally {
    database.close();
  }
}

interface Extremes {
  min: number;
  max: number;
}

interface StatementMaker {
  prepare(sql: string): { run(values: (number | bigint | string | null)[]): unknown; finalize(): void };
}

function addFrames(
  { chunks, index, metadata }: StoreReader,
  database: StatementMaker,
): { frameTime: Extremes; frameNumber: Extremes } {
  const frameTime = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  const frameNumber = { ...frameTime };
  const addChunk = database.prepare("INSERT INTO chunks VALUES (?, ?)");
  const addFrame = database.prepare("INSERT INTO frames VALUES (?, ?, ?, ?)");
  try {
    for (const { number: chunk, start, count } of chunks) {
      const [times, numbers] = [new Float64Array(count), new Float64Array(count)];
      for (let rank = 0; rank < count; rank++) {
        const number = index.number(start + rank);
        if (typeof number === "bigint" && number >= 2n ** 63n) {
          throw new UnsupportedError("frame number in SQLite", String(number), ["less than 2^63"]);
        }
        times[rank] = index.time(start + rank);
        numbers[rank] = Number(number);
        addFrame.run([chunk, rank, Number.isNaN(number) ? null : number, orNull(times[rank]!)]);
      }
      addChunk.run([
        chunk,
        metadata.layout === "directory" ? `${paddedNumber(chunk)}/index` : paddedNumber(chunk),
      ]);
      widen(frameTime, times);
      widen(frameNumber, numbers);
    }
  } finally {
    addChunk.finalize();
    addFrame.finalize();
  }
  return { frameTime, frameNumber };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** As imgstore does: a chunk in which one value is not known says nothing of the extremes. */
function widen(extremes: Extremes, values: Float64Array): void {
  if (values.some(Number.isNaN)) return;
  extremes.min = values.reduce((low, value) => Math.min(low, value), extremes.min);
  extremes.max = values.reduce((high, value) => Math.max(high, value), extremes.max);
}
