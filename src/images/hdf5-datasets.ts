import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Dataset, File, Group, type Metadata, type Module, ready } from "h5wasm";
import type { DType } from "../core/image.js";

// Runs in a worker: the file may be anybody's, and a parser of HDF5 is large. It sees one file, of which it reads the
// pieces that it asks for; an external link leads nowhere.

/** A data set of numbers, as the file has it. */
export interface Hdf5Dataset {
  /** Its path: "video", "group/video". */
  readonly name: string;
  /** From the slowest axis to the fastest. */
  readonly shape: readonly number[];
  /** Undefined if it holds no real numbers, or its pixels cannot be read here. */
  readonly dtype: DType | undefined;
  /** Why its pixels cannot be read, though they are numbers. */
  readonly problem: string | undefined;
  /** Steps of the slowest axis that are packed together. */
  readonly rowsAtOnce: number;
  /** What MATLAB says that it is: "uint8", "logical" … */
  readonly matlabClass: string | undefined;
}

/** Most data sets that are listed, and groups in groups that are looked into. */
const most = { datasets: 10_000, depth: 3 };
/** Most bytes that are read at once, or packed together. */
const longestPiece = 2 ** 29;
/** Filters that are built in, by number: deflate, shuffle, Fletcher-32. */
const knownFilters: readonly number[] = [1, 2, 3];

type H5Module = typeof Module & { activate_throwing_error_handler(): void };

/** What is used of Emscripten's file system beyond its types. */
interface FileNode {
  usedBytes: number;
  node_ops: Record<string, unknown>;
  stream_ops: Record<string, unknown>;
}

let files = 0;

export class Hdf5Datasets {
  readonly list: readonly Hdf5Dataset[];
  readonly #module: H5Module;
  readonly #file: File;
  readonly #fd: number;
  readonly #place: string;

  private constructor(module: H5Module, file: File, fd: number, place: string, list: readonly Hdf5Dataset[]) {
    this.#module = module;
    this.#file = file;
    this.#fd = fd;
    this.#place = place;
    this.list = list;
  }

  /** @throws {Error} if it is no HDF5 file. */
  static async open(path: string): Promise<Hdf5Datasets> {
    const module = (await ready) as H5Module;
    module.activate_throwing_error_handler();
    const fd = openSync(path, "r");
    const place = `/file${files++}.h5`;
    let file: File | undefined;
    try {
      mountFile(module, place, fd);
      file = new File(place, "r");
      const list: Hdf5Dataset[] = [];
      listGroup(file, "", 0, list);
      return new Hdf5Datasets(module, file, fd, place, list);
    } catch (error) {
      file?.close();
      module.FS.unlink(place);
      closeSync(fd);
      throw error;
    }
  }

  /** Bytes that WebAssembly's memory has grown to, for all files. */
  static async heapBytes(): Promise<number> {
    return ((await ready) as H5Module).HEAPU8.length;
  }

  /** Bytes of `count` steps of the slowest axis, unpacked; little-endian, whatever the file has. */
  rows(name: string, first: number, count: number): Uint8Array<ArrayBuffer> {
    const set = this.#file.get(name);
    if (!(set instanceof Dataset) || !set.shape) throw new Error(`there is no data set ${name}`);
    const shape = set.shape.map((axis, i) => (i === 0 ? count : axis));
    const bytes = shape.reduce((product, axis) => product * axis, set.metadata.size);
    if (bytes > longestPiece) throw new Error(`${bytes} bytes at once; at most ${longestPiece} are read`);
    if (bytes === 0) return new Uint8Array(0);
    const module = this.#module;
    const pointer = module._malloc(bytes);
    if (pointer === 0) throw new Error(`no memory for ${bytes} bytes of ${name}`);
    try {
      module.HEAPU8.fill(0, pointer, pointer + bytes);
      const big = (values: readonly number[]): bigint[] => values.map((value) => BigInt(value));
      const status = module.get_dataset_data(
        set.file_id,
        set.path,
        big(shape),
        big(shape.map((_, i) => (i === 0 ? first : 0))),
        big(shape.map(() => 1)),
        BigInt(pointer),
      );
      if (status < 0) throw new Error(`${name} cannot be read`);
      return module.HEAPU8.slice(pointer, pointer + bytes) as Uint8Array<ArrayBuffer>;
    } finally {
      module._free(pointer);
    }
  }

  close(): void {
    this.#file.close();
    this.#module.FS.unlink(this.#place);
    closeSync(this.#fd);
  }
}

/** Lets HDF5 read from a file of this machine, of its own file system the only one. */
function mountFile(module: H5Module, place: string, fd: number): void {
  const { size } = fstatSync(fd);
  module.FS.writeFile(place, new Uint8Array(0));
  const { node } = (module.FS as unknown as { lookupPath(path: string): { node: FileNode } }).lookupPath(
    place,
  );
  const attributes = node.node_ops.getattr as (node: FileNode) => object;
  node.node_ops = { ...node.node_ops, getattr: (one: FileNode) => ({ ...attributes(one), size }) };
  node.stream_ops = {
    ...node.stream_ops,
    llseek: ({ position }: { position: number }, offset: number, from: number) =>
      offset + (from === 1 ? position : from === 2 ? size : 0),
    read: (_: unknown, buffer: Uint8Array, offset: number, length: number, position: number) =>
      readSync(fd, buffer, offset, length, position),
  };
}

function listGroup(group: Group, prefix: string, depth: number, found: Hdf5Dataset[]): void {
  for (const key of group.keys()) {
    // MATLAB keeps what its variables refer to there.
    if (key.startsWith("#") || found.length >= most.datasets) continue;
    const item = group.get(key);
    if (item instanceof Dataset) found.push(describe(item, prefix + key));
    else if (item instanceof Group && depth < most.depth)
      listGroup(item, `${prefix + key}/`, depth + 1, found);
  }
}

function describe(set: Dataset, name: string): Hdf5Dataset {
  const { metadata } = set;
  const shape = set.shape ?? [];
  const problem = whatKeepsItFrom(set);
  const kind = set.attrs.MATLAB_class?.value;
  return {
    ...{ name, shape, problem },
    dtype: problem === undefined ? dtypeOf(metadata) : undefined,
    rowsAtOnce: Math.max(1, metadata.chunks?.[0] ?? 1),
    matlabClass: typeof kind === "string" ? kind : undefined,
  };
}

/** Why it is not read: packed by what is not built in, lying elsewhere, or in pieces that claim too much memory. */
function whatKeepsItFrom({ filters, metadata }: Dataset): string | undefined {
  const { chunks, vlen, virtual_sources: elsewhere, size } = metadata;
  const unknown = filters.filter(({ id }) => !knownFilters.includes(id));
  if (unknown.length > 0) {
    return `packed by ${unknown.map(({ id, name }) => name || `filter ${id}`).join(", ")}, which is not read here`;
  }
  if (vlen) return "of rows of any length";
  if ((elsewhere?.length ?? 0) > 0) return "lies in other files";
  const piece = (chunks ?? []).reduce((product, axis) => product * axis, size);
  return piece > longestPiece ? `in pieces of ${piece} bytes` : undefined;
}

const [integerClass, floatClass, enumClass] = [0, 1, 8];

const dtypes: { readonly [kind: string]: DType } = {
  ...{
    i1: "int8",
    u1: "uint8",
    i2: "int16",
    u2: "uint16",
    i4: "int32",
    u4: "uint32",
    i8: "int64",
    u8: "uint64",
  },
  ...{ f2: "float16", f4: "float32", f8: "float64" },
};

function dtypeOf({ type, size, signed, enum_type: names }: Metadata): DType | undefined {
  if (type === enumClass) {
    // h5py's booleans.
    const { members = {} } = names ?? {};
    return size === 1 && "FALSE" in members && "TRUE" in members ? "bool" : undefined;
  }
  const kind = type === floatClass ? "f" : type === integerClass ? (signed ? "i" : "u") : "?";
  return dtypes[`${kind}${size}`];
}
