import { dirname, join } from "node:path";
import type { Digest } from "../core/digest.js";
import { EncodeError } from "../core/errors.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkFormat, MendedChunk } from "./chunk-format.js";
import { encodeChunkIndex } from "./chunk-index.js";
import { type JournalFrame, journalHeaderBytes, parseJournal } from "./journal.js";
import { type ChunkPaths, chunkPaths, paddedNumber } from "./layout.js";
import { partName, type StoreFiles, writeInPlace } from "./store-files.js";

/** What the writer of a chunk left behind when it was killed, or has so far while it is at work. */
export interface UnfinishedChunk {
  readonly number: number;
  readonly paths: ChunkPaths;
  /** Frames that can be read. */
  readonly frames: readonly JournalFrame[];
  /** Frames that the journal names, but the chunk does not hold: a power cut took them. */
  readonly lost: number;
  /** Ranks of frames that are damaged, with sound ones after them. */
  readonly damaged: readonly number[];
  /** Rows of extra data, JSON. */
  readonly rows: readonly string[];
  /** What a video file began with. */
  readonly head: Uint8Array | undefined;
}

const journalName = /^(\d{6,15})\.journal$/;

/** Numbers of the chunks that have a journal, ascending, among the names in a store's folder. */
export function journaledChunks(names: Iterable<string>): number[] {
  const numbers: number[] = [];
  for (const name of names) {
    const digits = journalName.exec(name)?.[1];
    if (digits !== undefined && paddedNumber(Number(digits)) === digits) numbers.push(Number(digits));
  }
  return numbers.sort((a, b) => a - b);
}

/** What looking at an unfinished chunk needs. */
export interface StoreAtWork {
  readonly root: string;
  readonly uuid: string | undefined;
  readonly format: Pick<ChunkFormat, "layout" | "extension" | "mendChunk">;
  readonly files: StoreFiles;
  readonly digest: Digest;
}

/**
 * Reads the journal of a chunk and compares it with what the chunk holds.
 * @param isAlive its writer is at work, so that what the journal names is there.
 * @returns undefined if there is no journal of this store's.
 */
export async function readUnfinishedChunk(
  store: StoreAtWork,
  number: number,
  isAlive: boolean,
): Promise<UnfinishedChunk | undefined> {
  const { root, uuid, format, files } = store;
  const paths = chunkPaths(root, format.layout, format.extension, number);
  const bytes = await files.read(paths.journal);
  if (bytes.length < journalHeaderBytes) {
    // Its writer was killed before it began the chunk.
    return { number, paths, frames: [], lost: 0, damaged: [], rows: [], head: undefined };
  }
  const journal = parseJournal(bytes);
  if (journal === undefined || journal.chunk !== number) return undefined;
  if (uuid !== undefined && journal.uuid !== uuid) return undefined;
  const claimed: JournalFrame[] = [];
  const rows: string[] = [];
  let head: Uint8Array | undefined;
  let synced = 0;
  for (const record of journal.records) {
    if (record.kind === "frame") claimed.push(record);
    else if (record.kind === "row") rows.push(record.text);
    else if (record.kind === "head") head = record.bytes;
    else synced = Math.max(synced, record.count);
  }
  const held = isAlive
    ? { count: claimed.length, damaged: [] }
    : format.layout === "video"
      ? await heldInVideo(store, paths.chunk, claimed, synced)
      : await heldInFolder(store, paths.chunk, claimed, synced);
  const lost = claimed.length - held.count;
  return { number, paths, frames: claimed.slice(0, held.count), lost, damaged: held.damaged, rows, head };
}

interface Held {
  readonly count: number;
  readonly damaged: readonly number[];
}

/** A power cut takes the end of a file: frames count up to the first that is not whole, or overlaps the one before. */
async function heldInVideo(
  { files, digest }: StoreAtWork,
  path: string,
  claimed: readonly JournalFrame[],
  synced: number,
): Promise<Held> {
  const size = (await files.size(path)) ?? 0;
  let end = 0;
  for (const [rank, frame] of claimed.entries()) {
    if (frame.offset < end || frame.offset + frame.size > size) return { count: rank, damaged: [] };
    end = frame.offset + frame.size;
    if (rank < synced) continue;
    const bytes = await files.readRange(path, frame.offset, frame.size);
    if (digest([bytes]) !== frame.digest) return { count: rank, damaged: [] };
  }
  return { count: claimed.length, damaged: [] };
}

/** A power cut takes any files of those not synced: frames count up to the last that is whole. */
async function heldInFolder(
  { files, digest, format }: StoreAtWork,
  folder: string,
  claimed: readonly JournalFrame[],
  synced: number,
): Promise<Held> {
  let count = Math.min(synced, claimed.length);
  const damaged: number[] = [];
  const there = new Set(await files.list(folder));
  for (let rank = count; rank < claimed.length; rank++) {
    const { size, digest: wanted } = claimed[rank]!;
    const name = paddedNumber(rank) + format.extension;
    const path = join(folder, name);
    const isWhole =
      size > 0 &&
      there.has(name) &&
      (await files.size(path)) === size &&
      digest([await files.readRange(path, 0, size)]) === wanted;
    if (isWhole) count = rank + 1;
    else damaged.push(rank);
  }
  return { count, damaged: damaged.filter((rank) => rank < count) };
}

/**
 * Makes the chunk what it would have been if its writer had finished it: a plain video, an index, extra data. What is
 * good is not touched; done half, it can be done again.
 */
export async function finishChunk(
  store: StoreAtWork,
  chunk: UnfinishedChunk,
  storeFacts: Readonly<Record<string, NpyArray | string>>,
): Promise<void> {
  const { files, digest, format, root } = store;
  const { paths, frames, rows } = chunk;
  let isFolder = format.layout === "directory" && (await files.size(paths.chunk)) !== undefined;
  if (isFolder) await tidyFolder(store, chunk);
  else if (format.layout === "directory" && rows.length > 0) {
    await files.makeFolder(paths.chunk);
    isFolder = true;
  }
  const mended = format.layout === "video" ? await mend(store, chunk) : undefined;
  let extra: bigint | undefined;
  if (rows.length > 0) {
    const text = new TextEncoder().encode(`[${rows.join(", ")}]`);
    await writeInPlace(files, paths.extraJson, [text]);
    extra = digest([text]);
  }
  if (frames.length > 0 || isFolder) {
    const index = encodeChunkIndex({
      numbers: frames.map(({ number }) => number),
      times: frames.map(({ time }) => time),
      pictures: mended?.pictures ?? frames,
      rest: mended?.rest,
      extra,
      store: storeFacts,
    });
    await writeInPlace(files, paths.indexNpz, [index]);
    await files.syncFolder(dirname(paths.indexNpz));
  }
  await files.syncFolder(root);
  await files.remove(paths.journal);
}

/** Replaces the video by one that every program reads. A video without frames is none, and goes. */
async function mend(
  { files, format }: StoreAtWork,
  { paths, frames, head }: UnfinishedChunk,
): Promise<MendedChunk | undefined> {
  const last = frames.at(-1);
  if (last === undefined) {
    await files.remove(paths.chunk);
    return undefined;
  }
  if (format.mendChunk === undefined) {
    // Nothing to mend but its end, where half a picture may stand.
    await files.truncate(paths.chunk, last.offset + last.size);
    return { pictures: frames, rest: undefined };
  }
  const temporary = partName(paths.chunk);
  const asLeft = `${paths.chunk}.left`;
  await Promise.all([files.remove(temporary), files.remove(asLeft)]);
  try {
    // A writer that was killed while it closed the file has changed its beginning: put back what the journal kept.
    const start = head ? await files.readRange(paths.chunk, 0, head.length) : undefined;
    const isChanged = head !== undefined && Buffer.compare(start!, head) !== 0;
    if (isChanged) await copyAsLeft(files, paths.chunk, asLeft, head, last.offset + last.size);
    const mended = await format.mendChunk(isChanged ? asLeft : paths.chunk, temporary, frames.length);
    if (mended.pictures.length < frames.length) {
      const found = `holds ${mended.pictures.length} frames that can be read, its journal names ${frames.length}`;
      throw new EncodeError(paths.chunk, found);
    }
    await files.rename(temporary, paths.chunk);
    return mended;
  } finally {
    await Promise.all([files.remove(temporary), files.remove(asLeft)]);
  }
}

const copiedAtOnce = 2 ** 24;

/** A copy of a video as it was before its writer began to close it. */
export async function copyAsLeft(
  files: StoreFiles,
  from: string,
  to: string,
  head: Uint8Array,
  end: number,
): Promise<void> {
  const file = await files.create(to, [head]);
  try {
    for (let at = head.length; at < end; at += copiedAtOnce) {
      await file.append([await files.readRange(from, at, Math.min(copiedAtOnce, end - at))]);
    }
  } finally {
    await file.close();
  }
}

/** Removes pictures that were on their way when the writer was killed: nobody was told that they are safe. */
async function tidyFolder({ files, format }: StoreAtWork, { paths, frames }: UnfinishedChunk): Promise<void> {
  const claimed = new Set(frames.map((_, rank) => paddedNumber(rank) + format.extension));
  for (const name of await files.list(paths.chunk)) {
    const isPicture = /^\d{6,}\./.test(name) && name.endsWith(format.extension);
    // What cannot be removed (a folder of that name) harms nobody: no index names it.
    if (isPicture && !claimed.has(name)) await files.remove(join(paths.chunk, name)).catch(() => {});
  }
}
