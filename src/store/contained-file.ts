import { closeSync, constants, fstatSync, open, openSync, read, readSync, realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { FileFormatError, NotFoundError, StoreFormatError } from "../core/errors.js";
import type { ByteSource } from "../core/zip.js";
import { atBestPace } from "./file-pace.js";

// A store may come from anywhere. Nothing in it (a link, a name, a pipe that never ends) may make a reader open a
// file outside it, wait for ever, or fill the memory.

/** Links are looked at first, and pipes and terminals never waited for. */
const carefully = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The real path of a file or folder of a store.
 * @throws {NotFoundError} if there is none.
 * @throws {StoreFormatError} if it lies outside `root`.
 */
export async function containedPath(root: string, path: string): Promise<string> {
  const real = await realpath(path).catch((cause) => {
    throw missingFile(path, cause);
  });
  return within(root, path, real);
}

function within(root: string, path: string, real: string): string {
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  throw new StoreFormatError(path, `leads out of the store, to ${real}`);
}

/** As `containedPath`, for a regular file that another library is going to open. */
export async function containedRegularFile(root: string, path: string): Promise<string> {
  const real = await containedPath(root, path);
  const { isFile, size } = await stat(real).then((found) => ({ isFile: found.isFile(), size: found.size }));
  if (!isFile) throw new StoreFormatError(path, "is not a regular file");
  if (size === 0) throw new FileFormatError(path, "is empty");
  return real;
}

/** A file of a store is longer than whoever reads it allows. */
export class TooLongError extends StoreFormatError {}

/** What a file of a store was when it was read. */
export interface ContainedFacts {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Another file of the store has these bytes, and its `mtimeMs`. */
  readonly isLink: boolean;
}

/** A file of a store that was read, and what it was at that time. */
export interface ContainedFile extends ContainedFacts {
  /** In a buffer of their own. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a whole file of a store.
 * @param limit bytes; a longer file is refused before anything is read.
 * @param expected bytes that such a file usually has.
 * @returns bytes in a buffer of their own.
 * @throws {NotFoundError} if there is none.
 * @throws {StoreFormatError} if it lies outside the store, is no regular file, or too long.
 */
export async function readContainedFile(
  root: string,
  path: string,
  limit: number,
  expected = limit,
): Promise<Uint8Array> {
  return (await openContainedFile(root, path, limit, expected)).bytes;
}

/** Bytes of a long text that are looked at in one go. */
const textPiece = 2 ** 20;

/**
 * As `readContainedFile`, for a text: it ends before the first zero byte, which no text has, so that a file which is long but
 * empty takes no memory. One zero is left at its end then, for the text is damaged.
 */
export async function readContainedText(root: string, path: string, limit: number): Promise<Uint8Array> {
  try {
    return await readContainedFile(root, path, Math.min(limit, textPiece));
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
  }
  return withContainedFile(root, path, limit, (file) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < file.byteLength; at += textPiece) {
      const piece = file.slice(at, Math.min(at + textPiece, file.byteLength));
      const zero = piece.indexOf(0);
      pieces.push(zero < 0 ? piece : piece.subarray(0, zero + 1));
      if (zero >= 0) break;
    }
    return Buffer.concat(pieces);
  });
}

/** As `readContainedFile`, with what is known of the file. */
export async function openContainedFile(
  root: string,
  path: string,
  limit: number,
  expected = limit,
): Promise<ContainedFile> {
  try {
    return asContained(await readRegularFile(path, limit, expected), false);
  } catch (error) {
    if (error instanceof StoreFormatError) throw error;
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw missingFile(path, error);
    const real = await containedPath(root, path);
    return asContained(await readRegularFile(real, limit, expected), true);
  }
}

function asContained({ bytes, mtimeMs }: FileRead, isLink: boolean): ContainedFile {
  return { bytes, size: bytes.length, mtimeMs, isLink };
}

/** Files up to so many bytes are read in one go: that is faster than to ask for pieces of them. */
const wholeBytes = 2 ** 17;

/**
 * Lends a file of a store, at once and on this thread, to be read piece by piece.
 * @throws as `readContainedFile`, and what `use` throws.
 */
export function withContainedFile<T>(
  root: string,
  path: string,
  limit: number,
  use: (file: ByteSource, facts: ContainedFacts) => T,
): T {
  const { fd, isLink } = openContainedFd(root, path);
  try {
    const { size, mtimeMs } = regularStat(fd, path, limit);
    const whole = size <= wholeBytes ? readPiece(fd, 0, size) : undefined;
    const source = {
      byteLength: whole?.length ?? size,
      slice: (start: number, stop: number) => {
        const piece = whole?.subarray(start, stop) ?? readPiece(fd, start, stop);
        if (piece.length < stop - start) throw new FileFormatError(path, "grew shorter while it was read");
        return piece;
      },
    };
    return use(source, { size, mtimeMs, isLink });
  } finally {
    closeSync(fd);
  }
}

function openContainedFd(root: string, path: string): { fd: number; isLink: boolean } {
  try {
    return { fd: openSync(path, carefully), isLink: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw missingFile(path, error);
  }
  try {
    return { fd: openSync(within(root, path, realpathSync(path)), carefully), isLink: true };
  } catch (error) {
    throw error instanceof StoreFormatError ? error : missingFile(path, error);
  }
}

/** Shorter than asked for only where the file ends. */
function readPiece(fd: number, start: number, stop: number): Uint8Array {
  // Not from Node's pool of small buffers: typed arrays over it must start at an even address.
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, stop - start));
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, start + length);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
  }
  return bytes;
}

interface FileRead {
  readonly bytes: Uint8Array;
  readonly mtimeMs: number;
}

/** `expected` bytes are what files of this kind usually have: they tell whether the main thread may read it. */
function readRegularFile(path: string, limit: number, expected: number): Promise<FileRead> {
  return atBestPace(
    expected,
    () => readAtOnce(path, limit),
    () => readInPool(path, limit),
  );
}

function readAtOnce(path: string, limit: number): FileRead {
  const fd = openSync(path, carefully);
  try {
    const { size, mtimeMs } = regularStat(fd, path, limit);
    return { bytes: readPiece(fd, 0, size), mtimeMs };
  } finally {
    closeSync(fd);
  }
}

/** By callbacks, which take half the time of promised file handles; only what may wait for a disk uses the pool. */
function readInPool(path: string, limit: number): Promise<FileRead> {
  return new Promise((resolve, reject) => {
    open(path, carefully, (openError, fd) => {
      if (openError) {
        reject(openError);
        return;
      }
      let mtimeMs = Number.NaN;
      const finish = (error: unknown, bytes?: Uint8Array): void => {
        closeSync(fd);
        if (error) reject(error);
        else resolve({ bytes: bytes!, mtimeMs });
      };
      try {
        const found = regularStat(fd, path, limit);
        mtimeMs = found.mtimeMs;
        readFully(fd, Buffer.allocUnsafeSlow(found.size), 0, finish);
      } catch (error) {
        finish(error);
      }
    });
  });
}

function regularStat(fd: number, path: string, limit: number): { size: number; mtimeMs: number } {
  const found = fstatSync(fd);
  if (!found.isFile()) throw new StoreFormatError(path, "is not a regular file");
  if (found.size <= limit) return found;
  throw new TooLongError(path, `has ${found.size} bytes; at most ${limit} are read`);
}

function readFully(
  fd: number,
  bytes: Buffer,
  length: number,
  finish: (error: unknown, bytes?: Uint8Array) => void,
): void {
  if (length === bytes.length) {
    finish(null, bytes);
    return;
  }
  read(fd, bytes, length, bytes.length - length, length, (error, count) => {
    if (error) finish(error);
    else if (count === 0) finish(null, bytes.subarray(0, length));
    else readFully(fd, bytes, length + count, finish);
  });
}

function missingFile(path: string, cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return new NotFoundError(path, "no such file", { cause });
  return new NotFoundError(path, `cannot be read: ${message}`, { cause });
}
