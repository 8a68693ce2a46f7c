import { join } from "node:path";
import { type Digest, loadDigest } from "../core/digest.js";
import { EncodeError, FileFormatError, MareyError, StoreFormatError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import { encodeNpy } from "../core/npy.js";
import { readNpz } from "../core/npz.js";
import { encodeZip } from "../core/zip-layout.js";
import type { ChunkFormat } from "./chunk-format.js";
import { encodeNumbers } from "./chunk-index.js";
import { containedRegularFile } from "./contained-file.js";
import { exportIndex } from "./export-index.js";
import { extraFileGroups } from "./extra/extra-files.js";
import { MotifH5Reader } from "./extra/motif-h5-reader.js";
import { numberBefore } from "./extra/row.js";
import { FramesOfRows } from "./frames-of-rows.js";
import {
  type ChunkPaths,
  catalogueName,
  chunkPaths,
  exportedIndexName,
  findChunks,
  reindexName,
} from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { openStore } from "./open-store.js";
import { renumber } from "./renumber.js";
import { type Renumbering, type RowPlace, renumberRows, renumberSamples } from "./renumber-rows.js";
import { type StoreFiles, systemReason, writeInPlace } from "./store-files.js";
import { takeLock } from "./store-lock.js";
import type { StoreReader } from "./store-reader.js";
import { journaledChunks } from "./unfinished-chunk.js";

// Half a store with old numbers and half with new ones would be worse than none, so all new files are written beside
// the old ones first, under names that nobody reads:
//
//     000000.npz.reindexed …    then   .reindex, which lists them    then   one rename after another, and .reindex goes
//
// Interrupted before `.reindex` stands, the store is as it was. After that it is between two states; whoever opens it
// is told, and the next run does the renames that are left.

export interface ReindexOptions {
  /** What the chunks may be written in. */
  readonly formats: readonly ChunkFormat[];
  /** The number of the one frame that becomes number 0. @default 0 */
  readonly zero?: FrameNumber;
  /** @default the disk */
  readonly files?: StoreFiles;
}

export interface ReindexResult {
  /** Rank of the frame that has number 0 now. */
  readonly zeroIndex: number;
  /** Frames whose number has changed. */
  readonly changed: number;
  /**
   * Files of extra data in which rows keep the number that they had, because the store has no frame of that number, or
   * several and nothing says which.
   */
  readonly left: readonly string[];
}

/** What a new file is called until all of them are there. */
const suffix = ".reindexed";
/** Longest files that are rewritten, in bytes. */
const longest = 2 ** 30;

/**
 * Counts the frames of a store from one of them on, as imgstore's `reindex` does: the frames before it, in the order of
 * the store, become … -2, -1, and those after it keep their distance from it. Rows of extra data follow their frames.
 * What a number was before stays as `_frame_number_before_reindex`, in the indexes and in the rows.
 *
 * A run that was interrupted is finished by the next.
 * @param path folder of the store, or the `metadata.yaml` in it.
 * @throws {StoreFormatError} if not exactly one frame has the number `zero`, or a chunk was never finished.
 * @throws {FileFormatError} if an index or a file of extra data is damaged. Nothing has been changed then.
 * @throws {ExistsError} if the store is being written; {EncodeError} if the disk refuses.
 */
export async function reindexStore(path: string, options: ReindexOptions): Promise<ReindexResult> {
  const { formats, zero = 0, files = nodeFiles } = options;
  const root = await openStore(path, { formats }).then(async (store) => {
    await store.close();
    return store.path;
  });
  const lock = await takeLock(root);
  try {
    await finishReindex(root, formats, files);
    await using store = await openStore(root, { formats });
    await needWhole(store, files);
    const old = Array.from({ length: store.index.length }, (_, rank) => store.index.number(rank));
    needReadable(store);
    const { numbers, zeroIndex, changed } = renumber(old, zero, root);
    if (changed === 0) return { zeroIndex, changed, left: [] };
    const { made, left } = await rewrite({
      ...{ store, files, old, numbers },
      digest: await loadDigest(),
      frames: new FramesOfRows(store.index),
    });
    const plan: Plan = { files: made.map((file) => file.slice(root.length + 1)) };
    await writeInPlace(files, join(root, reindexName), [new TextEncoder().encode(JSON.stringify(plan))]);
    await files.syncFolder(root);
    await finishReindex(root, formats, files);
    return { zeroIndex, changed, left };
  } catch (cause) {
    if (cause instanceof MareyError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new EncodeError(root, systemReason(cause), { cause });
  } finally {
    await lock.release();
  }
}

/** What `.reindex` says. */
interface Plan {
  /** Files that get a new content, relative to the store. */
  readonly files: readonly string[];
}

/** Does the renames that are left, if all new files had been written. */
async function finishReindex(
  root: string,
  formats: readonly ChunkFormat[],
  files: StoreFiles,
): Promise<void> {
  const marker = join(root, reindexName);
  if ((await files.size(marker)) === undefined) return;
  const plan = parsePlan(await files.read(marker), marker);
  for (const name of plan.files) {
    const file = join(root, name);
    if ((await files.size(file + suffix)) !== undefined) await files.rename(file + suffix, file);
  }
  for (const name of new Set(plan.files.map((file) => join(root, file, "..")))) await files.syncFolder(name);
  await files.remove(join(root, catalogueName));
  const exported = join(root, exportedIndexName);
  if ((await files.size(exported)) !== undefined) {
    await using store = await openStore(root, { formats });
    await exportIndex(store, exported, { overwrite: true });
  }
  await files.remove(marker);
  await files.syncFolder(root);
}

/** A name may not lead out of the store, whoever wrote the list. */
function parsePlan(bytes: Uint8Array, path: string): Plan {
  try {
    const { files } = JSON.parse(new TextDecoder().decode(bytes));
    const isName = (name: unknown): boolean =>
      typeof name === "string" && /^(?:\d{6,15}\/)?(?:\d{6,15}|index)\.[a-z0-9_.]+$/.test(name);
    if (Array.isArray(files) && files.every(isName)) return { files };
  } catch {
    // Told below.
  }
  throw new StoreFormatError(path, "is no list of files to be renamed");
}

async function needWhole(store: StoreReader, files: StoreFiles): Promise<void> {
  const [unfinished] = journaledChunks(await files.list(store.path));
  if (unfinished === undefined) return;
  throw new StoreFormatError(store.path, `chunk ${unfinished} was never finished: marey repair does that`);
}

/** A chunk that has no index has no frames; of one whose index is damaged nobody knows how many. */
function needReadable(store: StoreReader): void {
  const damaged = store.problems.find(
    ({ path, message }) =>
      /\.(?:npz|yaml)$/.test(path) && /left out/.test(message) && !/^missing/.test(message),
  );
  if (damaged) throw new FileFormatError(damaged.path, `damaged, so nothing was changed: ${damaged.message}`);
}

interface Task extends Renumbering {
  readonly store: StoreReader;
  readonly files: StoreFiles;
  readonly digest: Digest;
}

/** Writes the new files beside the old ones. */
async function rewrite(task: Task): Promise<{ made: string[]; left: string[] }> {
  const { store, files } = task;
  const { layout, extension } = store.metadata;
  const filled = new Map(store.chunks.map((chunk) => [chunk.number, chunk]));
  const made = new Set<string>();
  const left: string[] = [];
  const give = async (path: string, bytes: Uint8Array): Promise<void> => {
    await writeInPlace(files, path + suffix, [bytes]);
    made.add(path);
  };
  await using h5 = new MotifH5Reader();
  // A chunk without frames may hold rows: those that came after the last frame of the one before.
  for (const chunk of await chunksOf(store, files)) {
    const paths = chunkPaths(store.path, layout, extension, chunk);
    const { start, count } = filled.get(chunk) ?? { start: 0, count: 0 };
    let ownRows: Uint8Array | undefined;
    for (const { kind, path } of extraFileGroups(store.path, layout, extension, chunk).flat()) {
      if (kind === "journal" || made.has(path) || (await files.size(path)) === undefined) continue;
      const bytes = await readWhole(task, path);
      const place: RowPlace = { path, chunk: [start, start + count] };
      const edited =
        kind === "motif-h5"
          ? await renumberSamples(bytes, place, task, h5)
          : renumberRows(bytes, place, task);
      if (edited.isLeft) left.push(path);
      if (path === paths.extraJson) ownRows = edited.bytes;
      await give(path, edited.bytes);
    }
    const isThere = count > 0 || (await files.size(paths.indexNpz)) !== undefined;
    if (isThere) await give(paths.indexNpz, await newIndex(task, paths, start, count, ownRows));
  }
  return { made: [...made], left };
}

async function chunksOf(
  { path: root, metadata }: StoreReader,
  files: StoreFiles,
): Promise<readonly number[]> {
  const { layout, extension } = metadata;
  const isFolder = (name: string): boolean => layout === "directory" && /^\d+$/.test(name);
  const entries = (await files.list(root)).map((name) => ({ name, isFolder: isFolder(name) }));
  return findChunks(entries, layout, extension).chunks;
}

async function readWhole({ store, files }: Task, path: string): Promise<Uint8Array> {
  await containedRegularFile(store.path, path);
  const size = (await files.size(path)) ?? 0;
  if (size > longest) throw new FileFormatError(path, `has ${size} bytes; at most ${longest} are rewritten`);
  return files.read(path);
}

/** The index with the new numbers; all else in it stays, in the old order. */
async function newIndex(
  task: Task,
  paths: ChunkPaths,
  start: number,
  count: number,
  rows: Uint8Array | undefined,
): Promise<Uint8Array> {
  const { store, files, digest, old, numbers } = task;
  const end = start + count;
  const entries = new Map<string, Uint8Array>();
  entries.set("frame_number.npy", encodeNpy(encodeNumbers(numbers.slice(start, end))));
  if ((await files.size(paths.indexNpz)) === undefined) {
    // Python may have spelled it as YAML.
    const times = Float64Array.from({ length: count }, (_, rank) => store.index.time(start + rank));
    entries.set("frame_time.npy", encodeNpy({ dtype: "float64", shape: [count], data: times }));
  } else {
    const npz = readNpz(await readWhole(task, paths.indexNpz), paths.indexNpz);
    for (const name of npz.names) if (name !== "frame_number") entries.set(`${name}.npy`, npz.file(name));
  }
  if (!entries.has(`${numberBefore}.npy`)) {
    entries.set(`${numberBefore}.npy`, encodeNpy(encodeNumbers(old.slice(start, end))));
  }
  if (rows !== undefined && entries.has("extra_digest.npy")) {
    const data = BigUint64Array.of(digest([rows]));
    entries.set("extra_digest.npy", encodeNpy({ dtype: "uint64", shape: [], data }));
  }
  return encodeZip(entries);
}
