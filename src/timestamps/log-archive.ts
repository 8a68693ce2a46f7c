import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import { extractZipEntry, findZipDirectory, type ZipEntry, zipEntryAt } from "../core/zip.js";
import { type CameraLog, CameraLogBuilder } from "./camera-log.js";
import { parseLogEntryName } from "./log-entry.js";

/** Bytes that are read at once. A log of a day has millions of members of 137 bytes. */
const windowBytes = 2 ** 20;
/** Of the end of a file, where the directory of an archive is announced: its comment at most, and the records. */
const tailBytes = 2 ** 16 + 22 + 20 + 56;
/** Of one entry of the directory, at most. */
const longestEntry = 46 + 3 * 0xffff;
/** Of a member, with what stands before it, at most; longer ones are no messages. */
const longestMember = 2 ** 26;

/** The `.npy` file of a message, as it stands in an archive. */
export interface ArchivedEntry {
  readonly name: string;
  /** Good until the next one is asked for. */
  readonly file: Uint8Array;
}

export interface ReadLogOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * When each frame was, from an archive of a camera's log (`101_log.npz`). Reads it in pieces: a million frames take some
 * MiB of memory.
 * @throws {NotFoundError} if there is none; {FileFormatError} if it is damaged, cut short, or has no onset.
 */
export async function readLogArchive(path: string, options: ReadLogOptions = {}): Promise<CameraLog> {
  const log = new CameraLogBuilder(path);
  for await (const entries of archivedEntries(path, options)) {
    for (const { name, file } of entries) log.add(file, name);
  }
  return log.finish();
}

/** Whether a file begins as an archive whose first member is a message. */
export async function isLogArchive(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    const name = bytesRead < 30 ? "" : buffer.toString("latin1", 30, 30 + buffer.readUInt16LE(26));
    return buffer.readUInt32LE(0) === 0x04034b50 && parseLogEntryName(name) !== undefined;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/**
 * All messages of an archive in its own order, some hundred at a time; members of other names are passed over.
 * @throws as `readLogArchive`.
 */
export async function* archivedEntries(
  path: string,
  { signal }: ReadLogOptions = {},
): AsyncGenerator<Iterable<ArchivedEntry>> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
    const found = cause.code === "ENOENT" ? "no such file" : `cannot be read: ${cause.message}`;
    throw new NotFoundError(path, found, { cause });
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new FileFormatError(path, "is not a regular file");
    const members = new ReadWindow(file, status.size, path);
    for await (const entries of directoryOf(file, status.size, path)) {
      signal?.throwIfAborted();
      yield* await batches(entries, members);
    }
  } finally {
    await file.close();
  }
}

/** Runs of members that lie in the window together: one wait for many. */
async function* batches(
  entries: readonly ZipEntry[],
  members: ReadWindow,
): AsyncGenerator<Iterable<ArchivedEntry>> {
  for (let at = 0; at < entries.length; ) {
    const first = entries[at]!;
    await members.cover(first.offset, first.offset + roomOf(first));
    let stop = at + 1;
    while (stop < entries.length && members.covers(entries[stop]!)) stop++;
    yield members.files(entries.slice(at, stop));
    at = stop;
  }
}

/** Bytes from the local header on that a member can take: its name there is as long, extra fields are short. */
function roomOf({ name, packedBytes }: ZipEntry): number {
  return 30 + 3 * name.length + 1024 + packedBytes;
}

/** A piece of a file, moved along. */
class ReadWindow {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #path: string;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(file: FileHandle, size: number, path: string) {
    this.#file = file;
    this.#size = size;
    this.#path = path;
  }

  /** Reads on from `start`, if the bytes up to `stop` are not there. */
  async cover(start: number, stop: number): Promise<void> {
    const end = Math.min(stop, this.#size);
    if (start >= this.#start && end <= this.#start + this.#bytes.length) return;
    if (stop - start > longestMember) {
      throw new FileFormatError(this.#path, `a member of ${stop - start} bytes is no message of a log`);
    }
    const length = Math.max(0, Math.min(this.#size - start, Math.max(windowBytes, stop - start)));
    this.#bytes = await readAt(this.#file, start, length, this.#path);
    this.#start = start;
  }

  covers(entry: ZipEntry): boolean {
    const end = Math.min(this.#size, entry.offset + roomOf(entry));
    return entry.offset >= this.#start && end <= this.#start + this.#bytes.length;
  }

  *files(entries: readonly ZipEntry[]): Generator<ArchivedEntry> {
    const { byteLength, slice } = {
      byteLength: this.#size,
      slice: (start: number, stop: number): Uint8Array => {
        const piece = this.#bytes.subarray(Math.max(0, start - this.#start), Math.max(0, stop - this.#start));
        if (piece.length === stop - start) return piece;
        throw new FileFormatError(
          this.#path,
          `damaged zip: bytes ${start} to ${stop} are no part of a message`,
        );
      },
    };
    for (const entry of entries) {
      const options = { checksum: crc32, longest: longestMember };
      yield { name: entry.name, file: extractZipEntry({ byteLength, slice }, entry, this.#path, options) };
    }
  }
}

/** The directory of an archive, piece by piece, in its own order; messages only. */
async function* directoryOf(file: FileHandle, size: number, path: string): AsyncGenerator<ZipEntry[]> {
  const { start, end, count } = await findDirectory(file, size, path);
  let done = 0;
  for (let at = start; done < count; ) {
    const bytes = await readAt(file, at, Math.min(windowBytes, end - at), path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const entries: ZipEntry[] = [];
    let used = 0;
    while (done < count && (at + bytes.length === end || used + longestEntry <= bytes.length)) {
      const found = zipEntryAt(view, used);
      if (found === undefined) {
        const told = `entry ${done} of ${count} is missing or cut short`;
        throw new FileFormatError(path, `damaged zip directory: ${told}`);
      }
      if (parseLogEntryName(found.entry.name)) entries.push(found.entry);
      used = found.next;
      done++;
    }
    at += used;
    yield entries;
  }
}

async function findDirectory(file: FileHandle, size: number, path: string) {
  const lowest = Math.max(0, size - tailBytes);
  const tail = await readAt(file, lowest, size - lowest, path);
  const slice = (start: number, stop: number): Uint8Array => {
    if (start < lowest)
      throw new FileFormatError(path, "damaged zip: its ZIP64 record is not where it should be");
    return tail.subarray(start - lowest, stop - lowest);
  };
  return findZipDirectory({ byteLength: size, slice }, path);
}

async function readAt(file: FileHandle, start: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0)
      throw new FileFormatError(path, `ends at byte ${start + done}: it has become shorter`);
    done += bytesRead;
  }
  return bytes;
}
