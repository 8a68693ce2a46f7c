import { dirname, join } from "node:path";
import type { Digest } from "../core/digest.js";
import { EncodeError } from "../core/errors.js";
import type { FrameClocks } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkFormat, MendedChunk } from "./chunk-format.js";
import { encodeChunkIndex, mostFramesInChunk } from "./chunk-index.js";
import { digestOfRanges, longestPicture } from "./digest-ranges.js";
import { frameRecordBytes, journalHeaderBytes } from "./journal.js";
import { JournalFrames } from "./journal-frames.js";
import { type ChunkPaths, chunkPaths, paddedNumber } from "./layout.js";
import { readJournal } from "./read-journal.js";
import { partName, type StoreFiles, writeInPlace } from "./store-files.js";

/** What the writer of a chunk left behind when it was killed, or has so far while it is at work. */
export interface UnfinishedChunk {
  readonly number: number;
  readonly paths: ChunkPaths;
  /** Frames that can be read. */
  readonly frames: JournalFrames;
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
 * @param keepsRows its extra data is wanted, too.
 * @returns undefined if there is no journal of this store's.
 */
export async function readUnfinishedChunk(
  store: StoreAtWork,
  number: number,
  isAlive: boolean,
  keepsRows = true,
): Promise<UnfinishedChunk | undefined> {
  const { root, uuid, format, files } = store;
  const paths = chunkPaths(root, format.layout, format.extension, number);
  const size = (await files.size(paths.journal)) ?? 0;
  const claimed = new JournalFrames(Math.min(mostFramesInChunk, Math.floor(size / frameRecordBytes)));
  const rows: string[] = [];
  if (size < journalHeaderBytes) {
    // Its writer was killed before it began the chunk.
    return { number, paths, frames: claimed, lost: 0, damaged: [], rows, head: undefined };
  }
  let head: Uint8Array | undefined;
  let synced = 0;
  const read = (offset: number, wanted: number): Promise<Uint8Array> =>
    // What a writer at work adds meanwhile is left to the next look.
    files.readRange(paths.journal, offset, Math.max(0, Math.min(wanted, size - offset)));
  let clocks: FrameClocks | undefined;
  const journal = await readJournal(read, (record) => {
    if (record.kind === "clocks") {
      clocks = record.clocks;
      return;
    }
    if (record.kind === "frame") claimed.push(record, clocks);
    else if (record.kind === "row") {
      if (keepsRows) rows.push(record.text);
    } else if (record.kind === "head") head = record.bytes;
    else synced = Math.max(synced, record.count);
    clocks = undefined;
  });
  if (journal === undefined || journal.chunk !== number) return undefined;
  if (uuid !== undefined && journal.uuid !== uuid) return undefined;
  const held = isAlive
    ? { count: claimed.length, damaged: [] }
    : format.layout === "video"
      ? await heldInVideo(store, paths.chunk, claimed, synced)
      : await heldInFolder(store, paths.chunk, claimed, synced);
  const lost = claimed.length - held.count;
  claimed.cut(held.count);
  return { number, paths, frames: claimed, lost, damaged: held.damaged, rows, head };
}

interface Held {
  readonly count: number;
  readonly damaged: readonly number[];
}

/** A power cut takes the end of a file: frames count up to the first that is not whole, or overlaps the one before. */
async function heldInVideo(
  { files, digest }: StoreAtWork,
  path: string,
  claimed: JournalFrames,
  synced: number,
): Promise<Held> {
  const size = (await files.size(path)) ?? 0;
  let end = 0;
  let rank = 0;
  for (const { offset, size: bytes, digest: wanted } of claimed) {
    // A picture of no bytes is none.
    const isPlausible = offset >= end && offset + bytes <= size && bytes > 0 && bytes <= longestPicture;
    if (!isPlausible) return { count: rank, damaged: [] };
    end = offset + bytes;
    const isSound =
      rank < synced || (await digestOfRanges([[offset, end]], readerOf(files, path), digest)) === wanted;
    if (!isSound) return { count: rank, damaged: [] };
    rank++;
  }
  return { count: claimed.length, damaged: [] };
}

/** A power cut takes any files of those not synced: frames count up to the last that is whole. */
async function heldInFolder(
  { files, digest, format }: StoreAtWork,
  folder: string,
  claimed: JournalFrames,
  synced: number,
): Promise<Held> {
  const damaged: number[] = [];
  const there = new Set(await files.list(folder));
  const isThere = (rank: number): boolean => there.has(paddedNumber(rank) + format.extension);
  // Behind the last picture there is nothing to look for.
  let last = claimed.length - 1;
  while (last >= 0 && !isThere(last)) last--;
  let count = Math.min(synced, last + 1);
  for (let rank = count; rank <= last; rank++) {
    const { size, digest: wanted } = claimed.at(rank)!;
    const name = paddedNumber(rank) + format.extension;
    const path = join(folder, name);
    const isWhole =
      size > 0 &&
      size <= longestPicture &&
      there.has(name) &&
      (await files.size(path)) === size &&
      (await digestOfRanges([[0, size]], readerOf(files, path), digest)) === wanted;
    if (isWhole) count = rank + 1;
    else damaged.push(rank);
  }
  return { count, damaged: damaged.filter((rank) => rank < count) };
}

function readerOf(files: StoreFiles, path: string): (offset: number, size: number) => Promise<Uint8Array> {
  return (offset, size) => files.readRange(path, offset, size);
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
      numbers: Array.from(frames, ({ number }) => number),
      times: Array.from(frames, ({ time }) => time),
      pictures: mended?.pictures ?? [...frames],
      rest: mended?.rest,
      extra,
      clocks: frames.clocks,
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
    return { pictures: [...frames], rest: undefined };
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
  const claimed = new Set(
    Array.from({ length: frames.length }, (_, rank) => paddedNumber(rank) + format.extension),
  );
  for (const name of await files.list(paths.chunk)) {
    const isPicture = /^\d{6,}\./.test(name) && name.endsWith(format.extension);
    // What cannot be removed (a folder of that name) harms nobody: no index names it.
    if (isPicture && !claimed.has(name)) await files.remove(join(paths.chunk, name)).catch(() => {});
  }
}
