import { basename, dirname, extname } from "node:path";
import { numberColumn } from "../core/column-index.js";
import { UnsupportedError } from "../core/errors.js";
import { encodeNpy, type NpyArray } from "../core/npy.js";
import { encodeNpz } from "../core/npz.js";
import { timecodesOf } from "../core/timecodes.js";
import { writeCameraManifest } from "./camera-manifest.js";
import { encodeFeather } from "./feather.js";
import { type FrameTimes, microsecondColumn, unsignedMicroseconds } from "./frame-times.js";
import { logArchiveName, writeLogArchive } from "./log-writer.js";
import { encodeParquet } from "./parquet.js";
import { type PutBytes, writeWholeFile } from "./whole-file.js";

/** What a file of times can be. */
export const timestampFormats = ["csv", "feather", "parquet", "npz", "npy", "timecodes", "log"] as const;

export type TimestampFormat = (typeof timestampFormats)[number];

export interface ExportTimestampsOptions {
  /** @default what the file's name says; see `timestampFormatOf` */
  readonly format?: TimestampFormat | undefined;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean | undefined;
  /** Logs: what the manifest beside it calls the camera. @default "camera" and its number */
  readonly name?: string | undefined;
  /** Logs: when it began, microseconds since 1970 UTC. @default a usual interval before the first frame */
  readonly onset?: bigint | undefined;
}

const endings: Readonly<Record<string, TimestampFormat>> = {
  ...{ ".csv": "csv", ".feather": "feather", ".arrow": "feather", ".ipc": "feather", ".parquet": "parquet" },
  ...{ ".npz": "npz", ".npy": "npy", ".txt": "timecodes" },
};

/** `101_log.npz` is the log of camera 101. */
const logName = /^(\d{1,3})_log\.npz$/;

/**
 * What a name asks for: `.csv`, `.feather` (`.arrow`, `.ipc`), `.parquet`, `.npz`, `.npy`, `.txt` for time codes, and
 * `101_log.npz` for the log of camera 101.
 * @throws {UnsupportedError} for other names.
 */
export function timestampFormatOf(path: string): TimestampFormat {
  if (logName.test(basename(path))) return "log";
  const format = endings[extname(path).toLowerCase()];
  if (format) return format;
  throw new UnsupportedError("file for times", basename(path), [...Object.keys(endings), "101_log.npz"]);
}

/**
 * Writes when each frame was into one file:
 *
 *     csv        columns number, time (seconds) and frame_time_us
 *     feather    column frame_time_us (uint64), what ataraxis' processing writes and its tools read
 *     parquet    columns number, time and frame_time_us
 *     npz        arrays frame_number, frame_time and, where all are known, frame_time_us
 *     npy        one array: frame_time_us, uint64
 *     timecodes  Matroska time stamps, version 2, in milliseconds from the first frame
 *     log        an archive as ataraxis' DataLogger leaves it, `101_log.npz`, and the manifest beside it
 *
 * @throws {UnsupportedError} if the format cannot hold such times; {FileFormatError} if it needs times that are not known.
 * @throws {ExistsError} if the file is there, and `overwrite` is not set; {EncodeError} if it cannot be written.
 */
export async function exportTimestamps(
  times: FrameTimes,
  path: string,
  options: ExportTimestampsOptions = {},
): Promise<void> {
  const { format = timestampFormatOf(path), overwrite } = options;
  if (format === "log") return exportLog(times, path, options);
  const put = async (bytes: Uint8Array): Promise<void> =>
    writeWholeFile(path, (write) => write(bytes), { overwrite });
  if (format === "csv")
    return writeWholeFile(path, (write) => putLines(csvLines(times), write), { overwrite });
  if (format === "timecodes") {
    const lines = timecodesOf(times.length, (frame) => times.time(frame));
    return writeWholeFile(path, (write) => putLines(lines, write), { overwrite });
  }
  if (format === "feather") {
    const { values, known } = microsecondColumn(times);
    return put(encodeFeather(values, known));
  }
  if (format === "parquet") return put(await encodeParquet(times));
  if (format === "npy") return put(encodeNpy(unsigned(unsignedMicroseconds(times, path))));
  return put(encodeNpz(arraysOf(times)));
}

/** The lines of a CSV file; what is not known is empty. */
export function* csvLines(times: FrameTimes): Generator<string> {
  yield "number,time,frame_time_us";
  for (let frame = 0; frame < times.length; frame++) yield csvRow(times, frame);
}

/** One of these lines. */
export function csvRow(times: FrameTimes, frame: number): string {
  const [number, time] = [times.number(frame), times.time(frame)];
  const text = (value: number | bigint): string => (Number.isNaN(value) ? "" : String(value));
  return `${text(number)},${text(time)},${times.microseconds(frame) ?? ""}`;
}

/** Characters that are gathered before they become bytes. */
const gathered = 2 ** 16;

async function putLines(lines: Iterable<string>, put: PutBytes): Promise<void> {
  const encoder = new TextEncoder();
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < gathered) continue;
    await put(encoder.encode(text));
    text = "";
  }
  await put(encoder.encode(text));
}

function unsigned(data: BigUint64Array): NpyArray {
  return { dtype: "uint64", shape: [data.length], data };
}

function arraysOf(times: FrameTimes): Record<string, NpyArray> {
  const frames = Array.from({ length: times.length }, (_, frame) => frame);
  const numbers = numberColumn(frames.map((frame) => times.number(frame)));
  const whole = numbers instanceof Float64Array && numbers.every(Number.isSafeInteger);
  const data = whole ? BigInt64Array.from(numbers, BigInt) : numbers;
  const dtype =
    data instanceof BigUint64Array ? "uint64" : data instanceof BigInt64Array ? "int64" : "float64";
  const seconds = Float64Array.from(frames, (frame) => times.time(frame));
  const micros = frames.map((frame) => times.microseconds(frame));
  const fits = micros.every((time) => time !== undefined && time >= 0n && time < 2n ** 64n);
  return {
    frame_number: { dtype, shape: [data.length], data },
    frame_time: { dtype: "float64", shape: [seconds.length], data: seconds },
    ...(fits && { frame_time_us: unsigned(BigUint64Array.from(micros as bigint[])) }),
  };
}

async function exportLog(
  times: FrameTimes,
  path: string,
  { name, onset, overwrite }: ExportTimestampsOptions,
): Promise<void> {
  const source = Number(logName.exec(basename(path))?.[1]);
  if (!(source <= 255)) {
    throw new UnsupportedError("name of a log", basename(path), [
      logArchiveName(0),
      `… ${logArchiveName(255)}`,
    ]);
  }
  const values = unsignedMicroseconds(times, path);
  const log = { source, onset: onset ?? usualOnset(values), times: values };
  await writeLogArchive(path, log, { overwrite });
  await writeCameraManifest(dirname(path), { id: source, name: name ?? `camera ${source}` });
}

/** A log begins before its first frame, which could have no name of its own else. */
function usualOnset(times: BigUint64Array): bigint {
  const [first = 1n, second] = times;
  const interval = second !== undefined && second > first ? second - first : 1n;
  return interval < first ? first - interval : 0n;
}
