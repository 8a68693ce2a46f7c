import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { MareyError } from "../core/errors.js";
import type { ChunkColumns } from "./chunk-records.js";
import { ChunkRecords, encodeRecord, type IndexFile, recordBytes } from "./chunk-records.js";
import { readContainedFile } from "./contained-file.js";
import { catalogueName } from "./layout.js";

// The catalogue of a store: what is known of its chunks, so that opening it need not open them all. It is a cache
// and never the truth: whatever does not fit the chunks is passed over, and all of it may be deleted.
//
//    0  8 bytes  "MareyCat"
//    8  u32      version, 1
//   12  u32      bytes of a record, 120
//   16  16 bytes uuid of the store; 0 where it has none
//   32  f64      mtime of the store's folder, ms since 1970, when the catalogue was last known to be complete; 0: not
//   40  u64 …    0
//   60  u32      CRC-32 of bytes 0 to 59
//   64 …         records, see chunk-records.ts; of several for one chunk the last counts
//
// Written in place, never by way of another name: a new name would change the mtime of the folder that it tells of.
// Every record is protected by its own CRC, so half of one, or half of a file, is no more than a record less.

const magic = "MareyCat";
const version = 1;
const headerBytes = 64;
const headerCrcAt = headerBytes - 4;
/** Records that a catalogue may have beyond two for each chunk. */
const spareRecords = 4096;

/** A catalogue as it was found, its records not yet compared with the chunks. */
export interface Catalogue {
  /** Milliseconds since 1970. */
  readonly folderMtimeMs: number;
  readonly records: ChunkRecords;
}

/**
 * Reads the catalogue of a store.
 * @param chunks how many the store has; a catalogue that is much longer than that is none.
 * @returns undefined if there is none, or it is damaged, of another version or of another store.
 */
export async function readCatalogue(
  root: string,
  uuid: string | undefined,
  chunks: number,
): Promise<Catalogue | undefined> {
  const path = join(root, catalogueName);
  const longest = headerBytes + (2 * chunks + spareRecords) * recordBytes;
  const bytes = await readContainedFile(root, path, longest, 2 ** 20).catch((error: unknown) => {
    if (error instanceof MareyError) return undefined;
    throw error;
  });
  return bytes && parseCatalogue(bytes, uuid);
}

/** As `readCatalogue`, of bytes; kept, not copied. */
export function parseCatalogue(bytes: Uint8Array, uuid: string | undefined): Catalogue | undefined {
  if (bytes.length < headerBytes) return undefined;
  const header = bytes.subarray(0, headerBytes);
  const folderMtimeMs = new DataView(header.buffer, header.byteOffset).getFloat64(32, true);
  const expected = encodeHeader(uuid, folderMtimeMs);
  if (expected.some((byte, at) => byte !== header[at])) return undefined;
  return { folderMtimeMs, records: new ChunkRecords(bytes.subarray(headerBytes)) };
}

/** The bytes of a catalogue. */
export function encodeCatalogue(
  uuid: string | undefined,
  folderMtimeMs: number,
  records: ChunkRecords,
): Uint8Array {
  const bytes = new Uint8Array(headerBytes + records.bytes.length);
  bytes.set(encodeHeader(uuid, folderMtimeMs));
  bytes.set(records.bytes, headerBytes);
  return bytes;
}

function encodeHeader(uuid: string | undefined, folderMtimeMs: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  header.set(new TextEncoder().encode(magic));
  view.setUint32(8, version, true);
  view.setUint32(12, recordBytes, true);
  header.set(uuidBytes(uuid), 16);
  view.setFloat64(32, folderMtimeMs, true);
  view.setUint32(headerCrcAt, crc32(header.subarray(0, headerCrcAt)), true);
  return header;
}

/** 32 hexadecimal digits as 16 bytes; whatever else a uuid may be gives what no uuid gives. */
function uuidBytes(uuid: string | undefined): Uint8Array {
  const digits = uuid?.replaceAll("-", "") ?? "";
  return /^[0-9a-f]{32}$/i.test(digits) ? Buffer.from(digits, "hex") : new Uint8Array(16);
}

/** XXH3 over a chunk's index file, 64 bits; what `IndexFile.digest` means. */
export async function indexDigest(): Promise<(bytes: Uint8Array) => bigint> {
  const { createXXHash3 } = await import("hash-wasm");
  const hasher = await createXXHash3();
  return (bytes) => {
    const digest = hasher.init().update(bytes).digest("binary");
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  };
}

/**
 * Writes the catalogue of a store that nobody is writing to. Where that cannot be done (no rights, no room, something
 * else has its name), nothing happens: it is a cache.
 */
export async function saveCatalogue(
  root: string,
  uuid: string | undefined,
  records: ChunkRecords,
): Promise<void> {
  await quietly(async () => {
    const file = await openForWriting(root);
    try {
      const bytes = encodeCatalogue(uuid, 0, records);
      await file.write(bytes, 0, bytes.length, 0);
      await file.truncate(bytes.length);
      await writeHeader(file, root, uuid);
    } finally {
      await file.close();
    }
  });
}

/** The folder is as it was when it was looked through: readers need not look again at every chunk. */
export async function touchCatalogue(root: string, uuid: string | undefined): Promise<void> {
  await quietly(async () => {
    const file = await openForWriting(root);
    await writeHeader(file, root, uuid).finally(() => file.close());
  });
}

/** Empties the catalogue of a store, because it turned out to be wrong. */
export async function dropCatalogue(root: string): Promise<void> {
  await quietly(async () => {
    const file = await openForWriting(root, 0);
    try {
      await file.truncate(0);
    } finally {
      await file.close();
    }
  });
}

/**
 * Keeps the catalogue of a store that is being written: a record for each chunk that is closed. Nothing it does can
 * fail: where the catalogue cannot be written there is none, or a shorter one.
 */
export class CatalogueWriter {
  readonly #root: string;
  readonly #uuid: string | undefined;
  readonly #digest: (bytes: Uint8Array) => bigint;
  #file: FileHandle | undefined;
  #end = headerBytes;

  private constructor(
    root: string,
    uuid: string | undefined,
    digest: (bytes: Uint8Array) => bigint,
    file: FileHandle | undefined,
  ) {
    this.#root = root;
    this.#uuid = uuid;
    this.#digest = digest;
    this.#file = file;
  }

  /** Begins a catalogue, or goes on with the one that is there if it is this store's. @param chunks that there are. */
  static async open(root: string, uuid: string | undefined, chunks: number): Promise<CatalogueWriter> {
    const known = await readCatalogue(root, uuid, chunks);
    const digest = await indexDigest();
    const file = await openForWriting(root).catch(() => undefined);
    const writer = new CatalogueWriter(root, uuid, digest, file);
    if (known !== undefined) writer.#end += known.records.length * recordBytes;
    await writer.#try(async (target) => {
      await target.truncate(writer.#end);
      // Not complete, until `finish` says so.
      await target.write(encodeHeader(uuid, 0), 0, headerBytes, 0);
    });
    return writer;
  }

  /**
   * Adds a chunk whose index has its final name.
   * @param indexPath its `.npz`, and `index` the bytes in it.
   * @param chunkDigest of its pictures, 64 bits; 0 where unknown.
   */
  async append(
    chunk: number,
    columns: ChunkColumns,
    { indexPath, index, chunkDigest = 0n }: AppendedChunk,
  ): Promise<void> {
    await this.#try(async (file) => {
      const { size, mtimeMs } = await stat(indexPath);
      if (size !== index.length) return;
      const of: IndexFile = { bytes: size, mtimeMs, digest: this.#digest(index), isYaml: false };
      await file.write(encodeRecord(chunk, columns, of, chunkDigest), 0, recordBytes, this.#end);
      this.#end += recordBytes;
    });
  }

  /** Closes it. To be called last, when the lock is gone: whatever changes the folder makes readers look closer. */
  async finish(): Promise<void> {
    await this.#try((file) => writeHeader(file, this.#root, this.#uuid));
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  async #try(write: (file: FileHandle) => Promise<unknown>): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      await write(file);
    } catch {
      this.#file = undefined;
      await file.close().catch(() => {});
    }
  }
}

/** Fewer chunks are looked through as fast as a catalogue of them. */
export const smallestCatalogue = 32;

/** What `CatalogueWriter.append` has to know of the files of a chunk. */
export interface AppendedChunk {
  readonly indexPath: string;
  readonly index: Uint8Array;
  readonly chunkDigest?: bigint;
}

async function writeHeader(file: FileHandle, root: string, uuid: string | undefined): Promise<void> {
  const { mtimeMs } = await stat(root);
  await file.write(encodeHeader(uuid, mtimeMs), 0, headerBytes, 0);
}

/**
 * A store may come from anywhere, and so may what has the catalogue's name in it: a link to another file, or a second
 * name of one, must not be written through.
 */
async function openForWriting(root: string, create: number = constants.O_CREAT): Promise<FileHandle> {
  const careful = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(root, catalogueName), careful | create, 0o666);
  const found = await file.stat();
  if (found.isFile() && found.nlink === 1) return file;
  await file.close();
  throw new Error("not a file of its own");
}

async function quietly(run: () => Promise<void>): Promise<void> {
  await run().catch(() => {});
}
