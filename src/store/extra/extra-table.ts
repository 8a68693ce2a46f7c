import {
  Bool,
  type Data,
  type DataType,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";
import { UnsupportedError } from "../../core/errors.js";
import type { ColumnValues } from "./columns.js";
import type { ExtraPart } from "./read-extra.js";
import { formatJson } from "./row.js";

/** Some rows of a column, one after another. */
type Piece =
  | { readonly count: number; readonly values: readonly unknown[] }
  | { readonly count: number; readonly typed: ColumnValues; readonly isBoolean: boolean };

/**
 * Extra data as one Arrow table: all columns that any row has, in the order of their appearance; what a row lacks is
 * null. A column has one type, whatever its rows hold:
 *
 *     true, false       Bool
 *     whole numbers     Int64, or Uint64 beyond 2^63; those of HDF5 keep their own width
 *     other numbers     Float64 (HDF5: their own width); whole numbers among them, too
 *     texts             Utf8
 *     anything else     Utf8 that holds JSON, as do mixtures, and numbers that no one type can hold exactly.
 *                       The field's metadata says `marey: json`
 *     nothing but null  Null
 */
export async function extraTable(parts: AsyncIterable<ExtraPart>): Promise<Table> {
  const pieces = new Map<string, Piece[]>();
  let length = 0;
  const add = (name: string, piece: Piece): void => {
    const column = pieces.get(name) ?? [];
    const known = column.reduce((sum, { count }) => sum + count, 0);
    if (known < length) column.push({ count: length - known, values: [] });
    column.push(piece);
    pieces.set(name, column);
  };
  for await (const part of parts) {
    if ("columns" in part) {
      const { columns, length: count } = part.columns;
      for (const { name, values, isBoolean } of columns) add(name, { count, typed: values, isBoolean });
      length += count;
      continue;
    }
    const byName = new Map<string, unknown[]>();
    for (const [at, row] of part.rows.entries()) {
      for (const [name, value] of Object.entries(row)) {
        const values = byName.get(name) ?? [];
        values[at] = value;
        byName.set(name, values);
      }
    }
    for (const [name, values] of byName) add(name, { count: part.rows.length, values });
    length += part.rows.length;
  }
  const columns = [...pieces].map(([name, column]) => arrowColumn(name, column, length));
  const schema = new Schema(columns.map(({ field }) => field));
  const children = columns.map(({ data }) => data);
  return new Table(
    schema,
    new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })),
  );
}

interface ArrowColumn {
  readonly field: Field;
  readonly data: Data;
}

function arrowColumn(name: string, pieces: readonly Piece[], length: number): ArrowColumn {
  return sameTyped(name, pieces, length) ?? anyColumn(name, valuesOf(pieces, length));
}

/** Columns of HDF5 files stay what they are, if all chunks have them alike. */
function sameTyped(name: string, pieces: readonly Piece[], length: number): ArrowColumn | undefined {
  const [first] = pieces;
  if (first === undefined || !("typed" in first) || Array.isArray(first.typed) || first.isBoolean)
    return undefined;
  const Values = first.typed.constructor as Float64ArrayConstructor;
  const isSame = pieces.every(
    (piece) => "typed" in piece && !piece.isBoolean && piece.typed.constructor === Values,
  );
  if (!isSame || pieces.reduce((sum, { count }) => sum + count, 0) !== length) return undefined;
  const values = new Values(length);
  let at = 0;
  for (const piece of pieces) {
    const { typed } = piece as { typed: Float64Array };
    values.set(typed, at);
    at += typed.length;
  }
  const type = arrowTypes.get(Values)!();
  return {
    field: new Field(name, type, true),
    data: makeData({ type, length, nullCount: 0, data: values } as never),
  };
}

const arrowTypes = new Map<unknown, () => DataType>([
  [Int8Array, () => new Int8()],
  [Uint8Array, () => new Uint8()],
  [Int16Array, () => new Int16()],
  [Uint16Array, () => new Uint16()],
  [Int32Array, () => new Int32()],
  [Uint32Array, () => new Uint32()],
  [BigInt64Array, () => new Int64()],
  [BigUint64Array, () => new Uint64()],
  [Float32Array, () => new Float32()],
  [Float64Array, () => new Float64()],
]);

function valuesOf(pieces: readonly Piece[], length: number): unknown[] {
  const all: unknown[] = new Array(length).fill(undefined);
  let at = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.count; i++) {
      if (!("typed" in piece)) all[at + i] = piece.values[i];
      else all[at + i] = piece.isBoolean ? piece.typed[i] !== 0 : piece.typed[i];
    }
    at += piece.count;
  }
  return all;
}

type Kind = "null" | "bool" | "int64" | "uint64" | "float64" | "text" | "json";

/** The one type that holds all the values exactly; null and undefined are missing. */
export function kindOfColumn(values: readonly unknown[]): Kind {
  const seen = new Set<string>();
  let [lowest, highest] = [0n, 0n];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (typeof value === "bigint") {
      seen.add("bigint");
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    } else if (typeof value === "number") {
      if (Number.isNaN(value)) seen.add("nan");
      else if (!Number.isSafeInteger(value) || Object.is(value, -0)) seen.add("float");
      else {
        seen.add("whole");
        if (value < 0 && lowest === 0n) lowest = -1n;
      }
    } else seen.add(typeof value);
  }
  const only = (...kinds: string[]): boolean => [...seen].every((kind) => kinds.includes(kind));
  if (seen.size === 0) return "null";
  if (only("boolean")) return "bool";
  if (only("string")) return "text";
  if (only("whole", "nan", "float") && !only("whole")) return "float64";
  // A number that is not known, among whole ones that doubles cannot hold, is missing.
  if (only("whole", "bigint", "nan")) {
    if (lowest >= -(2n ** 63n) && highest < 2n ** 63n) return "int64";
    if (lowest >= 0n && highest < 2n ** 64n) return "uint64";
  }
  return "json";
}

function anyColumn(name: string, values: readonly unknown[]): ArrowColumn {
  const kind = kindOfColumn(values);
  const { length } = values;
  const isMissing = (value: unknown): boolean =>
    value === null || value === undefined || ((kind === "int64" || kind === "uint64") && Number.isNaN(value));
  const valid = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (isMissing(values[i])) nullCount++;
    else valid[i >> 3]! |= 1 << (i & 7);
  }
  const common = { length, nullCount, nullBitmap: nullCount > 0 ? valid : null };
  const number = (i: number): number | bigint => (isMissing(values[i]) ? 0 : (values[i] as number | bigint));
  const make = (type: DataType, buffers: object): ArrowColumn => ({
    field: new Field(name, type, true, kind === "json" ? new Map([["marey", "json"]]) : null),
    data: makeData({ type, ...common, ...buffers } as never),
  });
  switch (kind) {
    case "null":
      return make(new Null(), {});
    case "bool": {
      const bits = new Uint8Array(valid.length);
      for (let i = 0; i < length; i++) if (values[i] === true) bits[i >> 3]! |= 1 << (i & 7);
      return make(new Bool(), { data: bits });
    }
    case "int64":
      return make(new Int64(), { data: BigInt64Array.from({ length }, (_, i) => BigInt(number(i))) });
    case "uint64":
      return make(new Uint64(), { data: BigUint64Array.from({ length }, (_, i) => BigInt(number(i))) });
    case "float64":
      return make(new Float64(), { data: Float64Array.from({ length }, (_, i) => Number(number(i))) });
    case "text":
    case "json":
      return make(new Utf8(), textBuffers(values, kind === "json"));
  }
}

function textBuffers(
  values: readonly unknown[],
  asJson: boolean,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  const parts: Buffer[] = [];
  let total = 0;
  for (const [i, value] of values.entries()) {
    if (value !== null && value !== undefined) {
      const text = Buffer.from(asJson ? formatJson(value) : (value as string));
      parts.push(text);
      total += text.length;
    }
    valueOffsets[i + 1] = total;
  }
  if (total >= 2 ** 31) throw new UnsupportedError("text in one Arrow column", `${total} bytes`, ["2 GiB"]);
  return { valueOffsets, data: Buffer.concat(parts) };
}
