import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { loadDigest } from "../core/digest.js";
import { EncodeError, ExistsError, UnsupportedError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import { appendPlan } from "./append-store.js";
import {
  type ChunkFormat,
  type Durability,
  type EncoderOptions,
  encoderSettings,
  findFormat,
  pickEncoderOptions,
} from "./chunk-format.js";
import { mostFramesInChunk } from "./chunk-index.js";
import { localTimeZone } from "./creation-date.js";
import { GrowingCatalogue } from "./growing-catalogue.js";
import {
  chunkPaths,
  isStoreFile,
  lockName,
  metadataCopyName,
  metadataName,
  readmeName,
  type StoreLayout,
} from "./layout.js";
import { readMetadataText } from "./metadata-file.js";
import { nodeFiles } from "./node-files.js";
import { isOurReadme, type ReadmeFacts, writeReadme } from "./readme.js";
import { partName, type StoreFiles, systemReason, writeInPlace } from "./store-files.js";
import { takeLock } from "./store-lock.js";
import { formatStoreMetadata, parseStoreMetadata, shapeOfInfo, storeFacts } from "./store-metadata.js";
import type { StorePlan } from "./store-plan.js";
import { StoreWriter } from "./store-writer.js";
import { type StoredPixels, storedPixels } from "./stored-pixels.js";

/** Encoder options that mean nothing to the format are refused; what was used is kept in the metadata. */
export interface CreateStoreOptions extends EncoderOptions {
  /** What every frame is. */
  readonly info: ImageInfo;
  /**
   * As imgstore names it: "npy", "png", "avc1/mp4" …; "png+color" turns frames with an encoding into BGR first.
   * `usualFormat` knows a fitting one. In a lossy format a Bayer mosaic, or another encoding, loses more than a picture
   * does: pixels side by side mean different things there, and run into each other. The store's README says so.
   */
  readonly format: string;
  /**
   * imgstore's name of what the samples of the frames mean: "cv_bayerbg", "cv_yuv420p" …, see `pixelEncodings`. They are
   * stored as they are, and come back as BGR, here and in Python.
   * @default that of `info.color` if it is a Bayer pattern, else none
   */
  readonly encoding?: string;
  /** What `format` may name. */
  readonly formats: readonly ChunkFormat[];
  /** Frames a chunk, 2^23 at most. @default 200 in directory stores, 10,000 in video stores */
  readonly chunkSize?: number;
  /** Kept in `metadata.yaml` for whoever reads the store: anything YAML can spell. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Replace an existing store. Files that belong to no store are left alone. @default false */
  readonly overwrite?: boolean;
  /**
   * Go on in an existing store, after its last frame, in a new chunk. A writer before that was killed is cleaned up
   * after. Format and frames have to be those of the store; its metadata stays. A store that is not there is made.
   * @default false
   */
  readonly append?: boolean;
  /**
   * What a frame has survived when its write resolves. Whatever is chosen, it survives the process: it is in the files,
   * and its number and time in a journal.
   *
   * `flush`: the end of this process, not a power cut. `second`: the same, and a second later a power cut too; costs
   * nothing where frames are encoded, and uncompressed the rate of the disk. `frame`: a power cut; each write waits for the disk.
   * @default "second"
   */
  readonly durability?: Durability;
  /**
   * Bytes of the disk that stay free: below that, what there is gets closed, and `write` throws a `DiskFullError`.
   * @default 2 GiB, or 5 % of the disk if that is less
   */
  readonly minFree?: number;
}

const defaultChunkSize: Record<StoreLayout, number> = { directory: 200, video: 10_000 };

/** Room that is left on a disk. */
const defaultMinFree = { bytes: 2 ** 31, share: 0.05 };

/**
 * Creates a store that Python's imgstore reads, or goes on in one.
 * @param path its folder, or the `metadata.yaml` in it; made if it is not there.
 * @throws {ExistsError} if there is a store already, or a folder with anything in it, or another writer.
 * @throws {UnsupportedError} if the format or encoding is not known, or cannot hold such frames, or has no such option.
 * @throws {FrameMismatchError} if a store that is to be gone on in holds others.
 * @throws {RangeError | TypeError} if the chunk size is no positive integer, an encoder option out of range, or
 *   the metadata no mapping that YAML can spell.
 */
export async function createStore(path: string, options: CreateStoreOptions): Promise<StoreWriter> {
  const { formats, info: offered } = options;
  const format = findFormat(formats, options.format);
  if (format === undefined) {
    throw new UnsupportedError(
      "store format",
      options.format,
      formats.map(({ name }) => name),
    );
  }
  const pixels = storedPixels(offered, format, options.format, options.encoding);
  const encoder = encoderSettings(format, pixels.stored, options);
  return new StoreWriter(await planStore(path, { format, offered, pixels, encoder }, options));
}

/** What of `CreateStoreOptions` has nothing to do with what frames are. */
export type StorePlaceOptions = Pick<
  CreateStoreOptions,
  "chunkSize" | "metadata" | "overwrite" | "append" | "durability" | "minFree"
> &
  EncoderOptions;

/** What goes into a store, and how. */
export interface StoreContent {
  readonly format: ChunkFormat;
  /** What frames are as they are offered. */
  readonly offered: ImageInfo;
  readonly pixels: StoredPixels;
  readonly encoder: EncoderOptions;
  /** Its frames are kept as a camera compressed them. @default false */
  readonly isCopied?: boolean;
}

/**
 * Makes the folder of a store with its metadata, or finds out how one that is there is gone on with; takes its lock.
 * @throws what `createStore` throws.
 */
export async function planStore(
  path: string,
  { format, offered, pixels, encoder, isCopied = false }: StoreContent,
  options: StorePlaceOptions,
): Promise<StorePlan> {
  const { chunkSize, metadata: user = {} } = options;
  if (chunkSize !== undefined && !(Number.isSafeInteger(chunkSize) && chunkSize > 0)) {
    throw new RangeError(`chunkSize must be a positive integer, got ${chunkSize}`);
  }
  if (chunkSize !== undefined && chunkSize > mostFramesInChunk) {
    throw new RangeError(`chunkSize must be at most ${mostFramesInChunk}, got ${chunkSize}`);
  }
  if ("__store" in user) throw new TypeError("__store is no name for user metadata");
  if (options.append && options.overwrite) throw new TypeError("append and overwrite exclude each other");
  const { stored, encoding } = pixels;
  const metadata = {
    layout: format.layout,
    format: format.name,
    extension: format.layout === "video" ? format.extension : "",
    imgshape: shapeOfInfo(stored),
    imgdtype: stored.dtype,
    chunkSize: chunkSize ?? defaultChunkSize[format.layout],
    encoding,
    encoder: { ...encoder, ...(isCopied && { copied: true }) },
    storeClass: format.storeClass,
    created: new Date(),
    timezone: localTimeZone(),
    uuid: randomUUID().replaceAll("-", ""),
    user,
  };
  const text = formatStoreMetadata(metadata);

  const asked = resolve(path);
  const folder = basename(asked) === metadataName ? dirname(asked) : asked;
  const exists = await makeRoom(folder, options);
  const lock = await takeLock(folder);
  const { durability = "second" } = options;
  const files = nodeFiles;
  const common = {
    path: folder,
    format,
    offered,
    ...pixels,
    files,
    digest: await loadDigest(),
    options: { durability, encoder },
    release: () => lock.release(),
  };
  try {
    const minFree = options.minFree ?? (await usualFloor(files, folder));
    if (exists) {
      const existing = await appendPlan(common, chunkSize, pickEncoderOptions(options));
      const begun = { chunkSize: existing.chunkSize, encoder: existing.options.encoder };
      const describe = readmeOf({ format, stored, encoding, isCopied, ...begun }, files, folder);
      return {
        ...existing,
        ...catalogued(folder, existing.uuid, existing.before.nextChunk, common.release),
        minFree,
        describe,
        remove: removeChunks(folder, format, common.release),
      };
    }
    await writeMetadata(files, folder, text);
    const describe = readmeOf(
      { format, stored, encoding, isCopied, chunkSize: metadata.chunkSize, encoder },
      files,
      folder,
    );
    await describe({ frames: undefined, rate: undefined });
    return {
      ...common,
      ...catalogued(folder, metadata.uuid, 0, common.release),
      uuid: metadata.uuid,
      chunkSize: metadata.chunkSize,
      storeFacts: storeFacts(metadata),
      minFree,
      describe,
      before: { length: 0, nextChunk: 0, last: undefined },
      remove: () => removeStore(folder, format.layout, format.extension),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A store of many chunks is written with its catalogue, so that already the first reader opens it at once. */
function catalogued(
  folder: string,
  uuid: string,
  chunks: number,
  release: () => Promise<void>,
): Pick<StorePlan, "onFinished" | "release"> {
  const catalogue = new GrowingCatalogue(folder, uuid, chunks);
  return {
    onFinished: (chunk) => catalogue.add(chunk),
    release: async () => {
      await release();
      await catalogue.finish();
    },
  };
}

function readmeOf(
  facts: Omit<ReadmeFacts, "frames" | "rate">,
  files: StoreFiles,
  folder: string,
): (counted: Pick<ReadmeFacts, "frames" | "rate">) => Promise<void> {
  return (counted) => writeReadme(files, folder, { ...facts, ...counted });
}

async function usualFloor(files: StoreFiles, folder: string): Promise<number> {
  const { total } = await files.space(folder);
  return Math.min(defaultMinFree.bytes, total * defaultMinFree.share);
}

/** Twice, for the day that the one is lost; and safe on the disk, with its name, before anything else is. */
async function writeMetadata(files: StoreFiles, folder: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    await writeInPlace(files, join(folder, metadataCopyName), [bytes]);
    await writeInPlace(files, join(folder, metadataName), [bytes]);
    await files.syncFolder(folder);
    await files.syncFolder(dirname(folder));
  } catch (cause) {
    throw new EncodeError(join(folder, metadataName), systemReason(cause), { cause });
  }
}

/** A folder that may be written in, made if need be. @returns whether there is a store in it, to go on in. */
async function makeRoom(
  folder: string,
  { overwrite, append }: Pick<CreateStoreOptions, "overwrite" | "append">,
): Promise<boolean> {
  let names: string[];
  try {
    await mkdir(folder, { recursive: true });
    names = await readdir(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") throw new ExistsError(folder, "it is no folder", { cause });
    throw new EncodeError(folder, `cannot be created: ${message}`, { cause });
  }
  const isStore = names.includes(metadataName);
  if (append && isStore) return true;
  // A writer may have been killed before it wrote anything else.
  const early = [lockName, metadataCopyName, partName(metadataName)];
  if (names.every((name) => early.some((begin) => name.startsWith(begin)))) return false;
  if (!isStore) throw new ExistsError(folder, "it holds files, but no store");
  if (!overwrite) throw new ExistsError(folder, "pass overwrite to replace the store in it, append to go on");
  const path = join(folder, metadataName);
  const { layout, extension } = parseStoreMetadata(await readMetadataText(folder, path), path);
  const lock = await takeLock(folder);
  await removeStore(folder, layout, extension);
  await lock.release();
  await mkdir(folder, { recursive: true });
  return false;
}

/** Removes what belongs to a store, and its folder if nothing else is in it. */
async function removeStore(folder: string, layout: StoreLayout, extension: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name === readmeName && !(await isOurReadme(nodeFiles, folder))) continue;
    if (isStoreFile(name, entry.isDirectory(), layout, extension)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
  // Only an empty folder goes; others are not ours.
  await rmdir(folder).catch(() => {});
}

/** Removes the chunks that a writer added to a store that was there before. */
function removeChunks(
  folder: string,
  { layout, extension }: ChunkFormat,
  release: () => Promise<void>,
): (chunks: readonly number[]) => Promise<void> {
  return async (chunks) => {
    for (const chunk of chunks) {
      const paths = chunkPaths(folder, layout, extension, chunk);
      for (const path of Object.values(paths)) await rm(path, { recursive: true, force: true });
    }
    await release();
  };
}
