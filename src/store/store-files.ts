/**
 * The file system, as far as a writer of stores needs it: what the tests replace by one whose power can be cut at any
 * moment. Errors are those of the system, with its `code` (ENOSPC, EIO …).
 */
export interface StoreFiles {
  /** Creates a file with that content; it stays open for more. @throws EEXIST if it is there. */
  create(path: string, parts?: readonly Uint8Array[]): Promise<StoreFile>;
  /** The whole file. @throws ENOENT if there is none. */
  read(path: string): Promise<Uint8Array>;
  /** Part of a file. @returns fewer bytes if the file ends before. */
  readRange(path: string, offset: number, size: number): Promise<Uint8Array>;
  /** Cuts a file to that many bytes, and syncs it. */
  truncate(path: string, size: number): Promise<void>;
  /** Bytes in it; undefined if there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** Names of the files and folders in it; none if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  makeFolder(path: string): Promise<void>;
  /** Replaces what stands under the new name, in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; nothing happens if it is not there. */
  remove(path: string): Promise<void>;
  /** After this the names in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  /** Free bytes on the disk of that folder, and all of it. */
  space(folder: string): Promise<{ readonly free: number; readonly total: number }>;
}

/** A file that only grows. */
export interface StoreFile {
  /** Resolves when the system has all of it: it survives this process. A short write is completed, or an error. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** After this it survives a power cut. Never called again after it failed: the system may have dropped the bytes. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What a file is called while it is being written. */
export function partName(path: string): string {
  return `${path}.part`;
}

/**
 * Writes a file under another name first, and moves it into place when it is safe on the disk: under its own name it is
 * whole, or not there, whatever happens. The folder has to be synced for the name to survive a power cut.
 */
export async function writeInPlace(
  files: StoreFiles,
  path: string,
  parts: readonly Uint8Array[],
): Promise<void> {
  const temporary = partName(path);
  await files.remove(temporary);
  try {
    const file = await files.create(temporary, parts);
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Why the system could not write, in words that help. */
export function systemReason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full";
  return `cannot be written: ${message}`;
}
