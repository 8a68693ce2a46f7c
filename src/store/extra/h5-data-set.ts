import { Dataset, File, type Metadata, type Module, ready } from "h5wasm";
import type { ColumnValues, ExtraColumn } from "./columns.js";

export type H5Module = typeof Module;

/** Most bytes of a data set, or of one of its pieces. */
const longestData = 2 ** 29;
/** Filters that are built in, by number: deflate, shuffle, Fletcher-32. What others leave is garbage. */
const knownFilters: readonly number[] = [1, 2, 3];
const place = "/extra.h5";
const [integerClass, floatClass, stringClass, compoundClass, enumClass] = [0, 1, 3, 6, 8] as const;

/**
 * Opens a file that is held in memory, where no external link can lead out of it, and lets it go again.
 * @returns what `work` gives; nothing of the file may be used after that.
 */
export function withH5File<T>(bytes: Uint8Array, work: (module: H5Module, file: File) => T): Promise<T> {
  return held(bytes, "r", work, (_, result) => result);
}

/** The same for a file that `work` changes. @returns all bytes of the new one. */
export function changeH5File(
  bytes: Uint8Array,
  work: (module: H5Module, file: File) => void,
): Promise<Uint8Array> {
  return held(bytes, "a", work, (module) => module.FS.readFile(place));
}

async function held<T, R>(
  bytes: Uint8Array,
  mode: "r" | "a",
  work: (module: H5Module, file: File) => T,
  closed: (module: H5Module, result: T) => R,
): Promise<R> {
  const module = (await ready) as H5Module & { activate_throwing_error_handler(): void };
  module.activate_throwing_error_handler();
  module.FS.writeFile(place, bytes);
  let file: File | undefined;
  try {
    file = new File(place, mode);
    const result = work(module, file);
    file.close();
    file = undefined;
    return closed(module, result);
  } finally {
    file?.close();
    module.FS.unlink(place);
  }
}

/** @throws {Error} if there is no data set of that name. */
export function dataSetOf(file: File, name: string): Dataset {
  const found = file.get(name);
  if (found instanceof Dataset) return found;
  throw new Error(`there is no data set ${name}`);
}

/**
 * The samples as they stand in the file, unpacked.
 * @throws {Error} if a filter is unknown, or there are more than can be held.
 */
export function rawBytes(module: H5Module, set: Dataset): Uint8Array {
  const { size, total_size: count, chunks, vlen, virtual_sources: elsewhere } = set.metadata;
  const unknown = set.filters.filter(({ id }) => !knownFilters.includes(id));
  if (unknown.length > 0) {
    throw new Error(`${set.path} is packed by ${unknown.map(({ id, name }) => name || id).join(", ")}`);
  }
  if (vlen || (elsewhere?.length ?? 0) > 0) throw new Error(`${set.path} holds references`);
  const bytes = size * count;
  const piece = (chunks ?? []).reduce((product, axis) => product * axis, size);
  if (!(bytes <= longestData && piece <= longestData)) {
    throw new Error(`${set.path} has ${Math.max(bytes, piece)} bytes; at most ${longestData} are read`);
  }
  if (bytes === 0) return new Uint8Array(0);
  const pointer = module._malloc(bytes);
  if (pointer === 0) throw new Error(`no memory for the ${bytes} bytes of ${set.path}`);
  try {
    module.HEAPU8.fill(0, pointer, pointer + bytes);
    const status = module.get_dataset_data(set.file_id, set.path, null, null, null, BigInt(pointer));
    if (status < 0) throw new Error(`${set.path} cannot be read`);
    return module.HEAPU8.slice(pointer, pointer + bytes);
  } finally {
    module._free(pointer);
  }
}

/** Puts samples into the place of those that are there. @param bytes as `rawBytes` gave them. */
export function writeRaw(module: H5Module, set: Dataset, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const pointer = module._malloc(bytes.length);
  if (pointer === 0) throw new Error(`no memory for the ${bytes.length} bytes of ${set.path}`);
  try {
    module.HEAPU8.set(bytes, pointer);
    const status = module.set_dataset_data(set.file_id, set.path, null, null, null, BigInt(pointer));
    if (status < 0) throw new Error(`${set.path} cannot be written`);
  } finally {
    module._free(pointer);
  }
}

/** Where the values of a column lie: `count` of them from `start`, `stride` bytes apart. */
export interface Run {
  readonly start: number;
  readonly stride: number;
  readonly count: number;
}

/** @throws {Error} if values of that type are none that a column has. */
export function column(name: string, bytes: Uint8Array, type: Metadata, run: Run): ExtraColumn {
  const members = type.type === enumClass ? type.enum_type?.members : undefined;
  const isBoolean = members !== undefined && Object.keys(members).sort().join() === "FALSE,TRUE";
  return {
    name,
    values: type.type === stringClass ? texts(bytes, type, run) : numbers(bytes, type, run),
    isBoolean,
  };
}

function texts(bytes: Uint8Array, { size }: Metadata, { start, stride, count }: Run): string[] {
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, row) => {
    const text = bytes.subarray(start + row * stride, start + row * stride + size);
    const end = text.indexOf(0);
    return decoder.decode(end < 0 ? text : text.subarray(0, end));
  });
}

const getters = {
  i1: [Int8Array, "getInt8"],
  u1: [Uint8Array, "getUint8"],
  i2: [Int16Array, "getInt16"],
  u2: [Uint16Array, "getUint16"],
  i4: [Int32Array, "getInt32"],
  u4: [Uint32Array, "getUint32"],
  i8: [BigInt64Array, "getBigInt64"],
  u8: [BigUint64Array, "getBigUint64"],
  f4: [Float32Array, "getFloat32"],
  f8: [Float64Array, "getFloat64"],
} as const;

function numbers(bytes: Uint8Array, type: Metadata, { start, stride, count }: Run): ColumnValues {
  const [Values, method] = accessOf(type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Values(count);
  for (let row = 0; row < count; row++) values[row] = view[method](start + row * stride, type.littleEndian);
  return values;
}

/**
 * Writes a number over one of that type.
 * @param at bytes from the start.
 * @throws {Error} if the type has no such number.
 */
export function setNumber(bytes: Uint8Array, type: Metadata, at: number, number: number | bigint): void {
  const [, getter] = accessOf(type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (getter === "getBigInt64" || getter === "getBigUint64") {
    const setter = getter === "getBigInt64" ? "setBigInt64" : "setBigUint64";
    if (typeof number === "bigint" || Number.isInteger(number))
      view[setter](at, BigInt(number), type.littleEndian);
  } else {
    const setter = getter.replace("get", "set") as "setFloat64";
    view[setter](at, Number(number), type.littleEndian);
  }
  // biome-ignore lint/suspicious/noDoubleEquals: 5n and 5 are the same number
  const isThere = view[getter](at, type.littleEndian) == number;
  if (!isThere && !Number.isNaN(number)) {
    throw new Error(`${number} is no number of ${type.size} bytes${type.signed ? "" : " without a sign"}`);
  }
}

function accessOf(type: Metadata): (typeof getters)[keyof typeof getters] {
  const base = type.type === enumClass ? type.enum_type?.type : type.type;
  const kind = base === floatClass ? "f" : base === integerClass ? (type.signed ? "i" : "u") : "?";
  const getter = getters[`${kind}${type.size}` as keyof typeof getters];
  if (getter === undefined || type.type === compoundClass) {
    throw new Error(`a column of HDF5 class ${type.type} with ${type.size} bytes a value`);
  }
  return getter;
}
