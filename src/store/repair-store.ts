import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { loadDigest } from "../core/digest.js";
import { MareyError, NotFoundError, UnsupportedError } from "../core/errors.js";
import type { Stamp } from "../core/frame.js";
import { type ChunkFormat, findFormat } from "./chunk-format.js";
import { readContainedText } from "./contained-file.js";
import { estimateChunk, indexEstimated } from "./estimated-index.js";
import { parseExtraRows } from "./extra/json-rows.js";
import { formatExtraRow } from "./extra/row.js";
import {
  type ChunkPaths,
  chunkPaths,
  findChunks,
  lockName,
  metadataCopyName,
  metadataName,
} from "./layout.js";
import { readMetadataText } from "./metadata-file.js";
import { nodeFiles } from "./node-files.js";
import { checkOwnFiles } from "./own-files.js";
import { writeInPlace } from "./store-files.js";
import { readChunkIndex } from "./store-index.js";
import { lockState, type StoreLock, takeLock } from "./store-lock.js";
import { infoOfShape, parseStoreMetadata, type StoreMetadata, storeFacts } from "./store-metadata.js";
import { finishChunk, journaledChunks, readUnfinishedChunk, type StoreAtWork } from "./unfinished-chunk.js";

export interface RepairOptions {
  /** What the chunks may be written in. */
  readonly formats: readonly ChunkFormat[];
  /** Only look, and say what would be done. @default false */
  readonly dryRun?: boolean;
  /** Take the lock from a writer that may be alive. @default false */
  readonly force?: boolean;
  /** Called before each step. */
  readonly onStep?: (step: RepairStep) => void;
}

/** One thing that is wrong in a store. */
export interface RepairStep {
  /** The file or folder that it is about. */
  readonly path: string;
  /** What is wrong with it. */
  readonly found: string;
  /** What is done about it; undefined if nothing can be done. */
  readonly action: string | undefined;
}

export interface RepairReport {
  /** Real path of the store. */
  readonly path: string;
  readonly steps: readonly RepairStep[];
}

interface Mending extends RepairStep {
  mend?(): Promise<void>;
}

/** Longest file of extra data that is looked at, in bytes. */
const longestExtraData = 2 ** 28;

/** How long nothing may have happened in a store whose lock nobody signed, until its writer is taken for dead; seconds. */
const silence = 60;

/**
 * Makes a store whole that a crash left half, so that every program reads it: chunks get their indexes from the journal,
 * or estimated ones where there is none (a crash of Python's imgstore); videos that were not finished become ordinary ones;
 * lost metadata comes back from its copy; leftovers go. What is good is not touched, and what cannot be read is moved
 * aside (`.damaged`), never deleted. A repair that is interrupted can be run again.
 * @param path the store's folder, or the `metadata.yaml` in it.
 * @throws {NotFoundError | StoreFormatError} if there is no store, nor anything it can be told by.
 * @throws {ExistsError} if a writer is at work in it.
 */
export async function repairStore(path: string, options: RepairOptions): Promise<RepairReport> {
  const { dryRun = false, onStep } = options;
  const asked = resolve(path);
  const folder = basename(asked) === metadataName ? dirname(asked) : asked;
  const root = await realpath(folder).catch((cause) => {
    throw new NotFoundError(path, "no such folder", { cause });
  });
  const steps: RepairStep[] = [];
  const lock = await lockForRepair(root, options);
  try {
    for await (const { mend, ...step } of findDamage(root, options)) {
      onStep?.(step);
      steps.push(step);
      if (!dryRun) await mend?.();
    }
    if (lock.wasLeft) {
      const step = { path: join(root, lockName), found: lock.wasLeft, action: "take it away" };
      onStep?.(step);
      steps.push(step);
    }
  } finally {
    await lock.held?.release();
  }
  return { path: root, steps };
}

interface RepairLock {
  readonly held: StoreLock | undefined;
  /** What is wrong with the lock that was found. */
  readonly wasLeft: string | undefined;
}

async function lockForRepair(root: string, { dryRun, force = false }: RepairOptions): Promise<RepairLock> {
  const state = await lockState(root);
  const isAbandoned = state.kind === "unsigned" && (await secondsSinceLastChange(root)) > silence;
  const wasLeft =
    state.kind === "stale"
      ? `the lock of a writer that is gone (${state.by})`
      : isAbandoned || (force && state.kind !== "none")
        ? "a lock that nobody signed, of a writer that has written nothing for a while"
        : undefined;
  if (dryRun) return { held: undefined, wasLeft };
  return { held: await takeLock(root, force || isAbandoned), wasLeft };
}

async function secondsSinceLastChange(root: string): Promise<number> {
  let last = 0;
  const names = await nodeFiles.list(root);
  const newest = names.filter((name) => /^\d{6,}/.test(name)).sort();
  for (const name of [".", ...newest.slice(-4)]) {
    last = Math.max(last, (await stat(join(root, name))).mtimeMs);
  }
  return (Date.now() - last) / 1000;
}

async function* findDamage(root: string, { formats }: RepairOptions): AsyncGenerator<Mending> {
  const names = await nodeFiles.list(root);
  const metadata = await readMetadata(root, names, formats);
  if (metadata.mending) yield metadata.mending;
  yield* findLeftovers(root, names);
  const { format } = metadata;
  const store: StoreAtWork = {
    root,
    uuid: metadata.found.uuid,
    format,
    files: nodeFiles,
    digest: await loadDigest(),
  };
  const seen = { last: undefined as Stamp | undefined, interval: undefined as number | undefined };
  for (const number of chunkNumbers(names, format)) {
    yield* findChunkDamage(store, number, metadata.found, format, seen);
  }
}

function chunkNumbers(names: readonly string[], { layout, extension }: ChunkFormat): number[] {
  const entries = names.map((name) => ({ name, isFolder: layout === "directory" && /^\d+$/.test(name) }));
  const { chunks, orphans } = findChunks(entries, layout, extension);
  return [...new Set([...chunks, ...orphans, ...journaledChunks(names)])].sort((a, b) => a - b);
}

interface FoundMetadata {
  readonly found: StoreMetadata;
  readonly format: ChunkFormat;
  readonly mending?: Mending;
}

async function readMetadata(
  root: string,
  names: readonly string[],
  formats: readonly ChunkFormat[],
): Promise<FoundMetadata> {
  const path = join(root, metadataName);
  try {
    return { ...readable(await readMetadataText(root, path), path, formats) };
  } catch (error) {
    const isMissing = error instanceof NotFoundError;
    if (error instanceof UnsupportedError || !names.includes(metadataCopyName)) {
      if (!isMissing) throw error;
      throw new NotFoundError(path, "no store: neither metadata nor a copy of it");
    }
    const text = await readMetadataText(root, join(root, metadataCopyName));
    const found = isMissing ? "is missing" : "is damaged";
    return {
      ...readable(text, join(root, metadataCopyName), formats),
      mending: {
        path,
        found,
        action: `put its copy ${metadataCopyName} in its place`,
        mend: async () => {
          if (names.includes(metadataName)) await setAside(path);
          await writeInPlace(nodeFiles, path, [new TextEncoder().encode(text)]);
          await nodeFiles.syncFolder(root);
        },
      },
    };
  }
}

function readable(
  text: string,
  path: string,
  formats: readonly ChunkFormat[],
): { found: StoreMetadata; format: ChunkFormat } {
  const found = parseStoreMetadata(text, path);
  const known = formats.filter(({ layout }) => layout === found.layout);
  const format =
    findFormat(known, found.format) ??
    (found.layout === "video" ? known.find(({ extension }) => extension === found.extension) : undefined);
  if (format !== undefined) return { found, format };
  throw new UnsupportedError(
    "store format",
    found.format,
    known.map(({ name }) => name),
  );
}

/** What a writer or a repair that was killed left under a temporary name. */
function* findLeftovers(root: string, names: readonly string[]): Generator<Mending> {
  for (const name of names) {
    const isOurs =
      /^\d{6,}\..*\.(?:part|left)$/.test(name) ||
      [metadataName, metadataCopyName].some((own) => name === `${own}.part`) ||
      name.startsWith(`${lockName}.`);
    if (!isOurs) continue;
    const path = join(root, name);
    const found = "is a file that was never finished";
    yield { path, found, action: "remove it", mend: () => nodeFiles.remove(path) };
  }
}

/** Things move on: the last frame so far, and the usual time between two. */
interface Seen {
  last: Stamp | undefined;
  interval: number | undefined;
}

async function* findChunkDamage(
  store: StoreAtWork,
  number: number,
  metadata: StoreMetadata,
  format: ChunkFormat,
  seen: Seen,
): AsyncGenerator<Mending> {
  const { root, files } = store;
  const paths = chunkPaths(root, format.layout, format.extension, number);
  const facts = storeFacts(metadata);
  const strange = await checkOwnFiles(root, Object.values(paths)).catch(
    (error: unknown) => error as MareyError,
  );
  if (strange instanceof MareyError) {
    yield { path: paths.chunk, found: `is left alone: ${strange.message}`, action: undefined };
    return;
  }
  const hasJournal = (await files.size(paths.journal)) !== undefined;
  const index = await readChunkIndex(root, paths).catch((error: unknown) => error as MareyError);
  if (index !== undefined && !(index instanceof Error)) {
    const rank = index.times.length - 1;
    if (rank >= 0) seen.last = { number: simple(index.numbers[rank]!), time: index.times[rank]! };
    if (rank > 0) seen.interval = (index.times[rank]! - index.times[0]!) / rank;
    if (hasJournal) {
      const found = "is the journal of a chunk that is finished";
      yield { path: paths.journal, found, action: "remove it", mend: () => files.remove(paths.journal) };
    }
  } else {
    const unfinished = hasJournal ? await readUnfinishedChunk(store, number, false) : undefined;
    if (unfinished !== undefined) {
      const last = unfinished.frames.at(-1);
      if (last !== undefined) seen.last = { number: last.number, time: last.time };
      const lost = unfinished.lost > 0 ? `; ${unfinished.lost} more did not reach the disk` : "";
      yield {
        path: paths.chunk,
        found: `was not finished: ${unfinished.frames.length} frames, by its journal${lost}`,
        action: format.layout === "video" ? "finish the video and write its index" : "write its index",
        mend: () => finishChunk(store, unfinished, facts),
      };
    } else {
      const damage = index === undefined ? "has no index" : "has a damaged index";
      yield* withoutIndex(store, paths, damage, metadata, format, seen);
      if (hasJournal) {
        const found = "is a journal that cannot be read";
        yield { path: paths.journal, found, action: "move it aside", mend: () => setAside(paths.journal) };
      }
    }
  }
  yield* extraDamage(root, paths);
}

function simple(number: number | bigint): number | bigint {
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

/** Pictures without an index: their numbers and times are a guess, and are marked as one. */
async function* withoutIndex(
  store: StoreAtWork,
  paths: ChunkPaths,
  damage: string,
  metadata: StoreMetadata,
  format: ChunkFormat,
  seen: Seen,
): AsyncGenerator<Mending> {
  const { root, files } = store;
  const isDamaged = (await files.size(paths.indexNpz)) !== undefined;
  const info = format.restoredAs(infoOfShape(metadata.imgshape, metadata.imgdtype));
  const estimate = await estimateChunk(root, paths, format, info, seen).catch((error: unknown) => {
    if (error instanceof MareyError) return error;
    throw error;
  });
  if (estimate instanceof MareyError) {
    const isThere = format.layout === "video" && (await files.size(paths.chunk)) !== undefined;
    yield {
      path: paths.chunk,
      found: `${damage}, and holds no frame that can be read (${estimate.message})`,
      action: isThere ? "move it aside" : undefined,
      ...(isThere && { mend: () => setAside(paths.chunk) }),
    };
    return;
  }
  if (estimate.stamps.length === 0 && !isDamaged) return;
  seen.last = estimate.stamps.at(-1) ?? seen.last;
  yield {
    path: paths.chunk,
    found: `${damage}; it holds ${estimate.stamps.length} frames`,
    action: "write an index with estimated numbers and times",
    mend: async () => {
      if (isDamaged) await setAside(paths.indexNpz);
      await indexEstimated(store, paths, format, estimate, storeFacts(metadata));
    },
  };
}

/** Python's imgstore closes the list of a chunk's extra data when it closes the chunk. */
async function* extraDamage(root: string, { extraJson }: ChunkPaths): AsyncGenerator<Mending> {
  const bytes = await readContainedText(root, extraJson, longestExtraData).catch(() => undefined);
  if (bytes === undefined) return;
  const { rows, problem } = parseExtraRows(new TextDecoder().decode(bytes));
  if (problem === undefined) return;
  yield {
    path: extraJson,
    found: `is damaged: ${problem}`,
    action: rows.length > 0 ? `keep its ${rows.length} whole rows` : "move it aside",
    mend: async () => {
      await setAside(extraJson);
      if (rows.length === 0) return;
      const texts = rows.map((row) =>
        formatExtraRow(row, {
          number: row.frame_number as number,
          time: row.frame_time as number,
          index: row.frame_index as number,
        }),
      );
      await writeInPlace(nodeFiles, extraJson, [new TextEncoder().encode(`[${texts.join(", ")}]`)]);
    },
  };
}

/** Out of everybody's way, under a name that is not there yet. */
async function setAside(path: string): Promise<void> {
  for (let count = 0; ; count++) {
    const aside = `${path}.damaged${count === 0 ? "" : `-${count}`}`;
    if ((await nodeFiles.size(aside)) !== undefined) continue;
    await nodeFiles.rename(path, aside);
    return;
  }
}
