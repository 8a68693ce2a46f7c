import { readFile, stat } from "node:fs/promises";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import { parseYaml } from "../core/yaml.js";
import { formatPyYaml, type PyYamlMapping } from "./py-yaml.js";
import { writeWholeFile } from "./whole-file.js";

/** Bytes of the longest file that is read; a tracker of 10,000 jobs has three MB. */
const longest = 2 ** 26;

/**
 * The mapping that a YAML file holds; undefined if there is no file.
 * @throws {NotFoundError} if it cannot be read; {FileFormatError} if it is none.
 */
export async function readYamlMapping(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const found = parseYaml(text, path, FileFormatError);
  if (isMapping(found)) return found;
  throw new FileFormatError(path, "holds no mapping of names to values");
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile() || status.size > longest) {
      throw new FileFormatError(
        path,
        status.isFile() ? `has ${status.size} bytes; at most ${longest} are read` : "is no file",
      );
    }
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new NotFoundError(path, `cannot be read: ${message}`, { cause });
  }
}

/** Replaces the file, at once. @throws {EncodeError} if it cannot be written. */
export function writeYamlMapping(path: string, document: PyYamlMapping): Promise<void> {
  return writeWholeFile(path, (put) => put(new TextEncoder().encode(formatPyYaml(document))), {
    overwrite: true,
  });
}
