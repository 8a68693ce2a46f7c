import { stat } from "node:fs/promises";
import { NotFoundError, StoreFormatError } from "../core/errors.js";
import { containedPath } from "./contained-file.js";

/**
 * Looks at what a writer or a repair is about to read, change or remove. A store may come from anywhere: a link in it
 * must not make them touch a file outside, nor a pipe make them wait for ever. What is not there is fine.
 * @param root real path of the store.
 * @throws {StoreFormatError} if one of them lies outside, or is neither a file nor a folder.
 */
export async function checkOwnFiles(root: string, paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    try {
      const found = await stat(await containedPath(root, path));
      if (found.isFile() || found.isDirectory()) continue;
    } catch (error) {
      if (error instanceof NotFoundError || (error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    throw new StoreFormatError(path, "is not a regular file");
  }
}
