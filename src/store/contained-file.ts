import { closeSync, constants, fstatSync, open, openSync, read, readSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { FileFormatError, NotFoundError, StoreFormatError } from "../core/errors.js";
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
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new StoreFormatError(path, `leads out of the store, to ${real}`);
  }
  return real;
}

/** As `containedPath`, for a regular file that another library is going to open. */
export async function containedRegularFile(root: string, path: string): Promise<string> {
  const real = await containedPath(root, path);
  const { isFile, size } = await stat(real).then((found) => ({ isFile: found.isFile(), size: found.size }));
  if (!isFile) throw new StoreFormatError(path, "is not a regular file");
  if (size === 0) throw new FileFormatError(path, "is empty");
  return real;
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
  try {
    return await readRegularFile(path, limit, expected);
  } catch (error) {
    if (error instanceof StoreFormatError) throw error;
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw missingFile(path, error);
    return await readRegularFile(await containedPath(root, path), limit, expected);
  }
}

/** `expected` bytes are what files of this kind usually have: they tell whether the main thread may read it. */
function readRegularFile(path: string, limit: number, expected: number): Promise<Uint8Array> {
  return atBestPace(
    expected,
    () => readAtOnce(path, limit),
    () => readInPool(path, limit),
  );
}

function readAtOnce(path: string, limit: number): Uint8Array {
  const fd = openSync(path, carefully);
  try {
    // Not from Node's pool of small buffers: typed arrays over it must start at an even address.
    const bytes = Buffer.allocUnsafeSlow(regularSize(fd, path, limit));
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(fd, bytes, length, bytes.length - length, length);
      if (count === 0) return bytes.subarray(0, length);
      length += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** By callbacks, which take half the time of promised file handles; only what may wait for a disk uses the pool. */
function readInPool(path: string, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    open(path, carefully, (openError, fd) => {
      if (openError) {
        reject(openError);
        return;
      }
      const finish = (error: unknown, bytes?: Uint8Array): void => {
        closeSync(fd);
        if (error) reject(error);
        else resolve(bytes!);
      };
      try {
        readFully(fd, Buffer.allocUnsafeSlow(regularSize(fd, path, limit)), 0, finish);
      } catch (error) {
        finish(error);
      }
    });
  });
}

function regularSize(fd: number, path: string, limit: number): number {
  const found = fstatSync(fd);
  if (!found.isFile()) throw new StoreFormatError(path, "is not a regular file");
  if (found.size <= limit) return found.size;
  throw new StoreFormatError(path, `has ${found.size} bytes; at most ${limit} are read`);
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
