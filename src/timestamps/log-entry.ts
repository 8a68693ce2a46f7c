import { FileFormatError } from "../core/errors.js";
import { decodeNpy, encodeNpyHeader } from "../core/npy.js";

// One message of ataraxis' DataLogger is one array of bytes, in an `.npy` file of its own or in an archive of all:
//   byte 0        number of the source
//   bytes 1 … 8   microseconds since the onset, little endian, unsigned
//   bytes 9 …     what was logged. A frame: nothing. The onset, which counts 0: microseconds since 1970 UTC, 8 bytes

/** A message of a log. */
export interface LogEntry {
  /** Who logged it, 0 … 255. */
  readonly source: number;
  /** Microseconds since the onset. */
  readonly elapsed: bigint;
  /** What was logged beside the time; of a frame nothing. */
  readonly payload: Uint8Array;
}

/** Names of messages, with or without a folder's `.npy`; others that stand beside them are none. */
const named = /^(\d{3})_(\d{20})\.npy$/;
const headerBytes = 128;
/** What stands before the bytes of a frame's message and of an onset. */
const usualHeaders = new Map([9, 17].map((length) => [headerBytes + length, headerOf(length)]));
const highest = 2n ** 64n - 1n;

/**
 * "101_00000000000000221659.npy".
 * @throws {RangeError} if the source is none of 0 … 255, or no unsigned number of 64 bits counts the microseconds.
 */
export function logEntryName(source: number, elapsed: bigint): string {
  needInRange(source, elapsed);
  return `${String(source).padStart(3, "0")}_${String(elapsed).padStart(20, "0")}.npy`;
}

function needInRange(source: number, elapsed: bigint): void {
  if (!(Number.isInteger(source) && source >= 0 && source <= 255)) {
    throw new RangeError(`a source of a log is a whole number from 0 to 255, not ${source}`);
  }
  if (elapsed < 0n || elapsed > highest) {
    throw new RangeError(`microseconds since the onset are 0 to 2^64 - 1, not ${elapsed}`);
  }
}

/** What a name says; undefined if it is none of a message. */
export function parseLogEntryName(
  name: string,
): { readonly source: number; readonly elapsed: bigint } | undefined {
  const found = named.exec(name);
  return found ? { source: Number(found[1]), elapsed: BigInt(found[2]!) } : undefined;
}

/** The `.npy` file of a message. @throws {RangeError} as `logEntryName`. */
export function encodeLogEntry({ source, elapsed, payload }: LogEntry): Uint8Array {
  needInRange(source, elapsed);
  const header = usualHeaders.get(headerBytes + 9 + payload.length) ?? headerOf(9 + payload.length);
  const file = new Uint8Array(header.length + 9 + payload.length);
  file.set(header);
  file[header.length] = source;
  new DataView(file.buffer).setBigUint64(header.length + 1, elapsed, true);
  file.set(payload, header.length + 9);
  return file;
}

/** The message that a log begins with. @param onset microseconds since 1970 UTC. */
export function encodeOnset(source: number, onset: bigint): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, onset, true);
  return encodeLogEntry({ source, elapsed: 0n, payload });
}

/** What stands before that many bytes. */
function headerOf(length: number): Uint8Array {
  return encodeNpyHeader("uint8", [length]);
}

/**
 * Reads the `.npy` file of a message; its payload shares memory with `file`.
 * @throws {FileFormatError} if it is none.
 */
export function decodeLogEntry(file: Uint8Array, path: string): LogEntry {
  const bytes = isUsual(file) ? file.subarray(headerBytes) : messageOf(file, path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { source: bytes[0]!, elapsed: view.getBigUint64(1, true), payload: bytes.subarray(9) };
}

/** Nearly all are of two kinds, of which nothing has to be parsed. */
function isUsual(file: Uint8Array): boolean {
  const header = usualHeaders.get(file.length);
  return header?.every((byte, at) => file[at] === byte) ?? false;
}

function messageOf(file: Uint8Array, path: string): Uint8Array {
  const { dtype, shape, data } = decodeNpy(file, path);
  if (dtype === "uint8" && shape.length === 1 && data.length >= 9) return data as Uint8Array;
  const found = `${dtype} of shape (${shape.join(", ")})`;
  throw new FileFormatError(path, `no message of a log: ${found} where 9 bytes or more were to be`);
}
