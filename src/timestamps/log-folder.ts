import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import { type CameraLog, CameraLogBuilder } from "./camera-log.js";
import type { ReadLogOptions } from "./log-archive.js";
import { parseLogEntryName } from "./log-entry.js";

/** Files that are read at once. */
const filesAtOnce = 64;
/** Bytes of one message, at most. */
const longestEntry = 2 ** 26;

/** Names of the messages that lie in a folder as files of their own, by source, in the order of time. */
export type LooseEntries = ReadonlyMap<number, readonly string[]>;

/**
 * Finds the messages of a folder, not those of folders in it.
 * @throws {NotFoundError} if it cannot be read.
 */
export async function looseEntries(folder: string): Promise<LooseEntries> {
  const found = new Map<number, string[]>();
  for (const name of await namesIn(folder)) {
    const entry = parseLogEntryName(name);
    if (entry === undefined) continue;
    const names = found.get(entry.source) ?? [];
    if (names.push(name) === 1) found.set(entry.source, names);
  }
  // All are of one length: their order is that of their time.
  for (const names of found.values()) names.sort();
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** @throws {NotFoundError} if there is no such folder, or it cannot be read. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new NotFoundError(folder, cause.code === "ENOENT" ? "no such folder" : cause.message, { cause });
  });
}

/**
 * When each frame was, from the messages of a source that lie in a folder as files of their own: a log that was not put
 * into an archive yet, or whose recorder was killed.
 * @throws {NotFoundError} if a file is not there; {FileFormatError} if it is damaged, or there is no onset.
 */
export async function readLogFolder(
  folder: string,
  names: readonly string[],
  options: ReadLogOptions = {},
): Promise<CameraLog> {
  const log = new CameraLogBuilder(folder);
  for await (const files of readEntries(folder, names, options)) {
    for (const { name, file } of files) log.add(file, name);
  }
  return log.finish();
}

/** The files of messages, some at a time, in the order given. */
export async function* readEntries(
  folder: string,
  names: readonly string[],
  { signal }: ReadLogOptions = {},
): AsyncGenerator<readonly { readonly name: string; readonly file: Uint8Array }[]> {
  for (let at = 0; at < names.length; at += filesAtOnce) {
    signal?.throwIfAborted();
    const some = names.slice(at, at + filesAtOnce);
    yield await Promise.all(some.map(async (name) => ({ name, file: await readEntry(join(folder, name)) })));
  }
}

async function readEntry(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new FileFormatError(path, "is not a regular file");
    if (status.size > longestEntry)
      throw new FileFormatError(path, `${status.size} bytes are no message of a log`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    throw new NotFoundError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
}
