import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EncodeError, ExistsError, UnsupportedError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import { type ChunkFormat, type ChunkWriteOptions, findFormat } from "./chunk-format.js";
import { localTimeZone } from "./creation-date.js";
import { lockName, metadataName, type StoreLayout } from "./layout.js";
import { formatStoreMetadata, parseStoreMetadata } from "./store-metadata.js";
import { type StorePlan, StoreWriter, writeInPlace } from "./store-writer.js";

export interface CreateStoreOptions extends ChunkWriteOptions {
  /** What every frame is. */
  readonly info: ImageInfo;
  /** As imgstore names it: "npy", "png", "avc1/mp4" … */
  readonly format: string;
  /** What `format` may name. */
  readonly formats: readonly ChunkFormat[];
  /** Frames a chunk. @default 200 in directory stores, 10,000 in video stores */
  readonly chunkSize?: number;
  /** Kept in `metadata.yaml` for whoever reads the store: anything YAML can spell. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Replace an existing store. Files that belong to no store are left alone. @default false */
  readonly overwrite?: boolean;
}

const defaultChunkSize: Record<StoreLayout, number> = { directory: 200, video: 10_000 };

/**
 * Creates a store that Python's imgstore reads.
 * @param path its folder, or the `metadata.yaml` in it; made if it is not there.
 * @throws {ExistsError} if there is a store already, or a folder with anything in it.
 * @throws {UnsupportedError} if the format is not known, or cannot hold such frames.
 * @throws {RangeError | TypeError} if the chunk size is no positive integer, or the metadata no mapping that YAML
 *   can spell.
 */
export async function createStore(path: string, options: CreateStoreOptions): Promise<StoreWriter> {
  const { formats, chunkSize, metadata: user = {}, info: offered } = options;
  const format = findFormat(formats, options.format);
  if (format === undefined) {
    throw new UnsupportedError(
      "store format",
      options.format,
      formats.map(({ name }) => name),
    );
  }
  if (chunkSize !== undefined && !(Number.isSafeInteger(chunkSize) && chunkSize > 0)) {
    throw new RangeError(`chunkSize must be a positive integer, got ${chunkSize}`);
  }
  if ("__store" in user) throw new TypeError("__store is no name for user metadata");
  const stored = storedInfo(format, offered);
  const uuid = randomUUID().replaceAll("-", "");
  const frames = chunkSize ?? defaultChunkSize[format.layout];
  const text = formatStoreMetadata({
    layout: format.layout,
    format: format.name,
    extension: format.extension,
    info: stored,
    chunkSize: frames,
    created: new Date(),
    timezone: localTimeZone(),
    uuid,
    user,
  });

  const asked = resolve(path);
  const folder = basename(asked) === metadataName ? dirname(asked) : asked;
  await makeRoom(folder, options.overwrite ?? false);
  await takeLock(folder);
  await writeInPlace(join(folder, metadataName), text);
  const plan: StorePlan = {
    path: folder,
    uuid,
    format,
    offered,
    stored,
    chunkSize: frames,
    options: options.quality === undefined ? {} : { quality: options.quality },
    remove: () => removeStore(folder, format.layout, format.extension),
  };
  return new StoreWriter(plan);
}

function storedInfo(format: ChunkFormat, offered: ImageInfo): ImageInfo {
  const { bits: _, ...plain } = offered;
  const stored = format.storedAs(offered.color === "rgb" ? { ...plain, color: "bgr" } : plain);
  const storable = ["gray", "bgr", "bgra", "none"];
  if (stored !== undefined && storable.includes(stored.color)) return stored;
  throw new UnsupportedError(`frames for a ${format.name} store`, describeImage(offered));
}

/** An empty folder, made if need be. */
async function makeRoom(folder: string, overwrite: boolean): Promise<void> {
  let names: string[];
  try {
    await mkdir(folder, { recursive: true });
    names = await readdir(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") throw new ExistsError(folder, "it is no folder", { cause });
    throw new EncodeError(folder, `cannot be created: ${message}`, { cause });
  }
  if (names.length === 0) return;
  if (!names.includes(metadataName)) throw new ExistsError(folder, "it holds files, but no store");
  if (!overwrite) throw new ExistsError(folder, "pass overwrite to replace the store in it");
  const path = join(folder, metadataName);
  const { layout, extension } = parseStoreMetadata(await readFile(path, "utf8"), path);
  await removeStore(folder, layout, extension);
  await mkdir(folder, { recursive: true });
}

/** Of two writers that find the same empty folder, one gets it. */
async function takeLock(folder: string): Promise<void> {
  await writeFile(join(folder, lockName), "", { flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST") throw new ExistsError(folder, "another writer is at work in it", { cause });
    throw new EncodeError(folder, `cannot be written: ${cause.message}`, { cause });
  });
}

/** Removes what belongs to a store, and its folder if nothing else is in it. */
async function removeStore(folder: string, layout: StoreLayout, extension: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    const isChunk =
      layout === "directory"
        ? /^\d{6,}$/.test(name) && entry.isDirectory()
        : /^\d{6,}(?:\.\w+)+$/.test(name) &&
          [extension, ".npz", ".yaml", ".json", ".h5", ".part"].some((ending) => name.endsWith(ending));
    const isOwn = [metadataName, `${metadataName}.part`, lockName, ".index.sqlite"].includes(name);
    const isExtra = /^\d{6,}\.extra_data\.(?:json|h5)$/.test(name);
    if (isChunk || isOwn || isExtra) await rm(join(folder, name), { recursive: true, force: true });
  }
  // Only an empty folder goes; others are not ours.
  await rmdir(folder).catch(() => {});
}
