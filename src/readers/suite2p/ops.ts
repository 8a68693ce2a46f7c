import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileFormatError } from "../../core/errors.js";
import { readNpyHeader } from "../../core/npy.js";
import { PickledCall, readPickle } from "./pickle.js";

/** What Suite2p's `ops.npy` says of a recording. */
export interface Suite2pOps {
  readonly height: number;
  readonly width: number;
  readonly frames: number | undefined;
  /** Frames a second. */
  readonly rate: number | undefined;
}

/** Longest `ops.npy` that is read, in bytes: pictures are in it, too. */
const longestOps = 2 ** 28;

/** Where the `ops.npy` of a recording lies. */
export function opsPath(path: string): string {
  return join(dirname(path), "ops.npy");
}

/**
 * Reads the size out of the dictionary that `ops.npy` is; nothing in it is run.
 * @returns undefined if there is no such file.
 * @throws {FileFormatError} if it is something else, or says no size (Ly, Lx).
 */
export async function readOps(path: string): Promise<Suite2pOps | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > longestOps) {
    throw new FileFormatError(path, `${found.size} bytes of ops; at most ${longestOps} are read`);
  }
  const bytes = await readFile(path);
  const { descr, dataOffset } = readNpyHeader(bytes, path);
  if (descr !== "|O") throw new FileFormatError(path, `an array of ${descr}, not Suite2p's ops`);
  const ops = dictionaryIn(bytes.subarray(dataOffset), path);
  const [height, width] = [numberOf(ops.get("Ly")), numberOf(ops.get("Lx"))];
  if (height === undefined || width === undefined) {
    throw new FileFormatError(path, "its ops say no size of pictures (Ly, Lx)");
  }
  return { height, width, frames: numberOf(ops.get("nframes")), rate: numberOf(ops.get("fs")) };
}

/** The array is without axes: its state ends with a list of its only value. */
function dictionaryIn(pickle: Uint8Array, path: string): Map<unknown, unknown> {
  let found: unknown;
  try {
    found = readPickle(pickle);
  } catch (cause) {
    throw new FileFormatError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  const state = found instanceof PickledCall && Array.isArray(found.state) ? found.state : [];
  const values: unknown = state.at(-1);
  const ops: unknown = Array.isArray(values) ? values[0] : found;
  if (ops instanceof Map) return ops;
  throw new FileFormatError(path, "there is no dictionary of ops in it");
}

/** Python's own numbers, and NumPy's scalars: a call with a dtype and its bytes. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (!(value instanceof PickledCall) || !value.name.endsWith(".scalar")) return undefined;
  const [dtype, stored] = value.args;
  const name = dtype instanceof PickledCall ? dtype.args[0] : undefined;
  const bytes = bytesOf(stored);
  if (bytes === undefined || typeof name !== "string") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[name];
  return read && bytes.length === Number(name.slice(1)) ? read(view) : undefined;
}

/** Protocol 2 has no bytes: it keeps them as text, and how to encode it. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const isText = value instanceof PickledCall && value.name === "_codecs.encode";
  return isText ? new Uint8Array(Buffer.from(String(value.args[0]), "latin1")) : undefined;
}

const readers: { readonly [dtype: string]: (view: DataView) => number } = {
  i1: (view) => view.getInt8(0),
  u1: (view) => view.getUint8(0),
  i2: (view) => view.getInt16(0, true),
  u2: (view) => view.getUint16(0, true),
  i4: (view) => view.getInt32(0, true),
  u4: (view) => view.getUint32(0, true),
  i8: (view) => Number(view.getBigInt64(0, true)),
  u8: (view) => Number(view.getBigUint64(0, true)),
  f4: (view) => view.getFloat32(0, true),
  f8: (view) => view.getFloat64(0, true),
};
