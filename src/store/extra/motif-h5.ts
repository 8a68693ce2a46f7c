import type { Attribute, CompoundMember, Dataset, File } from "h5wasm";
import type { ColumnValues, ExtraColumn, ExtraColumns } from "./columns.js";
import { column, dataSetOf, type H5Module, type Run, rawBytes, withH5File } from "./h5-data-set.js";
import { numberBefore } from "./row.js";

// Motif's `NNNNNN.extra_data.h5`, as imgstore 0.4 reads it (its `motif_extra_data_h5_to_df`):
//
//   attribute datasets        names of the data sets, with commas between them
//   camera (samples)          records: frame_number, frame_time … of each sample; frame_number < 0: never recorded
//   each data set             (columns, samples), with attributes column_names and samplerate
//   sample_delay (samples)
//
// and, after a reindex, what other readers pass over:
//
//   _frame_number_before_reindex (samples)    what frame_number was; < 0: never recorded, whatever frame_number is
//
// Runs in a worker: the bytes may be anybody's, and a parser of HDF5 is large. The file is held in memory, where no
// external link can lead out of it.

/** What is read of a file: all of it, or only what its attributes say. */
export type H5Part = "columns" | "attributes";

/**
 * Reads a file of extra data.
 * @throws {Error} that says what was not found as described above.
 */
export function readMotifH5(bytes: Uint8Array, part: H5Part): Promise<ExtraColumns> {
  return withH5File(bytes, (module, file) => {
    const names = list(textOf(file.attrs.datasets, "attribute datasets"));
    const sets = names.map((name) => ({ name, set: dataSetOf(file, name) }));
    const rates = new Set(sets.map(({ set }) => numberOf(set.attrs.samplerate)));
    const sampleRate = rates.size === 1 ? [...rates][0] : undefined;
    if (part === "attributes") return { length: 0, columns: [], sampleRate };
    return { ...readColumns(module, file, sets), sampleRate };
  });
}

/** The data set `camera`: which frame was there when a sample was taken. */
export interface CameraRecords {
  readonly set: Dataset;
  /** Its bytes. */
  readonly records: Uint8Array;
  readonly samples: number;
  readonly columns: readonly ExtraColumn[];
  /** The field `frame_number`, and its values of all samples. */
  readonly member: CompoundMember;
  readonly numbers: ExtraColumn;
  /** What the numbers were before a reindex. */
  readonly before: ExtraColumn | undefined;
}

/** @throws {Error} if it is not there, or no list of records with a `frame_number`. */
export function readCamera(module: H5Module, file: File): CameraRecords {
  const set = dataSetOf(file, "camera");
  const members = set.metadata.compound_type?.members;
  const samples = set.shape?.[0];
  if (members === undefined || samples === undefined || set.shape?.length !== 1) {
    throw new Error("camera is no list of records");
  }
  const records = rawBytes(module, set);
  const columns = members.map((member) =>
    column(member.name, records, member, { start: member.offset, stride: set.metadata.size, count: samples }),
  );
  const at = members.findIndex(({ name }) => name === "frame_number");
  const [member, numbers] = [members[at], columns[at]];
  if (member === undefined || numbers === undefined) throw new Error("camera has no frame_number");
  const before = oneEach(module, file, numberBefore, samples);
  return { set, records, samples, columns, member, numbers, before };
}

/** Whether a sample was taken at all: files are made for a full chunk, and what is left of it has no frames. */
export function isRecorded({ numbers, before }: CameraRecords, row: number): boolean {
  return Number((before ?? numbers).values[row]) >= 0;
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
  const camera = readCamera(module, file);
  const { samples, before } = camera;
  const kept: number[] = [];
  for (let row = 0; row < samples; row++) if (isRecorded(camera, row)) kept.push(row);

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
  for (const found of camera.columns) keep(found);
  const delays = oneEach(module, file, "sample_delay", samples);
  if (delays !== undefined) keep(delays);
  if (before !== undefined) keep(before);
  return { length: kept.length, columns: [...columns.values()] };
}

/** A data set with one value for each sample; undefined if there is none. */
function oneEach(module: H5Module, file: File, name: string, samples: number): ExtraColumn | undefined {
  const set = file.get(name) as Dataset | null;
  if (set?.type !== "Dataset" || set.shape?.length !== 1 || set.shape[0] !== samples) return undefined;
  const run: Run = { start: 0, stride: set.metadata.size, count: samples };
  return column(name, rawBytes(module, set), set.metadata, run);
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
