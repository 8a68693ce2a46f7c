import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MareyError, NotFoundError, UnsupportedError } from "../core/errors.js";
import { dropCatalogue } from "./catalogue.js";
import { type ChunkFormat, findFormat } from "./chunk-format.js";
import { type CatalogueUse, type ChunkTable, readChunkTable } from "./chunk-table.js";
import { ChunkedIndex } from "./chunked-index.js";
import { containedPath } from "./contained-file.js";
import { creationDate, guessTimeZone } from "./creation-date.js";
import {
  type ChunkPaths,
  chunkPaths,
  type FolderEntry,
  findChunks,
  lockName,
  metadataName,
  paddedNumber,
  reindexName,
} from "./layout.js";
import { readMetadataText } from "./metadata-file.js";
import { openAsLeft, openUnfinished } from "./open-unfinished.js";
import { decodedInfo, decoderOf } from "./pixel-encoding.js";
import { type ChunkIndex, loadChunkIndex } from "./store-index.js";
import { type LockState, lockState } from "./store-lock.js";
import { infoOfShape, isTimeZone, parseStoreMetadata, type StoreMetadata } from "./store-metadata.js";
import { StoreProblems } from "./store-problems.js";
import { StoreReader } from "./store-reader.js";

export interface OpenStoreOptions {
  /** What the chunks may be written in. */
  readonly formats: readonly ChunkFormat[];
  /**
   * What is done with the catalogue, a small hidden file in the store's folder that makes large stores open at once:
   * `keep`: it is used, and written where it is missing or out of date, the store has 32 chunks or more, its folder
   * can be written to and nobody else is writing; `read`: it is used, but never written; `ignore`: the chunks alone
   * count. What it says is compared with the chunks in each case.
   * @default "keep"
   */
  readonly catalogue?: CatalogueUse;
  /**
   * Of stores whose pixels are encoded (Bayer, YUV …): `decoded` are BGR frames, as Python's imgstore gives them; `stored`
   * what was written.
   * @default "decoded"
   */
  readonly pixels?: "decoded" | "stored";
}

const halfReindexed = "some frames have new numbers, others their old ones: marey reindex finishes that";

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
export async function openStore(
  path: string,
  { formats, catalogue = "keep", pixels = "decoded" }: OpenStoreOptions,
): Promise<StoreReader> {
  const root = await storeFolder(path);
  const metadataPath = join(root, metadataName);
  const metadata = parseStoreMetadata(await readMetadataText(root, metadataPath), metadataPath);
  const format = formatOf(metadata, formats);
  const problems = new StoreProblems();
  for (const message of metadata.problems) problems.report(metadataPath, message, "warning");

  const lock = await lockState(root);
  const isAlive = lock.kind === "held";
  const isLocked = lock.kind !== "none";
  if (lock.kind !== "none") problems.report(join(root, lockName), meaningOf(lock), "warning");
  const numbers = await discoverChunks(root, metadata, problems);
  const marker = await stat(join(root, reindexName)).catch(() => undefined);
  if (marker) problems.report(join(root, reindexName), halfReindexed);
  const unfinished = (chunk: number): Promise<ChunkIndex | undefined> =>
    openUnfinished(root, metadata.uuid, format, chunk, isAlive);
  const table = await readChunkTable({
    ...{ root, metadata, numbers, use: catalogue },
    ...{ isLocked, unfinished, problems },
  });
  const index = lazyIndex(root, metadata, table, {
    problems,
    // The next one who opens the store looks at all chunks.
    onChange: () => {
      if (catalogue === "keep" && !isLocked) void dropCatalogue(root);
    },
  });
  // The first look at a time zone takes longer than to open a store of a million frames.
  const zone = lazily(() => timeZoneOf(metadata));
  problems.later(() => {
    const { timezone } = metadata;
    if (timezone === undefined || timezone === zone()) return;
    problems.report(metadataPath, `unknown time zone ${timezone}`, "warning");
  });
  const created = metadata.created ?? creationDate(basename(root), zone(), (await stat(metadataPath)).mtime);
  const stored = format.restoredAs(infoOfShape(metadata.imgshape, metadata.imgdtype));
  const encoding = pixels === "decoded" ? metadata.encoding : undefined;
  return new StoreReader({
    path: root,
    metadata,
    format,
    stored,
    info: encoding === undefined ? stored : decodedInfo(stored, encoding),
    decode: encoding === undefined ? (image) => image : (image) => decoderOf(encoding).decode(image),
    index,
    starts: index.starts,
    chunk: (entry) => {
      const number = table.records.chunk(entry);
      const start = index.starts[entry]!;
      const { chunk } = chunkPaths(root, metadata.layout, metadata.extension, number);
      return { number, path: chunk, start, count: index.starts[entry + 1]! - start };
    },
    openAsLeft: (chunk) => openAsLeft(root, metadata.uuid, format, chunk, stored),
    allChunks: numbers,
    created,
    timezone: zone,
    problems,
  });
}

function timeZoneOf({ timezone, user }: StoreMetadata): string {
  return timezone !== undefined && isTimeZone(timezone) ? timezone : guessTimeZone(user);
}

/** Finds it when it is first asked for. */
function lazily(find: () => string): () => string {
  let found: string | undefined;
  return () => {
    found ??= find();
    return found;
  };
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
  problems: StoreProblems,
): Promise<readonly number[]> {
  const entries: FolderEntry[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) {
      entries.push({ name: entry.name, isFolder: entry.isDirectory() });
      continue;
    }
    const path = join(root, entry.name);
    try {
      const target = await stat(await containedPath(root, path));
      entries.push({ name: entry.name, isFolder: target.isDirectory() });
    } catch (error) {
      const isChunk = findChunks([{ name: entry.name, isFolder: true }], layout, extension).chunks.length > 0;
      problems.report(path, (error as Error).message, isChunk ? "error" : "warning");
    }
  }
  const { chunks, strays, orphans } = findChunks(entries, layout, extension);
  for (const name of strays) problems.report(join(root, name), "is no chunk; passed over", "warning");
  for (const chunk of orphans) {
    const path = join(root, `${paddedNumber(chunk)}${extension}`);
    problems.report(path, "missing, though its index is there");
  }
  return chunks;
}

/** An index that opens chunks when they are asked for, and tells of those that are not as they were. */
function lazyIndex(
  root: string,
  { layout, extension }: StoreMetadata,
  { records, columns, held }: ChunkTable,
  { problems, onChange }: { readonly problems: StoreProblems; readonly onChange: () => void },
): ChunkedIndex {
  const paths = (entry: number): ChunkPaths => chunkPaths(root, layout, extension, records.chunk(entry));
  const index = new ChunkedIndex(records, {
    held,
    load(entry) {
      try {
        return loadChunkIndex(root, paths(entry));
      } catch (error) {
        if (!(error instanceof MareyError)) throw error;
        problems.report(paths(entry).indexNpz, error.message);
        return undefined;
      }
    },
    onChange(entry, found) {
      const expected = index.starts[entry + 1]! - index.starts[entry]!;
      const now = found === undefined ? "cannot be read any more" : `holds ${found.times.length} frames`;
      const message = `is not what it was: chunk ${records.chunk(entry)} had ${expected} frames, its index ${now}`;
      problems.report(paths(entry).indexNpz, message);
      onChange();
    },
  });
  for (const [entry, read] of columns) index.offer(entry, read);
  return index;
}

function meaningOf(lock: Exclude<LockState, { kind: "none" }>): string {
  if (lock.kind === "held") return `the store is being written, by ${lock.by}`;
  if (lock.kind === "stale") return `its writer is gone (${lock.by}): marey repair makes the store whole`;
  return "the store is still being written, or its writer crashed";
}
