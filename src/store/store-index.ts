import { crc32 } from "node:zlib";
import {
  FileFormatError,
  MareyError,
  NotFoundError,
  StoreFormatError,
  UnsupportedError,
} from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";
import { readNpz } from "../core/npz.js";
import { decodePickledNumbers } from "../core/pickled-numbers.js";
import type { Column } from "../core/sorted-values.js";
import { parseYaml } from "../core/yaml.js";
import type { ByteSource } from "../core/zip.js";
import { encodeNumbers, longestColumn } from "./chunk-index.js";
import type { ChunkColumns } from "./chunk-records.js";
import {
  type ContainedFacts,
  type ContainedFile,
  openContainedFile,
  TooLongError,
  withContainedFile,
} from "./contained-file.js";
import type { ChunkPaths } from "./layout.js";

/** What the index of one chunk says of its frames. */
export interface ChunkIndex extends ChunkColumns {
  /** What was wrong, but could be passed over. */
  readonly problems: readonly string[];
}

/** A chunk's index, and the file that it was read from. */
export interface FoundChunkIndex {
  readonly index: ChunkIndex;
  readonly file: ContainedFacts;
  /** The content of the file, where it is not long. */
  readonly content: Uint8Array | undefined;
  readonly isYaml: boolean;
}

/** Longest index files that are read, in bytes; YAML of 300,000 frames or more. */
export const longestIndex = 2 ** 30;
const longestYaml = 2 ** 24;
/** Of longer ones no more is read than the two columns. */
const longestWhole = 2 ** 23;
/** What an index file usually takes, in bytes. */
const usualBytes = 2 ** 18;
/** Which half of a 64-bit integer is the upper one. */
const highHalf = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * Reads the whole of `index.npz`, or of `index.yaml` where there is none.
 * @returns undefined if there is neither.
 * @throws {MareyError} if the one that is there cannot be read.
 */
export async function readChunkIndex(root: string, paths: ChunkPaths): Promise<ChunkIndex | undefined> {
  return (await findChunkIndex(root, paths))?.index;
}

/** As `readChunkIndex`, with the file that it was read from. */
export async function findChunkIndex(root: string, paths: ChunkPaths): Promise<FoundChunkIndex | undefined> {
  const { indexNpz, indexYaml } = paths;
  try {
    const npz = await readIfThere(root, indexNpz, longestWhole);
    if (npz !== undefined) {
      const { bytes: content, ...file } = npz;
      return { index: parseIndexNpz(content, indexNpz), file, content, isYaml: false };
    }
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    return withContainedFile(root, indexNpz, longestIndex, (source, file) => ({
      ...{ index: parseIndexNpz(source, indexNpz), file, content: undefined, isYaml: false },
    }));
  }
  const yaml = await readIfThere(root, indexYaml, longestYaml);
  if (yaml === undefined) return undefined;
  const { bytes: content, ...file } = yaml;
  return { index: parseIndexYaml(textOf(content), indexYaml), file, content, isYaml: true };
}

async function readIfThere(root: string, path: string, limit: number): Promise<ContainedFile | undefined> {
  try {
    return await openContainedFile(root, path, limit, usualBytes);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/**
 * As `readChunkIndex`, at once and on this thread; of an `index.npz` that is long only the two columns are read.
 * @throws {MareyError} if there is no index, or it cannot be read.
 */
export function loadChunkIndex(root: string, paths: ChunkPaths): ChunkIndex {
  try {
    return withContainedFile(root, paths.indexNpz, longestIndex, (file) =>
      parseIndexNpz(file, paths.indexNpz),
    );
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return withContainedFile(root, paths.indexYaml, longestYaml, (file) =>
      parseIndexYaml(textOf(file.slice(0, file.byteLength)), paths.indexYaml),
    );
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * Frame numbers and times of one chunk; a None, for which Python pickles the array, is NaN. If one of the two cannot be
 * read, it is NaN for all frames. If their lengths differ, the shorter counts.
 * @throws {FileFormatError} if neither can be read.
 */
export function parseIndexNpz(file: Uint8Array | ByteSource, path: string): ChunkIndex {
  const npz = readNpz(file, path, { checksum: crc32, longest: longestColumn });
  const problems: string[] = [];
  const column = (name: string): NpyArray | undefined => {
    try {
      return npz.array(name);
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
      const pickled =
        error instanceof UnsupportedError ? decodePickledNumbers(npz.file(name), path) : undefined;
      problems.push(
        pickled
          ? `${name} is pickled, for a None is in it: Python's imgstore cannot open this`
          : error.message,
      );
      return pickled && encodeNumbers(pickled);
    }
  };
  const [numbers, times] = [column("frame_number"), column("frame_time")];
  if (numbers === undefined && times === undefined) {
    throw new FileFormatError(path, `neither frame numbers nor times: ${problems.join("; ")}`);
  }
  const unknown = new Float64Array((numbers ?? times)!.data.length).fill(Number.NaN);
  return alignColumns(
    numbers ? numbersOf(numbers, path) : unknown,
    times ? floatsOf(times, path) : unknown,
    path,
    problems,
  );
}

/** As `parseIndexNpz`, for the YAML spelling of an index. */
export function parseIndexYaml(text: string, path: string): ChunkIndex {
  const document = parseYaml(text, path) as Record<string, unknown> | null;
  const column = (name: string): (number | bigint)[] => {
    const values = document?.[name];
    if (!Array.isArray(values)) throw new StoreFormatError(path, `has no list ${name}`);
    return values.map((value) =>
      typeof value === "number" || typeof value === "bigint" ? value : Number.NaN,
    );
  };
  const numbers = column("frame_number");
  return alignColumns(numberColumn(numbers), Float64Array.from(column("frame_time"), Number), path, []);
}

function alignColumns(numbers: Column, times: Float64Array, path: string, problems: string[]): ChunkIndex {
  const length = Math.min(numbers.length, times.length);
  if (numbers.length !== times.length) {
    problems.push(
      `${path}: ${numbers.length} frame numbers, but ${times.length} times; ${length} frames used`,
    );
  }
  return { numbers: numbers.subarray(0, length), times: times.subarray(0, length), problems };
}

function numbersOf(array: NpyArray, path: string): Column {
  const { data } = array;
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return floatsOf(array, path);
  // By halves: a bigint for each number would take ten times as long.
  const halves = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
  const isSigned = data instanceof BigInt64Array;
  const floats = new Float64Array(data.length);
  for (let i = 0; i < floats.length; i++) {
    const high = isSigned ? halves[i * 2 + highHalf]! | 0 : halves[i * 2 + highHalf]!;
    const value = high * 2 ** 32 + halves[i * 2 + 1 - highHalf]!;
    if (!Number.isSafeInteger(value)) return data;
    floats[i] = value;
  }
  return floats;
}

function floatsOf({ dtype, data }: NpyArray, path: string): Float64Array {
  if (dtype === "float64") return data as Float64Array;
  if (dtype === "float16" || dtype.startsWith("complex")) {
    throw new FileFormatError(path, `frame numbers and times are never ${dtype}`);
  }
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The narrowest column that holds all the numbers exactly; doubles where none does. */
export function numberColumn(numbers: readonly FrameNumber[]): Column {
  const isPlain = numbers.every((number) => typeof number === "number");
  return isPlain ? Float64Array.from(numbers) : (encodeNumbers(numbers).data as Column);
}
