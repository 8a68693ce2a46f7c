import { FileFormatError, MareyError, NotFoundError, StoreFormatError } from "../../core/errors.js";
import { readContainedFile, readContainedText, withContainedFile } from "../contained-file.js";
import type { StoreLayout } from "../layout.js";
import { readJournal } from "../read-journal.js";
import { type ExtraColumns, rowsOfColumns } from "./columns.js";
import { type ExtraFile, extraFileGroups } from "./extra-files.js";
import { parseExtraRows } from "./json-rows.js";
import { MotifH5Reader } from "./motif-h5-reader.js";
import { motifRows } from "./motif-rows.js";
import type { ExtraRow } from "./row.js";

/** Which extra data is read of a store, and how. */
export interface ExtraOptions {
  /** One chunk by its number, or those from `start` up to, and without, `stop`. @default all */
  readonly chunks?: number | { readonly start?: number; readonly stop?: number };
  /**
   * Throw at the first damaged file. Otherwise the rows that are whole are read, and the store's `problems` tell of the
   * rest. @default false
   */
  readonly strict?: boolean;
}

/** A store, as far as its extra data is concerned. */
export interface ExtraPlace {
  /** Real path of the store. */
  readonly root: string;
  readonly layout: StoreLayout;
  /** Of the video, with its dot; directory stores have none. */
  readonly extension: string;
  readonly uuid: string | undefined;
  /** Numbers of all chunks, ascending, with those that hold no frames: their extra data counts. */
  readonly chunks: readonly number[];
  report(path: string, message: string): void;
}

/** Longest files that are read, in bytes. */
const longest = { "motif-h5": 2 ** 29, json: 2 ** 28 };
/** Rows of a chunk in progress that are read, in characters. */
const longestRows = 2 ** 25;

/** The extra data of one file: rows, or columns where the file has them. */
export type ExtraPart =
  | { readonly path: string; readonly rows: readonly ExtraRow[] }
  | { readonly path: string; readonly columns: ExtraColumns };

/** The files of extra data that a store has, in the order of the chunks; those of chunks in progress among them. */
export async function findExtraFiles(place: ExtraPlace, options: ExtraOptions = {}): Promise<ExtraFile[]> {
  const files: ExtraFile[] = [];
  for (const chunk of chosenChunks(place.chunks, options)) {
    for await (const { file } of filesOfChunk(place, chunk)) files.push(file);
  }
  return files;
}

/**
 * Reads the extra data of a store, file by file; one is in memory at a time.
 * @throws {StoreFormatError | FileFormatError} at a damaged file, with `strict`.
 */
export async function* readExtra(place: ExtraPlace, options: ExtraOptions = {}): AsyncGenerator<ExtraPart> {
  await using h5 = new MotifH5Reader();
  for (const chunk of chosenChunks(place.chunks, options)) {
    for await (const { file, bytes } of filesOfChunk(place, chunk)) {
      const { path } = file;
      try {
        if (bytes instanceof MareyError) throw bytes;
        if (file.kind === "motif-h5") {
          yield { path, columns: await h5.read(bytes, path) };
          continue;
        }
        const text =
          file.kind === "journal" ? await journalText(path, place) : new TextDecoder().decode(bytes);
        const { rows, problem } = parseExtraRows(text);
        if (problem !== undefined && options.strict) throw new StoreFormatError(path, problem);
        if (problem !== undefined) place.report(path, problem);
        yield { path, rows: file.kind === "motif-json" ? motifRows(rows) : rows };
      } catch (error) {
        if (options.strict || !(error instanceof MareyError)) throw error;
        place.report(path, withoutPath(error, path));
      }
    }
  }
}

/** As `readExtra`, row by row. */
export async function* readExtraRows(
  place: ExtraPlace,
  options: ExtraOptions = {},
): AsyncGenerator<ExtraRow> {
  for await (const part of readExtra(place, options)) {
    yield* "rows" in part ? part.rows : rowsOfColumns(part.columns);
  }
}

/**
 * Samples a second of the extra data that Motif recorded beside the frames, by the first of its HDF5 files that says.
 * @returns undefined if none does, or its data sets differ.
 * @throws {FileFormatError} if that file is damaged.
 */
export async function readSampleRate(place: ExtraPlace): Promise<number | undefined> {
  await using h5 = new MotifH5Reader();
  for (const chunk of place.chunks) {
    for await (const { file, bytes } of filesOfChunk(place, chunk)) {
      if (file.kind !== "motif-h5") continue;
      if (bytes instanceof MareyError) throw bytes;
      const { sampleRate } = await h5.read(bytes, file.path, "attributes");
      if (sampleRate !== undefined) return sampleRate;
    }
  }
  return undefined;
}

function chosenChunks(all: readonly number[], { chunks = {} }: ExtraOptions): readonly number[] {
  const { start = 0, stop = Number.POSITIVE_INFINITY } =
    typeof chunks === "number" ? { start: chunks, stop: chunks + 1 } : chunks;
  return all.filter((chunk) => chunk >= start && chunk < stop);
}

/** Of the places where a chunk's extra data may lie, the files that count; or why one cannot be read. */
async function* filesOfChunk(
  { root, layout, extension }: ExtraPlace,
  chunk: number,
): AsyncGenerator<{ readonly file: ExtraFile; readonly bytes: Uint8Array | MareyError }> {
  for (const group of extraFileGroups(root, layout, extension, chunk)) {
    let found = 0;
    for (const file of group) {
      const bytes = await readExtraFile(root, file).catch((error: unknown) => {
        if (error instanceof MareyError) return error;
        throw error;
      });
      if (isMissing(bytes)) continue;
      found++;
      yield { file, bytes };
    }
    if (found > 0) return;
  }
}

/** A journal is read when it is needed, piece by piece. */
async function readExtraFile(root: string, { kind, path }: ExtraFile): Promise<Uint8Array> {
  if (kind === "motif-h5") return readContainedFile(root, path, longest[kind]);
  if (kind !== "journal") return readContainedText(root, path, longest.json);
  return withContainedFile(root, path, Number.POSITIVE_INFINITY, () => new Uint8Array());
}

/** What the file of extra data will be once the chunk is finished. */
async function journalText(path: string, { root, uuid }: ExtraPlace): Promise<string> {
  const rows: string[] = [];
  let length = 0;
  const owner = await readJournal(pieceReader(root, path), (record) => {
    if (record.kind !== "row") return;
    length += record.text.length;
    if (length <= longestRows) rows.push(record.text);
  });
  if (length > longestRows)
    throw new StoreFormatError(path, `has rows of ${length} characters: marey repair first`);
  const isOwn = owner !== undefined && (uuid === undefined || owner.uuid === uuid);
  return isOwn ? `[${rows.join(", ")}]` : "[]";
}

function pieceReader(root: string, path: string): (offset: number, size: number) => Promise<Uint8Array> {
  return async (offset, size) =>
    withContainedFile(root, path, Number.POSITIVE_INFINITY, (file) =>
      file.slice(Math.min(offset, file.byteLength), Math.min(offset + size, file.byteLength)),
    );
}

function isMissing(found: unknown): boolean {
  return (
    found instanceof NotFoundError && (found.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT"
  );
}

/** The message, without the path that it begins with. */
function withoutPath(error: MareyError, path: string): string {
  if (error instanceof FileFormatError) return error.found;
  return error.message.startsWith(`${path}: `) ? error.message.slice(path.length + 2) : error.message;
}
