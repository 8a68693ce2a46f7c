import { type Attribute, Dataset, File, type Metadata, type Module, ready } from "h5wasm";
import type { ColumnValues, ExtraColumn, ExtraColumns } from "./columns.js";

type H5Module = typeof Module;

// Motif's `NNNNNN.extra_data.h5`, as imgstore 0.4 reads it (its `motif_extra_data_h5_to_df`):
//
//   attribute datasets        names of the data sets, with commas between them
//   camera (samples)          records: frame_number, frame_time … of each sample; frame_number < 0: never recorded
//   each data set             (columns, samples), with attributes column_names and samplerate
//   sample_delay (samples)
//
// Runs in a worker: the bytes may be anybody's, and a parser of HDF5 is large. The file is held in memory, where no
// external link can lead out of it.

/** Most bytes of a data set, or of one of its pieces. */
const longestData = 2 ** 29;
/** Filters that are built in, by number: deflate, shuffle, Fletcher-32. What others leave is garbage. */
const knownFilters: readonly number[] = [1, 2, 3];
const [integerClass, floatClass, stringClass, compoundClass, enumClass] = [0, 1, 3, 6, 8] as const;

const place = "/extra.h5";

/** What is read of a file: all of it, or only what its attributes say. */
export type H5Part = "columns" | "attributes";

/**
 * Reads a file of extra data.
 * @throws {Error} that says what was not found as described above.
 */
export async function readMotifH5(bytes: Uint8Array, part: H5Part): Promise<ExtraColumns> {
  const module = (await ready) as H5Module & { activate_throwing_error_handler(): void };
  module.activate_throwing_error_handler();
  module.FS.writeFile(place, bytes);
  let opened: File | undefined;
  try {
    const file = new File(place, "r");
    opened = file;
    const names = list(textOf(file.attrs.datasets, "attribute datasets"));
    const sets = names.map((name) => ({ name, set: datasetOf(file, name) }));
    const rates = new Set(sets.map(({ set }) => numberOf(set.attrs.samplerate)));
    const sampleRate = rates.size === 1 ? [...rates][0] : undefined;
    if (part === "attributes") return { length: 0, columns: [], sampleRate };
    return { ...readColumns(module, file, sets), sampleRate };
  } finally {
    opened?.close();
    module.FS.unlink(place);
  }
}

interface NamedSet {
  readonly name: string;
  readonly set: Dataset;
}

function readColumns(
  module: H5Module,
  file: File,
  sets: readonly NamedSet[],
): Omit<ExtraColumns, "sampleRate"> {
  const camera = datasetOf(file, "camera");
  const members = camera.metadata.compound_type?.members;
  const samples = camera.shape?.[0];
  if (members === undefined || samples === undefined || camera.shape?.length !== 1) {
    throw new Error("camera is no list of records");
  }
  const records = rawBytes(module, camera);
  const stride = camera.metadata.size;
  const field = (member: (typeof members)[number]): ExtraColumn =>
    column(member.name, records, member, { start: member.offset, stride, count: samples });
  const cameraColumns = members.map(field);
  const numbers = cameraColumns.find(({ name }) => name === "frame_number")?.values;
  if (numbers === undefined) throw new Error("camera has no frame_number");
  const kept: number[] = [];
  for (let row = 0; row < samples; row++) if (Number(numbers[row]) >= 0) kept.push(row);

  // Of columns with one name the last counts, in the place of the first.
  const columns = new Map<string, ExtraColumn>();
  const keep = (found: ExtraColumn): void => {
    columns.set(found.name, { ...found, values: pick(found.values, kept) });
  };
  for (const { name, set } of sets) {
    const titles = list(textOf(set.attrs.column_names, `attribute column_names of ${name}`));
    const [width, count] = set.shape ?? [];
    if (set.shape?.length !== 2 || width !== titles.length || count !== samples) {
      const shape = set.shape?.join("x") ?? "nothing";
      throw new Error(
        `${name} is ${shape}, but there are ${titles.length} column names and ${samples} samples`,
      );
    }
    const bytes = rawBytes(module, set);
    const { size } = set.metadata;
    for (const [row, title] of titles.entries()) {
      keep(column(title, bytes, set.metadata, { start: row * samples * size, stride: size, count: samples }));
    }
  }
  for (const found of cameraColumns) keep(found);
  const delays = file.get("sample_delay");
  if (delays instanceof Dataset && delays.shape?.length === 1 && delays.shape[0] === samples) {
    const { metadata } = delays;
    const run = { start: 0, stride: metadata.size, count: samples };
    keep(column("sample_delay", rawBytes(module, delays), metadata, run));
  }
  return { length: kept.length, columns: [...columns.values()] };
}

function datasetOf(file: File, name: string): Dataset {
  const found = file.get(name);
  if (found instanceof Dataset) return found;
  throw new Error(`there is no data set ${name}`);
}

/** The samples as they stand in the file, unpacked. */
function rawBytes(module: H5Module, set: Dataset): Uint8Array {
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

/** Where the values of a column lie: `count` of them from `start`, `stride` bytes apart. */
interface Run {
  readonly start: number;
  readonly stride: number;
  readonly count: number;
}

function column(name: string, bytes: Uint8Array, type: Metadata, run: Run): ExtraColumn {
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
  const base = type.type === enumClass ? type.enum_type?.type : type.type;
  const kind = base === floatClass ? "f" : base === integerClass ? (type.signed ? "i" : "u") : "?";
  const getter = getters[`${kind}${type.size}` as keyof typeof getters];
  if (getter === undefined || type.type === compoundClass) {
    throw new Error(`a column of HDF5 class ${type.type} with ${type.size} bytes a value`);
  }
  const [Values, method] = getter;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Values(count);
  for (let row = 0; row < count; row++) values[row] = view[method](start + row * stride, type.littleEndian);
  return values;
}

function pick(values: ColumnValues, rows: readonly number[]): ColumnValues {
  if (rows.length === values.length) return values;
  if (Array.isArray(values)) return rows.map((row) => values[row]);
  const typed = values as Float64Array;
  const picked = new (typed.constructor as Float64ArrayConstructor)(rows.length);
  for (const [to, row] of rows.entries()) picked[to] = typed[row]!;
  return picked;
}

function textOf(attribute: Attribute | undefined, what: string): string {
  const value = attribute?.value;
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.length === 1 && typeof value[0] === "string") return value[0];
  throw new Error(`there is no text in the ${what}`);
}

function numberOf(attribute: Attribute | undefined): number | undefined {
  const value = attribute?.value;
  const [first] = ArrayBuffer.isView(value) ? (value as Float64Array) : [value];
  return typeof first === "number" || typeof first === "bigint" ? Number(first) : undefined;
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
