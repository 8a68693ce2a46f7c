import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { EncodeError, ExistsError, UnsupportedError } from "../core/errors.js";
import { ZipLayout } from "../core/zip-layout.js";
import type { CameraLog } from "./camera-log.js";
import { encodeLogEntry, encodeOnset, logEntryName } from "./log-entry.js";
import { type WholeFileOptions, writeWholeFile } from "./whole-file.js";

const nothing = new Uint8Array(0);

/** "101_log.npz", beside the manifest. */
export function logArchiveName(source: number | string): string {
  return `${source}_log.npz`;
}

/**
 * Writes the log of a camera as one archive, the bytes that ataraxis' DataLogger and `assemble_log_archives` would leave.
 * @throws {UnsupportedError} if times are not later than the onset and the one before: messages are named by their time, and
 *   two of one name are one.
 * @throws {ExistsError}, {EncodeError} as `writeWholeFile`.
 */
export async function writeLogArchive(
  path: string,
  log: Pick<CameraLog, "source" | "onset" | "times">,
  options: WholeFileOptions = {},
): Promise<void> {
  needAscending(log);
  const { source, onset, times } = log;
  await writeWholeFile(
    path,
    async (put) => {
      const layout = new ZipLayout();
      const add = async (elapsed: bigint, file: Uint8Array): Promise<void> => {
        await put(layout.add(logEntryName(source, elapsed), file, crc32(file)));
        await put(file);
      };
      await add(0n, encodeOnset(source, onset));
      for (const time of times) {
        const elapsed = time - onset;
        await add(elapsed, encodeLogEntry({ source, elapsed, payload: nothing }));
      }
      await put(layout.end());
    },
    options,
  );
}

function needAscending({ onset, times }: Pick<CameraLog, "onset" | "times">): void {
  let before = onset;
  for (const [frame, time] of times.entries()) {
    if (time > before) {
      before = time;
      continue;
    }
    const than = frame === 0 ? `the onset of the log, ${onset} µs` : `frame ${frame - 1}, ${before} µs`;
    throw new UnsupportedError(
      "times in a log (each has to be later)",
      `frame ${frame}, ${time} µs, after ${than}`,
    );
  }
}

/** A log while it is recorded: one small file a message, as ataraxis' DataLogger writes them; see `assembleLogs`. */
export class LogFolderWriter {
  readonly folder: string;
  readonly source: number;

  private constructor(folder: string, source: number) {
    this.folder = folder;
    this.source = source;
  }

  /**
   * Begins the log of a source; the folder is made if there is none.
   * @param onset microseconds since 1970 UTC, which all frames are counted from.
   * @throws {ExistsError} if it has a log of that source already; {EncodeError} if it cannot be written.
   */
  static async create(folder: string, source: number, onset: bigint): Promise<LogFolderWriter> {
    const writer = new LogFolderWriter(folder, source);
    const file = encodeOnset(source, onset);
    await mkdir(folder, { recursive: true }).catch((cause) => {
      throw new EncodeError(folder, `cannot be made: ${cause.message}`, { cause });
    });
    await writer.#write(0n, file);
    return writer;
  }

  /**
   * Adds a frame.
   * @param elapsed microseconds since the onset, more than 0.
   * @throws {ExistsError} if there is a frame of that microsecond: it would be overwritten; {EncodeError}; {RangeError}.
   */
  async frame(elapsed: bigint): Promise<void> {
    if (elapsed === 0n) throw new RangeError("0 microseconds are the onset's, and no frame's");
    await this.#write(elapsed, encodeLogEntry({ source: this.source, elapsed, payload: nothing }));
  }

  async #write(elapsed: bigint, file: Uint8Array): Promise<void> {
    const path = join(this.folder, logEntryName(this.source, elapsed));
    try {
      await writeFile(path, file, { flag: "wx" });
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === "EEXIST")
        throw new ExistsError(path, "a log names its messages by source and time", { cause });
      throw new EncodeError(path, `cannot be written: ${message}`, { cause });
    }
  }
}
