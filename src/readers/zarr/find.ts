import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import { type ArrayChoice, chooseArray, type NamedArray } from "../../images/choose-array.js";
import type { ZarrArray } from "./array.js";
import { type Multiscale, multiscaleOf } from "./axes.js";
import { isObject, type JsonObject, readJson } from "./json.js";
import { arrayOfVersion2 } from "./version2.js";
import { arrayOfVersion3 } from "./version3.js";

/** Folders that are looked into for arrays, and groups in groups. */
const most = { folders: 2000, depth: 4 };

/** What a folder of Zarr is. */
type Node =
  | { readonly kind: "array"; open(): Promise<ZarrArray> }
  | { readonly kind: "group"; readonly attributes: JsonObject };

/** @returns undefined if it is no node. @throws {FileFormatError} if its metadata are damaged. */
export async function readNode(folder: string): Promise<Node | undefined> {
  const third = await readJson(join(folder, "zarr.json"));
  if (third) {
    const { node_type: kind, zarr_format: version, attributes } = third;
    if (version !== 3) throw new UnsupportedError("Zarr version", `${version} in ${folder}`, ["2", "3"]);
    if (kind === "group") return { kind, attributes: isObject(attributes) ? attributes : {} };
    if (kind !== "array") throw new FileFormatError(folder, `neither an array nor a group: ${kind}`);
    return { kind, open: async () => arrayOfVersion3(folder, third) };
  }
  const second = await readJson(join(folder, ".zarray"));
  if (second) return { kind: "array", open: () => arrayOfVersion2(folder, second) };
  const group = await readJson(join(folder, ".zgroup"));
  if (!group) return undefined;
  return { kind: "group", attributes: (await readJson(join(folder, ".zattrs"))) ?? {} };
}

export interface FoundArray {
  readonly array: ZarrArray;
  /** Its path within what was opened; undefined if that is the array itself. */
  readonly key: string | undefined;
  readonly multiscale: Multiscale | undefined;
}

/**
 * The array that is meant: what is at `path` itself; in a group of OME-Zarr its first image in full size; else the one
 * called `key`, or the only one that can be pictures, in groups of groups, too.
 * @throws {FileFormatError} if there is none, or several; what reading metadata throws.
 */
export async function findArray(path: string, key: string | undefined): Promise<FoundArray> {
  const node = await readNode(path);
  if (node === undefined) throw new FileFormatError(path, "neither an array nor a group of Zarr");
  if (node.kind === "array") return { array: await node.open(), key: undefined, multiscale: undefined };
  const wanted = key?.replace(/^\/+|\/+$/g, "");
  const multiscale = multiscaleOf(node.attributes);
  const named = wanted ?? multiscale?.paths[0];
  const isBelow =
    named !== undefined && !named.split("/").some((part) => part === "" || part.startsWith("."));
  const below = isBelow ? await readNode(join(path, named)) : undefined;
  if (below?.kind === "array") {
    return {
      array: await below.open(),
      key: named,
      multiscale: multiscale?.paths.includes(named!) ? multiscale : undefined,
    };
  }
  const arrays: ListedArray[] = [];
  await listArrays(path, "", 0, arrays, { folders: 0 });
  const choice: ArrayChoice = { key: wanted, path, what: ["array", "arrays"] };
  const { array, name } = chooseArray(arrays, choice, Number.POSITIVE_INFINITY);
  return { array: array!, key: name, multiscale: undefined };
}

interface ListedArray extends NamedArray {
  /** Undefined if it cannot be read. */
  readonly array: ZarrArray | undefined;
}

async function listArrays(
  folder: string,
  prefix: string,
  depth: number,
  found: ListedArray[],
  seen: { folders: number },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))) {
    if (++seen.folders > most.folders) return;
    const node = await readNode(join(folder, name));
    if (node?.kind === "group" && depth < most.depth) {
      await listArrays(join(folder, name), `${prefix}${name}/`, depth + 1, found, seen);
    }
    if (node?.kind !== "array") continue;
    const array = await node.open().catch((error: Error) => error);
    const facts = { name: prefix + name };
    if (array instanceof Error) {
      found.push({ ...facts, shape: [], dtype: undefined, problem: array.message, array: undefined });
    } else found.push({ ...facts, shape: array.shape, dtype: array.dtype, array });
  }
}
