import { promisify } from "node:util";
import { inflate, inflateSync, constants as zlib } from "node:zlib";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { type DType, dtypeBytes } from "../core/image.js";
import type { FilePieces } from "./file-pieces.js";

// MATLAB's MAT-files of level 5 ("MAT-File Format", The MathWorks): a header of 128 bytes, then elements, each a tag of
// type and length and its data, padded to 8 bytes. A variable is an element of type 14 whose data are elements again:
// flags, dimensions, name, samples. It may be packed by zlib as a whole (type 15).

/** Types of elements that stand for samples. */
const storageTypes: { readonly [type: number]: DType } = {
  ...{ 1: "int8", 2: "uint8", 3: "int16", 4: "uint16", 5: "int32", 6: "uint32", 7: "float32" },
  ...{ 9: "float64", 12: "int64", 13: "uint64" },
};
const [arrayType, packedType] = [14, 15];

/** Classes of variables that hold numbers. */
const numericClasses: { readonly [code: number]: DType } = {
  ...{
    6: "float64",
    7: "float32",
    8: "int8",
    9: "uint8",
    10: "int16",
    11: "uint16",
    12: "int32",
    13: "uint32",
  },
  ...{ 14: "int64", 15: "uint64" },
};

/** Where a variable is, and what it says of itself. */
export interface MatVariable {
  readonly name: string;
  /** MATLAB's number: 1 cell, 2 struct, 4 text, 6 … 15 numbers. */
  readonly class: number;
  readonly shape: readonly number[];
  /** Undefined if it holds no real numbers. */
  readonly dtype: DType | undefined;
  /** Byte of the file where its element begins, behind its tag, and its length. */
  readonly start: number;
  readonly length: number;
  readonly packed: boolean;
}

export interface MatFile {
  readonly littleEndian: boolean;
  readonly variables: readonly MatVariable[];
  /** What is wrong with its end. */
  readonly problem: string | undefined;
}

/** True for MAT-files of level 5, by their first 128 bytes. */
export function isMat5(head: Uint8Array): boolean {
  if (head.length < 128) return false;
  const [a, b] = [head[126], head[127]];
  const little = a === 0x49 && b === 0x4d && head[125] === 1;
  return little || (a === 0x4d && b === 0x49 && head[124] === 1);
}

/** Bytes of a variable that are looked at to find out what it is: names have at most 63 letters. */
const lookBytes = 1024;
/** Most variables that are listed. */
const mostVariables = 100_000;

/**
 * Lists the variables of a file, without reading their samples.
 * @throws {FileFormatError} if it is no such file.
 */
export async function readMat5(file: FilePieces): Promise<MatFile> {
  const { path, size } = file;
  const head = await file.readUpTo(0, 128);
  if (!isMat5(head)) throw new FileFormatError(path, "not a MAT-file of level 5");
  const littleEndian = head[126] === 0x49;
  const variables: MatVariable[] = [];
  let at = 128;
  while (at + 8 <= size && variables.length < mostVariables) {
    const tag = await file.view(at, 8);
    const [type, length] = [tag.getUint32(0, littleEndian), tag.getUint32(4, littleEndian)];
    if (at + 8 + length > size) {
      return { littleEndian, variables, problem: `cut short: a variable at byte ${at} ends behind the file` };
    }
    if (type === packedType || type === arrayType) {
      const packed = type === packedType;
      const bytes = await file.read(at + 8, Math.min(length, lookBytes));
      const found = lookAt(packed ? unpackStart(bytes) : bytes, packed, littleEndian);
      if (found) variables.push({ ...found, start: at + 8, length, packed });
    }
    at += 8 + length;
  }
  const problem = at < size ? `its last ${size - at} bytes are no variable` : undefined;
  return { littleEndian, variables, problem };
}

/** What can be unpacked of the beginning of an element; nothing if it is damaged. */
function unpackStart(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/** @param bytes those of the element, with its own tag if it was packed. */
function lookAt(
  bytes: Uint8Array,
  packed: boolean,
  littleEndian: boolean,
): Pick<MatVariable, "name" | "class" | "shape" | "dtype"> | undefined {
  const cursor = new MatCursor(bytes, littleEndian);
  try {
    if (packed && cursor.tag().type !== arrayType) return undefined;
    return readArrayHead(cursor);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Flags, dimensions and name of an array. @throws {RangeError} if it ends too early or makes no sense. */
export function readArrayHead(cursor: MatCursor): Pick<MatVariable, "name" | "class" | "shape" | "dtype"> {
  const flags = cursor.element();
  const word = flags.view.getUint32(0, cursor.littleEndian);
  const dimensions = cursor.element();
  const count = dimensions.length / 4;
  if (!Number.isInteger(count) || count < 2 || count > 32) throw new RangeError(`${count} dimensions`);
  const shape = Array.from({ length: count }, (_, i) => dimensions.view.getInt32(i * 4, cursor.littleEndian));
  if (shape.some((axis) => axis < 0)) throw new RangeError(`dimensions ${shape.join(", ")}`);
  const name = cursor.text();
  const isComplex = (word & 0x800) !== 0;
  const code = word & 0xff;
  const dtype = (word & 0x200) !== 0 && code === 9 ? "bool" : numericClasses[code];
  return { name, class: code, shape, dtype: isComplex ? undefined : dtype };
}

/** Runs through elements that are in memory. Every read beyond their end is a `RangeError`. */
export class MatCursor {
  readonly littleEndian: boolean;
  at = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = littleEndian;
  }

  /** A type and a length; small data stand in the tag itself, of which then 4 bytes are used. */
  tag(): { readonly type: number; readonly length: number; readonly small: boolean } {
    const word = this.#view.getUint32(this.at, this.littleEndian);
    const small = word >>> 16 !== 0;
    const length = small ? word >>> 16 : this.#view.getUint32(this.at + 4, this.littleEndian);
    this.at += small ? 4 : 8;
    return { type: small ? word & 0xffff : word, length, small };
  }

  /** An element and its data; the cursor moves behind its padding. */
  element(): { readonly type: number; readonly length: number; readonly view: DataView } {
    const { type, length, small } = this.tag();
    if (small && length > 4) throw new RangeError(`${length} bytes in a tag`);
    const view = new DataView(this.#view.buffer, this.#view.byteOffset + this.at, length);
    if (this.at + length > this.#view.byteLength) throw new RangeError("ends within an element");
    this.at += small ? 4 : Math.ceil(length / 8) * 8;
    return { type, length, view };
  }

  text(): string {
    return new TextDecoder("latin1").decode(this.element().view);
  }
}

/** Longest packed variable that is read, in bytes when it is unpacked: it is held in memory. */
const longestPacked = 2 ** 31;

/** The samples of a variable as they are stored, in MATLAB's order of axes, which runs the first one fastest. */
export interface MatSamples {
  readonly storage: DType;
  /** Bytes [start, start + length) of them. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/**
 * Finds the samples of a variable of real numbers. Those that are packed are unpacked into memory, the others are read
 * from the file piece by piece. MATLAB may store them in a smaller type than their class has.
 * @throws {FileFormatError} if they are damaged, or fewer than the shape says.
 * @throws {UnsupportedError} if they are too many to be unpacked.
 */
export async function samplesOf(file: FilePieces, mat: MatFile, variable: MatVariable): Promise<MatSamples> {
  const { path } = file;
  const { start, length, packed, name, shape } = variable;
  const count = shape.reduce((product, axis) => product * axis, 1);
  const bytes = packed
    ? await unpackWhole(await file.read(start, length), count * dtypeBytes(variable.dtype!), variable, path)
    : await file.readUpTo(start, Math.min(length, lookBytes));
  const cursor = new MatCursor(bytes, mat.littleEndian);
  try {
    if (packed) cursor.tag();
    readArrayHead(cursor);
    const { type, length: stored } = cursor.tag();
    const storage = storageTypes[type];
    if (storage === undefined) throw new RangeError(`samples of type ${type}`);
    const there = packed ? bytes.length - cursor.at : length - cursor.at;
    if (stored < count * dtypeBytes(storage) || stored > there) {
      throw new RangeError(`${Math.min(stored, there)} bytes of samples for ${shape.join("x")} ${storage}`);
    }
    const first = cursor.at;
    return {
      storage,
      read: packed
        ? // A copy: whoever reads them may want to change them, and needs them aligned.
          async (from, size) => new Uint8Array(bytes.subarray(first + from, first + from + size))
        : (from, size) => file.read(start + first + from, size),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FileFormatError(path, `variable ${name} is damaged: ${cause.message}`, { cause });
  }
}

/** The whole element. Its flags, dimensions and name take some bytes beside the samples. */
async function unpackWhole(
  bytes: Uint8Array,
  claim: number,
  { name }: MatVariable,
  path: string,
): Promise<Uint8Array> {
  if (claim > longestPacked) {
    const asked = `${claim} bytes in variable ${name} of ${path}`;
    throw new UnsupportedError("packed MATLAB variable", asked, [
      `up to ${longestPacked} bytes; save it with -v7.3`,
    ]);
  }
  try {
    return await promisify(inflate)(bytes, { maxOutputLength: claim + lookBytes });
  } catch (cause) {
    throw new FileFormatError(path, `variable ${name} is damaged: ${(cause as Error).message}`, { cause });
  }
}

/** All bytes of a small variable, with its own tag if it was packed. */
export async function variableBytes(
  file: FilePieces,
  variable: MatVariable,
  most: number,
): Promise<Uint8Array> {
  const { start, length, packed, name } = variable;
  const { path } = file;
  if (length > most) throw new UnsupportedError("MATLAB variable", `${name} of ${length} bytes in ${path}`);
  const bytes = await file.read(start, length);
  if (!packed) return bytes;
  try {
    return inflateSync(bytes, { maxOutputLength: most * 4 });
  } catch (cause) {
    throw new FileFormatError(path, `variable ${name} is damaged: ${(cause as Error).message}`, { cause });
  }
}
