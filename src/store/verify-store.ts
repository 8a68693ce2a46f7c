import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, loadDigest } from "../core/digest.js";
import { MareyError, NotFoundError, StoreFormatError } from "../core/errors.js";
import { type StampStatistics, stampStatistics } from "../core/stamp-statistics.js";
import { bytesInMemory, extractZipEntry, readZipDirectory } from "../core/zip.js";
import { encodeZip } from "../core/zip-layout.js";
import type { EncodedPicture } from "./chunk-format.js";
import { type ChunkBytes, decodeChunkBytes } from "./chunk-index.js";
import { longestIndex, sealOf } from "./chunk-seals.js";
import { containedPath, readContainedFile } from "./contained-file.js";
import { type ByteRange, digestOfRanges, longestPicture } from "./digest-ranges.js";
import { type ChunkPaths, chunkPaths, metadataCopyName, metadataName, paddedNumber } from "./layout.js";
import { readMetadataText } from "./metadata-file.js";
import { nodeFiles } from "./node-files.js";
import type { StoreChunk, StoreReader } from "./store-reader.js";

export interface VerifyStoreOptions {
  /** Decode every frame, too. @default false */
  readonly deep?: boolean;
  readonly signal?: AbortSignal;
  /** Called after each frame that was looked at. */
  readonly onProgress?: (pass: "digests" | "frames", done: number, total: number) => void;
}

/** Something in a store that is not as it should be. */
export interface StoreDamage {
  readonly path: string;
  /** The frame's index, where it is about one. */
  readonly frame?: number;
  readonly message: string;
}

/** What is known of a chunk after it has been looked at. */
export interface ChunkReceipt {
  readonly number: number;
  /** `open`: it is being written, or its writer was killed; what there is can be read. */
  readonly state: "finished" | "open";
  readonly frames: number;
  /** Of the chunk's pictures or video. */
  readonly bytes: number;
  /** Pictures whose bytes are those that were written; 0 where nobody wrote down what they were. */
  readonly digests: number;
  readonly damage: number;
  /** Of the chunk's index, and so of the chunk; see `ChunkSeal`. */
  readonly seal?: string;
}

/** What a store is, how its recording went, and whether it is whole. */
export interface StoreReceipt {
  readonly path: string;
  readonly uuid: string | undefined;
  readonly ok: boolean;
  readonly frames: number;
  readonly bytes: number;
  readonly stamps: StampStatistics;
  readonly chunks: readonly ChunkReceipt[];
  readonly extraData: {
    readonly rows: number;
    /** Frames that have a row. */
    readonly frames: number;
    /** Rows that belong to no frame of the store. */
    readonly strays: number;
  };
  /** Frames whose bytes were compared with their digest, and frames that were decoded. */
  readonly checked: { readonly digests: number; readonly decoded: number };
  readonly damage: readonly StoreDamage[];
}

/**
 * Looks a store through: is everything there, and are its bytes those that were written? Stores of Python's imgstore and of
 * Motif have no digests: there it is seen whether every picture and video is there and as long as its index says.
 * @throws the signal's reason.
 */
export async function verifyStore(
  store: StoreReader,
  options: VerifyStoreOptions = {},
): Promise<StoreReceipt> {
  const digest = await loadDigest();
  const damage: StoreDamage[] = [];
  const check = { store, digest, damage, options, done: 0 };
  const chunks: ChunkReceipt[] = [];
  for (const chunk of store.chunks) chunks.push(await verifyChunk(check, chunk));
  await verifyMetadata(store, damage);
  const decoded = options.deep ? await decodeAll(store, damage, options) : 0;
  const extraData = await verifyExtraData(store);
  for (const { severity, path, message } of store.problems) {
    if (severity === "error") damage.push({ path, message });
  }
  return {
    path: store.path,
    uuid: store.uuid,
    ok: damage.length === 0,
    frames: store.index.length,
    bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    stamps: stampStatistics(store.index),
    chunks,
    extraData,
    checked: { digests: chunks.reduce((sum, { digests }) => sum + digests, 0), decoded },
    damage,
  };
}

interface Check {
  readonly store: StoreReader;
  readonly digest: Digest;
  readonly damage: StoreDamage[];
  readonly options: VerifyStoreOptions;
  done: number;
}

/** Damaged frames of one chunk that are told one by one. */
const mostTold = 1000;

async function verifyChunk(check: Check, chunk: StoreChunk): Promise<ChunkReceipt> {
  const { store, damage } = check;
  const { layout, extension } = store.metadata;
  const paths = chunkPaths(store.path, layout, extension, chunk.number);
  const before = damage.length;
  const { written, seal } = await readChunkBytes(check, paths);
  const frames = { ...check, damage: [] };
  const result =
    layout === "video"
      ? await verifyVideo(frames, chunk, paths, written)
      : await verifyPictures(frames, chunk, paths, written);
  damage.push(...shortened(frames.damage, paths.chunk));
  check.done = frames.done;
  await verifyExtraFile(check, paths, written?.extra);
  const isOpen = await stat(paths.indexNpz).then(
    () => false,
    () => true,
  );
  const hasJournal = isOpen && (await stat(paths.journal).then(Boolean, () => false));
  return {
    number: chunk.number,
    state: hasJournal ? "open" : "finished",
    frames: chunk.count,
    ...result,
    damage: damage.length - before,
    ...(seal !== undefined && { seal }),
  };
}

/** An index may name millions of frames that nobody ever wrote. */
function shortened(damage: readonly StoreDamage[], path: string): readonly StoreDamage[] {
  if (damage.length <= mostTold) return damage;
  return [
    ...damage.slice(0, mostTold),
    { path, message: `${damage.length - mostTold} more of its frames are damaged` },
  ];
}

/** What the chunk's index says of its bytes, and the seal; undefined where it says nothing. */
async function readChunkBytes(
  { store, damage, digest }: Check,
  { indexNpz }: ChunkPaths,
): Promise<{ readonly written?: ChunkBytes | undefined; readonly seal?: string }> {
  try {
    const bytes = await readContainedFile(store.path, indexNpz, longestIndex);
    const written = decodeChunkBytes(bytes, indexNpz);
    if (written !== undefined && !isAsWritten(bytes, indexNpz)) {
      damage.push({ path: indexNpz, message: "its bytes are not those that were written" });
    }
    return { written, seal: sealOf(bytes, digest) };
  } catch (error) {
    if (!(error instanceof MareyError)) throw error;
    // An index that is missing or damaged is known to the reader already.
    if (error.code !== "NOT_FOUND") damage.push({ path: indexNpz, message: withoutPath(error, indexNpz) });
    return {};
  }
}

/** An index of ours is told by its content alone, to the byte: what is packed again is the same. */
function isAsWritten(bytes: Uint8Array, path: string): boolean {
  const entries = readZipDirectory(bytesInMemory(bytes), path);
  if (entries.some(({ method }) => method !== 0)) return false;
  const arrays = entries.map(
    (entry) => [entry.name, extractZipEntry(bytesInMemory(bytes), entry, path)] as const,
  );
  return Buffer.compare(encodeZip(new Map(arrays)), bytes) === 0;
}

interface ChunkResult {
  readonly bytes: number;
  readonly digests: number;
}

async function verifyPictures(
  check: Check,
  { start, count }: StoreChunk,
  paths: ChunkPaths,
  written: ChunkBytes | undefined,
): Promise<ChunkResult> {
  const { store, damage } = check;
  let [bytes, digests] = [0, 0];
  // A folder that is a link is followed, as far as it stays within the store.
  const folder = await containedPath(store.path, paths.chunk).catch(() => paths.chunk);
  const there = new Set(await nodeFiles.list(folder).catch(() => []));
  for (let rank = 0; rank < count; rank++) {
    const frame = start + rank;
    const name = paddedNumber(rank) + store.format.extension;
    const path = join(paths.chunk, name);
    try {
      if (!there.has(name)) throw new NotFoundError(path, "no such file");
      const file = await openContained(store.path, path);
      try {
        const { size } = await file.stat();
        bytes += size;
        const picture = written?.pictures[rank];
        if (picture === undefined) {
          if (size === 0) damage.push({ path, frame, message: "is empty" });
        } else if (size !== picture.size) {
          damage.push({ path, frame, message: `has ${size} bytes, ${picture.size} were written` });
        } else if (await isSound(file, picture, check.digest)) digests++;
        else damage.push({ path, frame, message: "its bytes are not those that were written" });
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
      damage.push({ path, frame, message: withoutPath(error, path) });
    }
    step(check);
  }
  return { bytes, digests };
}

async function verifyVideo(
  check: Check,
  { start, count, number }: StoreChunk,
  { chunk: path }: ChunkPaths,
  written: ChunkBytes | undefined,
): Promise<ChunkResult> {
  const { store, damage, digest } = check;
  let digests = 0;
  let file: FileHandle;
  try {
    file = await openContained(store.path, path);
  } catch (error) {
    if (!(error instanceof MareyError)) throw error;
    damage.push({ path, message: withoutPath(error, path) });
    return { bytes: 0, digests };
  }
  try {
    const { size: bytes } = await file.stat();
    if (written === undefined) {
      const held = await store.countPictures(number).catch((error: unknown) => error as MareyError);
      if (held instanceof Error) damage.push({ path, message: withoutPath(held, path) });
      else if (held !== undefined && held !== count) {
        damage.push({ path, message: `holds ${held} frames, its index says ${count}` });
      }
      for (let rank = 0; rank < count; rank++) step(check);
      return { bytes, digests };
    }
    for (const [rank, picture] of written.pictures.entries()) {
      const frame = start + rank;
      if (picture.offset + picture.size > bytes) {
        damage.push({ path, frame, message: `ends at byte ${bytes}, before the frame does` });
      } else if (await isSound(file, picture, digest)) digests++;
      else damage.push({ path, frame, message: "the bytes of the frame are not those that were written" });
      step(check);
    }
    const isRestSound =
      written.rest === undefined || (await digestOfRest(file, bytes, written, digest)) === written.rest;
    if (!isRestSound)
      damage.push({ path, message: "its header or table of contents is not what was written" });
    return { bytes, digests };
  } finally {
    await file.close();
  }
}

function step(check: Check): void {
  check.options.signal?.throwIfAborted();
  check.done++;
  check.options.onProgress?.("digests", check.done, check.store.index.length);
}

async function openContained(root: string, path: string): Promise<FileHandle> {
  const real = await containedPath(root, path);
  const found = await stat(real);
  if (!found.isFile()) throw new StoreFormatError(path, "is not a regular file");
  return open(real);
}

async function isSound(file: FileHandle, picture: EncodedPicture, digest: Digest): Promise<boolean> {
  const { offset, size } = picture;
  if (size > longestPicture) return false;
  return (await digestOfRanges([[offset, offset + size]], readerOf(file), digest)) === picture.digest;
}

function readerOf(file: FileHandle): (offset: number, size: number) => Promise<Uint8Array> {
  return async (offset, size) => {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  };
}

/** What lies before, between and behind the pictures. */
async function digestOfRest(
  file: FileHandle,
  bytes: number,
  { pictures }: ChunkBytes,
  digest: Digest,
): Promise<bigint | undefined> {
  const ranges: ByteRange[] = [];
  let at = 0;
  for (const { offset, size } of [...pictures, { offset: bytes, size: 0 }]) {
    if (offset > at && offset <= bytes) ranges.push([at, offset]);
    at = offset + size;
  }
  return digestOfRanges(ranges, readerOf(file), digest);
}

async function verifyExtraFile(
  { store, damage, digest }: Check,
  { extraJson }: ChunkPaths,
  wanted: bigint | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const file = await openContained(store.path, extraJson).catch(() => undefined);
  if (file === undefined) {
    damage.push({ path: extraJson, message: "is missing, though extra data was written" });
    return;
  }
  try {
    const { size } = await file.stat();
    if ((await digestOfRanges([[0, size]], readerOf(file), digest)) === wanted) return;
    damage.push({ path: extraJson, message: "its bytes are not those that were written" });
  } finally {
    await file.close();
  }
}

/** A store of ours has its metadata twice. */
async function verifyMetadata({ path }: StoreReader, damage: StoreDamage[]): Promise<void> {
  const copy = await readMetadataText(path, join(path, metadataCopyName)).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  if (copy === undefined || copy === (await readMetadataText(path, join(path, metadataName)))) return;
  const message = `differs from its copy ${metadataCopyName}: one of the two was changed`;
  damage.push({ path: join(path, metadataName), message });
}

async function decodeAll(
  store: StoreReader,
  damage: StoreDamage[],
  { signal, onProgress }: VerifyStoreOptions,
): Promise<number> {
  const total = store.index.length;
  let decoded = 0;
  let done = 0;
  const known = new Set(damage.map(({ frame }) => frame));
  const onDamage = (error: MareyError & { frame?: number | undefined; path: string }): void => {
    onProgress?.("frames", ++done, total);
    const { frame, path } = error;
    if (frame !== undefined && known.has(frame)) return;
    damage.push({ path, ...(frame !== undefined && { frame }), message: withoutPath(error, path) });
  };
  for await (const _ of store.frames({ onDamage })) {
    signal?.throwIfAborted();
    decoded++;
    onProgress?.("frames", ++done, total);
  }
  return decoded;
}

async function verifyExtraData(store: StoreReader): Promise<StoreReceipt["extraData"]> {
  const rows = await store.extraData();
  const withRow = new Set<number>();
  let strays = 0;
  for (const { frame_index: index } of rows) {
    if (typeof index === "number" && index >= 0 && index < store.index.length) withRow.add(index);
    else strays++;
  }
  return { rows: rows.length, frames: withRow.size, strays };
}

function withoutPath({ message }: Error, path: string): string {
  return message.startsWith(path) ? message.slice(path.length).replace(/^[,:]\s*/, "") : message;
}
