import { FileFormatError, MareyError, NotFoundError, StoreFormatError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { FrameIndexColumns } from "../core/frame-index.js";
import type { NpyArray } from "../core/npy.js";
import { readNpz } from "../core/npz.js";
import { readContainedFile } from "./contained-file.js";
import type { ChunkPaths } from "./layout.js";
import { parseYaml } from "./yaml.js";

type Numbers = Float64Array | BigInt64Array | BigUint64Array;

/** What the index of one chunk says of its frames. */
export interface ChunkIndex {
  readonly numbers: Numbers;
  /** Seconds; NaN where unknown. */
  readonly times: Float64Array;
  /** What was wrong, but could be passed over. */
  readonly problems: readonly string[];
}

/** Longest index files that are read, in bytes: 64 million frames a chunk, or one million as YAML. */
const longestNpz = 2 ** 30;
const longestYaml = 2 ** 26;

/**
 * Reads `index.npz`, or `index.yaml` where there is none.
 * @returns undefined if there is neither.
 * @throws {MareyError} if the one that is there cannot be read.
 */
export async function readChunkIndex(root: string, paths: ChunkPaths): Promise<ChunkIndex | undefined> {
  const npz = await readIfThere(root, paths.indexNpz, longestNpz);
  if (npz !== undefined) return parseIndexNpz(npz, paths.indexNpz);
  const yaml = await readIfThere(root, paths.indexYaml, longestYaml);
  return yaml && parseIndexYaml(new TextDecoder().decode(yaml), paths.indexYaml);
}

async function readIfThere(root: string, path: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    return await readContainedFile(root, path, limit);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/**
 * Frame numbers and times of one chunk. If one of the two cannot be read (Python pickles an array with a None in
 * it), it is NaN for all frames. If their lengths differ, the shorter counts.
 * @throws {FileFormatError} if neither can be read.
 */
export function parseIndexNpz(bytes: Uint8Array, path: string): ChunkIndex {
  const npz = readNpz(bytes, path);
  const problems: string[] = [];
  const column = (name: string): NpyArray | undefined => {
    try {
      return npz.array(name);
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
      problems.push(error.message);
      return undefined;
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

function alignColumns(numbers: Numbers, times: Float64Array, path: string, problems: string[]): ChunkIndex {
  const length = Math.min(numbers.length, times.length);
  if (numbers.length !== times.length) {
    problems.push(
      `${path}: ${numbers.length} frame numbers, but ${times.length} times; ${length} frames used`,
    );
  }
  return { numbers: numbers.subarray(0, length), times: times.subarray(0, length), problems };
}

function numbersOf(array: NpyArray, path: string): Numbers {
  const { data } = array;
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return floatsOf(array, path);
  const floats = new Float64Array(data.length);
  for (let i = 0; i < floats.length; i++) {
    const value = Number(data[i]!);
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
export function numberColumn(numbers: readonly FrameNumber[]): Numbers {
  const exact = numbers.every((number) => typeof number === "number");
  if (exact) return Float64Array.from(numbers as readonly number[]);
  if (!numbers.every((number) => typeof number === "bigint" || Number.isSafeInteger(number))) {
    return Float64Array.from(numbers, Number);
  }
  const whole = numbers.map(BigInt);
  if (whole.every((number) => number >= -(2n ** 63n) && number < 2n ** 63n)) return BigInt64Array.from(whole);
  if (whole.every((number) => number >= 0n && number < 2n ** 64n)) return BigUint64Array.from(whole);
  return Float64Array.from(numbers, Number);
}

/** The columns of the whole store, chunk after chunk. */
export function joinColumns(chunks: readonly ChunkIndex[]): FrameIndexColumns {
  const length = chunks.reduce((sum, chunk) => sum + chunk.times.length, 0);
  const times = new Float64Array(length);
  let at = 0;
  for (const chunk of chunks) {
    times.set(chunk.times, at);
    at += chunk.times.length;
  }
  if (chunks.every((chunk) => chunk.numbers instanceof Float64Array)) {
    const numbers = new Float64Array(length);
    at = 0;
    for (const chunk of chunks) {
      numbers.set(chunk.numbers as Float64Array, at);
      at += chunk.numbers.length;
    }
    return { numbers, times };
  }
  // Rare: some camera counts beyond 2^53.
  const numbers = chunks.flatMap((chunk) => [...chunk.numbers]);
  return { numbers: numberColumn(numbers), times };
}
