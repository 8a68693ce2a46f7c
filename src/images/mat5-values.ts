import { FileFormatError } from "../core/errors.js";
import type { FilePieces } from "./file-pieces.js";
import { MatCursor, type MatFile, type MatVariable, readArrayHead, variableBytes } from "./mat5.js";

/** A small value of MATLAB's: numbers as a list in MATLAB's order, a struct of one element by its field names. */
export type MatValue =
  | { readonly kind: "numbers"; readonly shape: readonly number[]; readonly values: readonly number[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "struct"; readonly fields: { readonly [name: string]: MatValue } }
  | { readonly kind: "other" };

/** Settings are small; a variable of more bytes is none. */
const longestValue = 2 ** 22;
/** Most numbers of one array, structs in structs, and fields of a struct. */
const most = { numbers: 2 ** 16, depth: 16, fields: 4096 };

const [structClass, textClass] = [2, 4];
const arrayType = 14;

/**
 * Reads a variable that holds settings: numbers, text, structs of these. Of what is anything else, its kind alone is
 * told.
 * @throws {FileFormatError} if it is damaged.
 */
export async function readMatValue(file: FilePieces, mat: MatFile, variable: MatVariable): Promise<MatValue> {
  const bytes = await variableBytes(file, variable, longestValue);
  const cursor = new MatCursor(bytes, mat.littleEndian);
  try {
    if (variable.packed) cursor.tag();
    return valueAt(cursor, 0);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new FileFormatError(file.path, `variable ${variable.name} is damaged: ${cause.message}`, { cause });
  }
}

function valueAt(cursor: MatCursor, depth: number): MatValue {
  if (depth > most.depth) throw new RangeError("structs in structs without end");
  const { class: code, shape } = readArrayHead(cursor);
  const count = shape.reduce((product, axis) => product * axis, 1);
  if (code === structClass && count === 1) return structAt(cursor, depth);
  if (code !== textClass && (code < 6 || code > 15)) return { kind: "other" };
  if (count > most.numbers) return { kind: "other" };
  const values = numbersAt(cursor, count);
  return code === textClass
    ? { kind: "text", text: String.fromCharCode(...values) }
    : { kind: "numbers", shape, values };
}

function structAt(cursor: MatCursor, depth: number): MatValue {
  const size = cursor.element().view.getInt32(0, cursor.littleEndian);
  const names = cursor.element();
  if (!(size > 0)) throw new RangeError(`field names of ${size} letters`);
  const count = Math.floor(names.length / size);
  if (count > most.fields) throw new RangeError(`${count} fields`);
  const fields: [string, MatValue][] = [];
  for (let i = 0; i < count; i++) {
    const { buffer, byteOffset } = names.view;
    const [name = ""] = new TextDecoder("latin1")
      .decode(new DataView(buffer, byteOffset + i * size, size))
      .split("\0");
    const { type, length } = cursor.tag();
    if (type !== arrayType) throw new RangeError(`field ${name} is an element of type ${type}`);
    const end = cursor.at + length;
    // An empty matrix may have no data at all.
    const value: MatValue =
      length === 0 ? { kind: "numbers", shape: [0, 0], values: [] } : valueAt(cursor, depth + 1);
    fields.push([name, value]);
    cursor.at = end;
  }
  return { kind: "struct", fields: Object.fromEntries(fields) };
}

const getters = {
  1: [1, "getInt8"],
  2: [1, "getUint8"],
  3: [2, "getInt16"],
  4: [2, "getUint16"],
  5: [4, "getInt32"],
  6: [4, "getUint32"],
  7: [4, "getFloat32"],
  9: [8, "getFloat64"],
  12: [8, "getBigInt64"],
  13: [8, "getBigUint64"],
  16: [1, "getUint8"],
  17: [2, "getUint16"],
} as const;

function numbersAt(cursor: MatCursor, count: number): number[] {
  const { type, view } = cursor.element();
  const getter = getters[type as keyof typeof getters];
  if (getter === undefined) throw new RangeError(`samples of type ${type}`);
  const [bytes, method] = getter;
  return Array.from({ length: count }, (_, i) => Number(view[method](i * bytes, cursor.littleEndian)));
}
