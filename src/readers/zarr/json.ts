import { readFile, stat } from "node:fs/promises";
import { FileFormatError } from "../../core/errors.js";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Longest metadata that are read, in bytes. */
const longest = 2 ** 24;

/** @returns undefined if there is no such file. @throws {FileFormatError} if it holds no JSON object. */
export async function readJson(path: string): Promise<JsonObject | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > longest) throw new FileFormatError(path, `${found.size} bytes of metadata`);
  let value: unknown;
  try {
    // Python writes numbers that JSON has not.
    const text = (await readFile(path, "utf8")).replace(/([:[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])/g, '$1"$2"');
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(path, `no JSON: ${(cause as Error).message}`, { cause });
  }
  if (isObject(value)) return value;
  throw new FileFormatError(path, "holds no JSON object");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of whole numbers from `least`. @throws {FileFormatError} if it is none. */
export function lengthsOf(value: unknown, what: string, least: number, path: string): number[] {
  if (Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= least)) return value;
  throw new FileFormatError(path, `its ${what} makes no sense: ${JSON.stringify(value)?.slice(0, 80)}`);
}
