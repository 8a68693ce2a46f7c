import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EncodeError, ExistsError, MareyError } from "../core/errors.js";
import { nodeFiles } from "./node-files.js";
import { systemReason } from "./store-files.js";

/** Characters that are gathered before a write. */
const gathered = 2 ** 16;

/**
 * Makes a file under a temporary name beside it, and moves it into place when it is whole and safe on the disk.
 * @param make writes the temporary file, which is not there yet.
 * @throws {ExistsError} if there is something at `path`, and `overwrite` is not set.
 * @throws {EncodeError} if it cannot be written; nothing is left behind then.
 */
export async function writeWhole(
  path: string,
  overwrite: boolean,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && (!overwrite || !found.isFile())) {
    throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
  }
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  try {
    await rm(temporary, { force: true });
    await make(temporary);
    const file = await open(temporary, "r+");
    await file.sync().finally(() => file.close());
    await rename(temporary, path);
    await nodeFiles.syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const isSystem = (cause as NodeJS.ErrnoException).syscall !== undefined;
    throw isSystem && !(cause instanceof MareyError)
      ? new EncodeError(path, systemReason(cause), { cause })
      : cause;
  }
}

/** As `writeWhole`, for a text of lines, which come one by one. */
export function writeLines(
  path: string,
  overwrite: boolean,
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  return writeWhole(path, overwrite, async (temporary) => {
    const file = await open(temporary, "wx");
    try {
      let pending = "";
      for await (const line of lines) {
        pending += `${line}\n`;
        if (pending.length < gathered) continue;
        await file.writeFile(pending);
        pending = "";
      }
      await file.writeFile(pending);
    } finally {
      await file.close();
    }
  });
}
