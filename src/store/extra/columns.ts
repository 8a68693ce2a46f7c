import type { ExtraRow } from "./row.js";

/** Numbers as a file holds them, true and false as bytes of 1 and 0, or texts. */
export type ColumnValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array
  | readonly string[];

export interface ExtraColumn {
  readonly name: string;
  readonly values: ColumnValues;
  /** The bytes are true and false. */
  readonly isBoolean: boolean;
}

/** Extra data as Motif's HDF5 files hold it: columns of one length. */
export interface ExtraColumns {
  readonly length: number;
  /** In the order of the file. */
  readonly columns: readonly ExtraColumn[];
  /** Samples a second; undefined if the file does not say, or its data sets differ. */
  readonly sampleRate: number | undefined;
}

/** The value of a column in a row: integers beyond 2^53 as `bigint`, others as numbers. */
export function columnValue({ values, isBoolean }: ExtraColumn, row: number): unknown {
  const value = values[row];
  if (isBoolean) return value !== 0;
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The same as rows, made one by one. */
export function* rowsOfColumns({ length, columns }: ExtraColumns): Generator<ExtraRow> {
  for (let row = 0; row < length; row++) {
    yield Object.fromEntries(columns.map((column) => [column.name, columnValue(column, row)]));
  }
}
