import { readContainedFile } from "./contained-file.js";

/** Longest metadata that is read, in bytes. Real ones have a few hundred. */
const longestMetadata = 2 ** 23;

/**
 * The text of a store's `metadata.yaml`, or of its copy.
 * @throws {NotFoundError} if there is none; {StoreFormatError} if it is no regular file of the store's, or too long.
 */
export async function readMetadataText(root: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readContainedFile(root, path, longestMetadata));
}
