import { FileFormatError, UnsupportedError } from "./errors.js";
import { decodeNpy, type NpyArray, readNpyHeader } from "./npy.js";
import { type Npz, readNpz } from "./npz.js";
import { type StampColumns, type StampFileOptions, stampsOfTable } from "./stamp-table.js";
import { secondsOf, type TimeUnit } from "./time-text.js";
import { parseTimecodes } from "./timecodes.js";
import { isTrodes, stampsOfTrodes } from "./trodes-stamps.js";

/**
 * Reads when each frame was from a file beside a video, whatever its name: CSV or TSV with numbers or ISO dates, as
 * Bonsai, PySpin and UCLA's Miniscope write them; `.npy` and `.npz` (array `frame_time`, or the only one of numbers in a
 * row; `frame_number`, too); time codes as mkvmerge takes them; SpikeGadgets' `.videoTimeStamps`.
 * @param path named in errors only.
 * @throws {FileFormatError} if it has no times, or several columns that could be meant.
 * @throws {UnsupportedError} if what is asked for is no times.
 */
export function stampsOfFile(bytes: Uint8Array, path: string, options: StampFileOptions = {}): StampColumns {
  if (bytes[0] === 0x93) return stampsOfNpy(bytes, path, options);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return stampsOfNpz(readNpz(bytes, path), path, options);
  if (isTrodes(bytes)) return stampsOfTrodes(bytes, path, options);
  // A zero is in no text; UTF-16 has many.
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new FileFormatError(path, "neither a text of times, nor an array, nor Trodes' time stamps");
  }
  const text = new TextDecoder().decode(bytes);
  const codes = parseTimecodes(text);
  return codes ? { times: codes } : stampsOfTable(text, path, options);
}

function stampsOfNpz(npz: Npz, path: string, options: StampFileOptions): StampColumns {
  const wanted = options.column === undefined ? undefined : String(options.column);
  const isRow = (name: string): boolean => {
    const { shape, dtype, descr } = npz.header(name);
    return (dtype !== undefined || dates.test(descr)) && shape.filter((axis) => axis !== 1).length <= 1;
  };
  const column = wanted ?? (npz.has("frame_time") ? "frame_time" : onlyOne(npz.names.filter(isRow), path));
  const { times } = stampsOfNpy(npz.file(column), `${path} (${column})`, { ...options, column: undefined });
  if (!npz.has("frame_number") || column === "frame_number") return { times, column };
  const numbers = Float64Array.from(npz.array("frame_number").data as ArrayLike<number | bigint>, Number);
  const fits = numbers.length === times.length && numbers.every(Number.isSafeInteger);
  return { times, ...(fits && { numbers }), column };
}

function onlyOne(names: readonly string[], path: string): string {
  if (names.length === 1) return names[0]!;
  const found = names.length === 0 ? "no array that could be times" : `choose one of ${names.join(", ")}`;
  throw new FileFormatError(path, `which array has the times? ${found}`);
}

const dates = /^[<>]M8\[(s|ms|us|ns)\]$/;

interface NpyStampOptions {
  readonly column?: string | number | undefined;
  readonly unit?: TimeUnit;
}

function stampsOfNpy(bytes: Uint8Array, path: string, { column, unit }: NpyStampOptions): StampColumns {
  const header = readNpyHeader(bytes, path);
  const { shape, descr } = header;
  const dated = dates.exec(descr)?.[1] as TimeUnit | undefined;
  const isTable = shape.length === 2 && !shape.includes(1);
  if (shape.length > 2 || shape.length === 0 || (isTable && column === undefined)) {
    const advice = isTable ? `; choose one of its ${shape[1]} columns, the first is 1` : "";
    throw new FileFormatError(
      path,
      `times are numbers in a row, not of shape (${shape.join(", ")})${advice}`,
    );
  }
  if (dated !== undefined) return { times: datesOf(bytes, path, dated) };
  const array = decodeNpy(bytes, path);
  if (!/^(u?int|float(32|64))/.test(array.dtype)) {
    throw new UnsupportedError("type of times", `${array.dtype} in ${path}`, ["whole numbers", "floats"]);
  }
  const values = isTable ? columnOf(array, Number(column), path) : Array.from(array.data as Float64Array);
  return { times: Float64Array.from(values as number[], (value) => secondsOf(value, unit ?? "s")) };
}

function columnOf({ data, shape }: NpyArray, column: number, path: string): (number | bigint)[] {
  const [rows, columns] = shape as [number, number];
  if (!(Number.isInteger(column) && column >= 1 && column <= columns)) {
    throw new FileFormatError(path, `there is no column ${column}; the first of its ${columns} is 1`);
  }
  return Array.from({ length: rows }, (_, row) => data[row * columns + column - 1]!);
}

/** NumPy's datetime64 counts from 1970; its smallest number means no time. */
function datesOf(bytes: Uint8Array, path: string, unit: TimeUnit): Float64Array {
  const { shape, dataOffset, descr } = readNpyHeader(bytes, path);
  const count = shape.reduce((product, axis) => product * axis, 1);
  const found = bytes.length - dataOffset;
  if (count * 8 > found) throw new FileFormatError(path, `${found} bytes of data; ${count} dates need more`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataOffset, found);
  return Float64Array.from({ length: count }, (_, i) => {
    const value = view.getBigInt64(i * 8, descr.startsWith("<"));
    return value === -(2n ** 63n) ? Number.NaN : secondsOf(value, unit);
  });
}
