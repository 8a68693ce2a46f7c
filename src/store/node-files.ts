import { closeSync, fdatasync, openSync, writeSync, writev, writevSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { atBestPace } from "./file-pace.js";
import type { StoreFile, StoreFiles } from "./store-files.js";

const [syncData, writeParts] = [promisify(fdatasync), promisify(writev)];

/** From this size on, copying takes longer than the way through the thread pool: several files are written at once. */
const LARGE_FILE = 2 ** 19;

/** The disk. */
export const nodeFiles: StoreFiles = {
  create: async (path, parts = []) => {
    const fd = openSync(path, "wx");
    try {
      const total = sizeOf(parts);
      if (total >= LARGE_FILE) await writeInPool(fd, parts);
      else {
        await atBestPace(
          total,
          () => writeAll(fd, parts, 0),
          () => writeInPool(fd, parts),
        );
      }
      return openFile(fd);
    } catch (error) {
      closeSync(fd);
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
  },
  read: (path) => readFile(path),
  readRange: async (path, offset, size) => {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  },
  truncate: async (path, size) => {
    const file = await open(path, "r+");
    try {
      await file.truncate(size);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  size: async (path) => {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  },
  list: async (folder) => {
    try {
      return await readdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  },
  makeFolder: async (path) => {
    await mkdir(path);
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder: async (path) => {
    // Windows knows no such thing, and keeps names safe by itself.
    if (process.platform === "win32") return;
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  space: async (folder) => {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  },
};

function openFile(fd: number): StoreFile {
  let isOpen = true;
  return {
    append: (parts) => {
      const total = sizeOf(parts);
      return atBestPace(
        total,
        () => writeAll(fd, parts, 0),
        () => writeInPool(fd, parts),
      );
    },
    sync: () => syncData(fd),
    close: async () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

async function writeInPool(fd: number, parts: readonly Uint8Array[]): Promise<void> {
  writeAll(fd, parts, (await writeParts(fd, parts)).bytesWritten);
}

/**
 * Writes what is left after the first `written` bytes. A full disk or a signal may cut a write short: the rest is
 * written until the system says why not.
 */
function writeAll(fd: number, parts: readonly Uint8Array[], written: number): void {
  const total = sizeOf(parts);
  let done = written;
  if (done === 0 && total > 0) done = writevSync(fd, parts);
  if (done === total) return;
  let rest = Buffer.concat(parts).subarray(done);
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
