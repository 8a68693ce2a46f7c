import { EncodeError } from "../core/errors.js";
import type { StoreFiles } from "./store-files.js";

/** Names that an error tells one by one. */
const told = 5;

/**
 * Looks whether what a writer has written is still there. No call of its own fails when somebody else removes a finished file
 * or moves the folder away, so that nobody would hear of it.
 * @param names of files and folders in `folder`.
 * @throws {EncodeError} if one of them is gone.
 */
export async function expectFiles(
  files: StoreFiles,
  folder: string,
  names: readonly string[],
): Promise<void> {
  const there = new Set(await files.list(folder));
  const lost = names.filter((name) => !there.has(name));
  if (lost.length === 0) return;
  const some = `${lost.slice(0, told).join(", ")}${lost.length > told ? ", ..." : ""}`;
  const found = `${some} ${lost.length === 1 ? "is" : "are"} not there any more`;
  throw new EncodeError(folder, `files were removed while the store was written: ${found}`);
}
