import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { EncodeError, ExistsError, FileFormatError } from "../core/errors.js";
import { ZipLayout } from "../core/zip-layout.js";
import { archivedEntries } from "./log-archive.js";
import { decodeLogEntry, parseLogEntryName } from "./log-entry.js";
import { looseEntries, readEntries } from "./log-folder.js";
import { logArchiveName } from "./log-writer.js";
import { writeWholeFile } from "./whole-file.js";

export interface AssembleLogsOptions {
  /** Which sources. @default all that there are */
  readonly sources?: readonly number[];
  /** Compare the archive with the files before it gets its name. @default false: its bytes are synced, not read again */
  readonly verify?: boolean;
  /** Remove the files of the messages when the archive is safe on the disk. @default true */
  readonly removeSources?: boolean;
  readonly signal?: AbortSignal;
}

/** An archive that was made, or was found to be there. */
export interface AssembledLog {
  readonly source: number;
  readonly path: string;
  /** Messages, the onset among them. */
  readonly entries: number;
  /** It was there before, with all that the files hold. */
  readonly existed: boolean;
}

/**
 * Puts the messages of a folder into one archive a source, as ataraxis' `assemble_log_archives` does, with the same bytes.
 * Whenever it is interrupted, every message is in a file or in a whole archive; doing it again goes on.
 * @throws {FileFormatError} if a message is damaged; nothing is removed then.
 * @throws {ExistsError} if there is an archive already that lacks some of the messages: the log of another recording.
 * @throws {EncodeError} if an archive cannot be written or is not what the files are.
 */
export async function assembleLogs(
  folder: string,
  options: AssembleLogsOptions = {},
): Promise<AssembledLog[]> {
  const { sources, verify = false, removeSources = true, signal } = options;
  const made: AssembledLog[] = [];
  for (const [source, names] of await looseEntries(folder)) {
    if (sources && !sources.includes(source)) continue;
    const path = join(folder, logArchiveName(source));
    const existed = (await stat(path).catch(() => undefined)) !== undefined;
    if (existed) {
      // A crash between the archive and the removal of the last file.
      await needAllIn(path, folder, names, signal).catch((cause) => {
        if (!(cause instanceof EncodeError)) throw cause;
        throw new ExistsError(path, `it is not the archive of these messages (${cause.message})`, { cause });
      });
    } else {
      const check = (temporary: string): Promise<void> => needAllIn(temporary, folder, names, signal);
      await writeArchive(path, folder, names, signal, verify ? check : undefined);
    }
    if (removeSources) for (const name of names) await rm(join(folder, name));
    made.push({ source, path, entries: names.length, existed });
  }
  return made;
}

async function writeArchive(
  path: string,
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
  check: ((path: string) => Promise<void>) | undefined,
): Promise<void> {
  await writeWholeFile(
    path,
    async (put) => {
      const layout = new ZipLayout();
      for await (const files of readEntries(folder, names, { signal })) {
        for (const { name, file } of files) {
          needSameTime(name, file, join(folder, name));
          await put(layout.add(name, file, crc32(file)));
          await put(file);
        }
      }
      await put(layout.end());
    },
    { ...(check && { check }) },
  );
}

/** What is put away must be readable, and lie where its name says. */
function needSameTime(name: string, file: Uint8Array, path: string): void {
  const { elapsed } = decodeLogEntry(file, path);
  const { elapsed: named } = parseLogEntryName(name)!;
  if (elapsed !== named) throw new FileFormatError(path, `says ${elapsed} µs where its name says ${named}`);
}

/** @throws {EncodeError} unless each of the files is in the archive, byte for byte. */
async function needAllIn(
  path: string,
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const wanted = readEntries(folder, names, { signal });
  let files = [...((await wanted.next()).value ?? [])];
  let found = 0;
  // Both are in the order of time; an archive may hold more than the files that are left of a removal.
  for await (const entries of archivedEntries(path, { signal })) {
    for (const { name, file } of entries) {
      if (files[0]?.name !== name) continue;
      if (Buffer.compare(files.shift()!.file, file) !== 0)
        throw new EncodeError(path, `${name} has other bytes`);
      found++;
      if (files.length === 0) files = [...((await wanted.next()).value ?? [])];
    }
  }
  if (found < names.length) {
    throw new EncodeError(
      path,
      `lacks ${names.length - found} of ${names.length} messages, the first ${names[found]}`,
    );
  }
}
