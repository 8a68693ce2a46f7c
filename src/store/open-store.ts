import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MareyError, NotFoundError, UnsupportedError } from "../core/errors.js";
import { FrameIndex } from "../core/frame-index.js";
import { type ChunkFormat, findFormat } from "./chunk-format.js";
import { containedPath, readContainedFile } from "./contained-file.js";
import { creationDate, guessTimeZone } from "./creation-date.js";
import { chunkPaths, type FolderEntry, findChunks, lockName, metadataName, paddedNumber } from "./layout.js";
import { openUnfinished } from "./open-unfinished.js";
import { readAhead } from "./read-ahead.js";
import { type ChunkIndex, joinColumns, readChunkIndex } from "./store-index.js";
import { type LockState, lockState } from "./store-lock.js";
import { infoOfShape, parseStoreMetadata, type StoreMetadata } from "./store-metadata.js";
import { type StoreChunk, type StoreProblem, StoreReader } from "./store-reader.js";

export interface OpenStoreOptions {
  /** What the chunks may be written in. */
  readonly formats: readonly ChunkFormat[];
}

/** Longest metadata that is read, in bytes. Real ones have a few hundred. */
const longestMetadata = 2 ** 23;
/** Index files read at once. */
const indexesAtOnce = 16;

/**
 * Opens a store of Python's imgstore, or of this library, for reading.
 *
 * What can be passed over is passed over, and told in `problems`: stray files, chunks without an index or with a
 * damaged one, an unknown time zone, a lock.
 * @param path its folder, or the `metadata.yaml` in it.
 * @throws {NotFoundError} if there is no store.
 * @throws {StoreFormatError} if its metadata is no store's.
 * @throws {UnsupportedError} if its class, version or format is not known.
 */
export async function openStore(path: string, { formats }: OpenStoreOptions): Promise<StoreReader> {
  const root = await storeFolder(path);
  const metadataPath = join(root, metadataName);
  const text = new TextDecoder().decode(await readContainedFile(root, metadataPath, longestMetadata));
  const metadata = parseStoreMetadata(text, metadataPath);
  const format = formatOf(metadata, formats);
  const problems: StoreProblem[] = metadata.problems.map((message) => ({ path: metadataPath, message }));

  const lock = await lockState(root);
  const isAlive = lock.kind === "held";
  if (lock.kind !== "none") problems.push({ path: join(root, lockName), message: meaningOf(lock) });
  const found = await discoverChunks(root, metadata, problems);
  const unfinished = (chunk: number): Promise<ChunkIndex | undefined> =>
    openUnfinished(root, metadata.uuid, format, chunk, isAlive);
  const { chunks, indexes } = await readIndexes(root, metadata, found, unfinished, problems);
  const timezone = metadata.timezone ?? guessTimeZone(metadata.user);
  const created =
    metadata.created ?? creationDate(basename(root), timezone, (await stat(metadataPath)).mtime);
  return new StoreReader({
    path: root,
    metadata,
    format,
    info: format.restoredAs(infoOfShape(metadata.imgshape, metadata.imgdtype)),
    index: new FrameIndex(joinColumns(indexes)),
    chunks,
    allChunks: found,
    created,
    timezone,
    problems,
  });
}

/** Real path of the store's folder: links and changes of the working directory cannot move it any more. */
async function storeFolder(path: string): Promise<string> {
  const asked = resolve(path);
  const folder = basename(asked) === metadataName ? dirname(asked) : asked;
  const [root] = await Promise.all([realpath(folder), stat(join(folder, metadataName))]).catch((cause) => {
    throw new NotFoundError(path, `no store: there is no ${metadataName}`, { cause });
  });
  return root;
}

/**
 * In a directory store the format names the kind of picture. In a video store it may be any name (Motif has its own), and
 * then the extension counts: FFmpeg finds out the rest.
 */
function formatOf(
  { layout, format, extension, storeClass }: StoreMetadata,
  formats: readonly ChunkFormat[],
): ChunkFormat {
  const known = formats.filter(
    (candidate) => candidate.layout === layout && candidate.storeClass === storeClass,
  );
  const named = findFormat(known, format);
  if (layout === "directory" || storeClass !== undefined || named?.extension === extension) {
    if (named !== undefined) return named;
    throw new UnsupportedError(
      "store format",
      format,
      known.map(({ name }) => name),
    );
  }
  const found = known.find((candidate) => candidate.extension === extension) ?? known[0];
  if (found !== undefined) return found;
  throw new UnsupportedError("store format", format);
}

async function discoverChunks(
  root: string,
  { layout, extension }: StoreMetadata,
  problems: StoreProblem[],
): Promise<readonly number[]> {
  const entries: FolderEntry[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (!entry.isSymbolicLink()) {
      entries.push({ name: entry.name, isFolder: entry.isDirectory() });
      continue;
    }
    try {
      const target = await stat(await containedPath(root, path));
      entries.push({ name: entry.name, isFolder: target.isDirectory() });
    } catch (error) {
      problems.push({ path, message: messageOf(error, path) });
    }
  }
  const { chunks, strays, orphans } = findChunks(entries, layout, extension);
  for (const name of strays) problems.push({ path: join(root, name), message: "is no chunk; passed over" });
  for (const chunk of orphans) {
    problems.push({
      path: join(root, `${paddedNumber(chunk)}${extension}`),
      message: "missing, though its index is there",
    });
  }
  return chunks;
}

async function readIndexes(
  root: string,
  { layout, extension }: StoreMetadata,
  numbers: readonly number[],
  unfinished: (chunk: number) => Promise<ChunkIndex | undefined>,
  problems: StoreProblem[],
): Promise<{ chunks: StoreChunk[]; indexes: ChunkIndex[] }> {
  const chunks: StoreChunk[] = [];
  const indexes: ChunkIndex[] = [];
  let start = 0;
  const read = async (rank: number): Promise<ChunkIndex | undefined | MareyError> => {
    const number = numbers[rank]!;
    const read = async (): Promise<ChunkIndex | undefined> =>
      (await readChunkIndex(root, chunkPaths(root, layout, extension, number))) ?? unfinished(number);
    return read().catch((error: unknown) => {
      if (error instanceof MareyError) return error;
      throw error;
    });
  };
  let rank = 0;
  for await (const index of readAhead(numbers.length, indexesAtOnce, read)) {
    const number = numbers[rank++]!;
    const paths = chunkPaths(root, layout, extension, number);
    if (index === undefined || index instanceof MareyError) {
      const reason = index === undefined ? "missing" : messageOf(index, paths.indexNpz);
      problems.push({ path: paths.indexNpz, message: `${reason}; chunk ${number} is left out` });
      continue;
    }
    for (const message of index.problems) problems.push({ path: paths.indexNpz, message });
    const count = index.times.length;
    if (count === 0) continue;
    chunks.push({ number, path: paths.chunk, start, count });
    indexes.push(index);
    start += count;
  }
  return { chunks, indexes };
}

function meaningOf(lock: Exclude<LockState, { kind: "none" }>): string {
  if (lock.kind === "held") return `the store is being written, by ${lock.by}`;
  if (lock.kind === "stale") return `its writer is gone (${lock.by}): marey repair makes the store whole`;
  return "the store is still being written, or its writer crashed";
}

/** The message, without the path that it begins with. */
function messageOf(error: unknown, path: string): string {
  const { message } = error as Error;
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}
