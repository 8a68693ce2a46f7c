import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { FileFormatError } from "../core/errors.js";
import { isLogArchive, type ReadLogOptions, readLogArchive } from "./log-archive.js";
import { decodeFeather, isFeather } from "./read-feather.js";

/** Bytes of the longest Feather file that is read: 250 million frames. */
const longestFeather = 2 ** 31;

/**
 * The times of frames from the archive of a log (`101_log.npz`) or a Feather file, whatever its name; microseconds since 1970.
 * @returns undefined if it is neither.
 * @throws what reading them throws.
 */
export async function loggedTimes(
  path: string,
  options: ReadLogOptions = {},
): Promise<BigUint64Array | undefined> {
  if (await isLogArchive(path)) return (await readLogArchive(path, options)).times;
  return featherTimes(path);
}

/** The times of a Feather file; undefined if it is none. */
export async function featherTimes(path: string): Promise<BigUint64Array | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file
      .read(new Uint8Array(6), 0, 6, 0)
      .catch(() => ({ buffer: new Uint8Array(0), bytesRead: 0 }));
    if (!isFeather(buffer.subarray(0, bytesRead))) return undefined;
    if (size > longestFeather)
      throw new FileFormatError(path, `${size} bytes; at most ${longestFeather} are read`);
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const { bytesRead: more } = await file.read(bytes, done, size - done, done);
      if (more === 0) throw new FileFormatError(path, `ends at byte ${done}: it has become shorter`);
      done += more;
    }
    return decodeFeather(bytes, path);
  } finally {
    await file.close();
  }
}
