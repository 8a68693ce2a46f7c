import { crc32 } from "node:zlib";
import type { FrameClocks, FrameNumber } from "../core/frame.js";
import type { EncodedPicture } from "./chunk-format.js";

// The journal of a chunk that is being written: `000012.journal` beside it. It only grows, and is removed when the
// chunk's index stands. All values are little-endian.
//
//   header   "MAREYJ01", the store's uuid (16 bytes), chunk number (u64), CRC-32 of the 32 bytes before, 4 zero bytes
//   record   kind (u8), kind of number (u8), 2 zero bytes, length of the content (u32), content, CRC-32 of all of it
//     frame  number (8 bytes), time (f64), offset, size and digest of its picture in the chunk's file (u64 each)
//     clocks of the frame in the next record: the camera's number, the camera's time, arrival on the monotonic clock and
//            in UTC (f64 each, NaN where unknown)
//     row    a row of extra data, JSON in UTF-8
//     synced how many frames are safe from a power cut (u64)
//     head   the first bytes of a video file, as they are while it is being written (closing it changes them)
//
// A record is whole, or the journal ends before it.

export interface JournalFrame extends EncodedPicture {
  readonly kind: "frame";
  readonly number: FrameNumber;
  readonly time: number;
  /** In a record of its own, before that of the frame. */
  readonly clocks?: FrameClocks | undefined;
}

export type JournalRecord =
  | JournalFrame
  | { readonly kind: "clocks"; readonly clocks: FrameClocks }
  | { readonly kind: "row"; readonly text: string }
  | { readonly kind: "head"; readonly bytes: Uint8Array }
  | { readonly kind: "synced"; readonly count: number };

const magic = "MAREYJ01";
export const journalHeaderBytes = 40;
const recordHead = 8;
const recordTail = 4;
const frameBytes = 40;
/** Bytes of a whole record of a frame. */
export const frameRecordBytes = recordHead + frameBytes + recordTail;
/** Longest content of a record, in bytes. */
const longestContent = 2 ** 26;

const clocksBytes = 32;

const kinds = { frame: 1, row: 2, synced: 3, head: 4, clocks: 5 } as const;
const numberKinds = { int64: 0, uint64: 1, float64: 2 } as const;

/** @param uuid 32 hexadecimal digits. */
export function encodeJournalHeader(uuid: string, chunk: number): Uint8Array {
  const bytes = Buffer.alloc(journalHeaderBytes);
  bytes.write(magic, 0, "latin1");
  bytes.write(uuid, 8, 16, "hex");
  bytes.writeBigUInt64LE(BigInt(chunk), 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 32)), 32);
  return bytes;
}

export function encodeJournalRecord(record: JournalRecord): Uint8Array {
  if (record.kind === "row" || record.kind === "head") {
    const content = record.kind === "row" ? Buffer.from(record.text) : record.bytes;
    const bytes = startRecord(kinds[record.kind], content.length);
    bytes.set(content, recordHead);
    return endRecord(bytes);
  }
  if (record.kind === "synced") {
    const bytes = startRecord(kinds.synced, 8);
    bytes.writeBigUInt64LE(BigInt(record.count), recordHead);
    return endRecord(bytes);
  }
  if (record.kind === "clocks") return encodeClocks(record.clocks);
  const { number, time, offset, size, digest, clocks } = record;
  const bytes = startRecord(kinds.frame, frameBytes);
  bytes[1] = writeNumber(bytes, number);
  bytes.writeDoubleLE(time, recordHead + 8);
  bytes.writeBigUInt64LE(BigInt(offset), recordHead + 16);
  bytes.writeBigUInt64LE(BigInt(size), recordHead + 24);
  bytes.writeBigUInt64LE(digest, recordHead + 32);
  const frame = endRecord(bytes);
  return clocks === undefined ? frame : Buffer.concat([encodeClocks(clocks), frame]);
}

function encodeClocks({ cameraNumber, cameraTime, arrived, arrivedUtc }: FrameClocks): Uint8Array {
  const bytes = startRecord(kinds.clocks, clocksBytes);
  for (const [at, value] of [cameraNumber, cameraTime, arrived, arrivedUtc].entries()) {
    bytes.writeDoubleLE(Number(value ?? Number.NaN), recordHead + 8 * at);
  }
  return endRecord(bytes);
}

function startRecord(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(recordHead + length + recordTail);
  bytes[0] = kind;
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

function endRecord(bytes: Buffer): Uint8Array {
  const end = bytes.length - recordTail;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

function writeNumber(bytes: Buffer, number: FrameNumber): number {
  const at = recordHead;
  if (typeof number === "number" && !Number.isSafeInteger(number)) {
    bytes.writeDoubleLE(number, at);
    return numberKinds.float64;
  }
  const whole = BigInt(number);
  if (whole >= 2n ** 63n) {
    bytes.writeBigUInt64LE(whole, at);
    return numberKinds.uint64;
  }
  bytes.writeBigInt64LE(whole, at);
  return numberKinds.int64;
}

/** What is to be had of the bytes of a journal, which may end anywhere. */
export interface ParsedJournal {
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly chunk: number;
  readonly records: readonly JournalRecord[];
  /** Up to there every record is whole. */
  readonly wholeBytes: number;
}

/** @returns undefined if the bytes do not begin as a journal does. */
export function parseJournal(bytes: Uint8Array): ParsedJournal | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < journalHeaderBytes || view.toString("latin1", 0, 8) !== magic) return undefined;
  if (view.readUInt32LE(32) !== crc32(view.subarray(0, 32))) return undefined;
  const records: JournalRecord[] = [];
  const { end } = parseJournalRecords(view, journalHeaderBytes, (record) => records.push(record));
  const chunk = Number(view.readBigUInt64LE(24));
  return { uuid: view.toString("hex", 8, 24), chunk, records, wholeBytes: end };
}

/**
 * Reads records from `start` on, as far as they are whole.
 * @returns where the last whole one ends, and how many bytes the next one takes if it is the end of `bytes` that cuts it.
 */
export function parseJournalRecords(
  bytes: Uint8Array,
  start: number,
  take: (record: JournalRecord) => void,
): { readonly end: number; readonly needed?: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  for (;;) {
    if (at + recordHead > view.length) return { end: at, needed: recordHead };
    const length = view.readUInt32LE(at + 4);
    const end = at + recordHead + length + recordTail;
    if (length > longestContent) break;
    if (end > view.length) return { end: at, needed: end - at };
    if (view.readUInt32LE(end - recordTail) !== crc32(view.subarray(at, end - recordTail))) break;
    const record = readRecord(view.subarray(at, end - recordTail));
    if (record === undefined) break;
    take(record);
    at = end;
  }
  return { end: at };
}

function readRecord(bytes: Buffer): JournalRecord | undefined {
  const length = bytes.length - recordHead;
  if (bytes[0] === kinds.row) return { kind: "row", text: bytes.toString("utf8", recordHead) };
  if (bytes[0] === kinds.head) return { kind: "head", bytes: Uint8Array.from(bytes.subarray(recordHead)) };
  if (bytes[0] === kinds.synced && length === 8) {
    return { kind: "synced", count: Number(bytes.readBigUInt64LE(recordHead)) };
  }
  if (bytes[0] === kinds.clocks && length === clocksBytes) return readClocks(bytes);
  if (bytes[0] !== kinds.frame || length !== frameBytes) return undefined;
  const number = readNumber(bytes);
  if (number === undefined) return undefined;
  return {
    kind: "frame",
    number,
    time: bytes.readDoubleLE(recordHead + 8),
    offset: Number(bytes.readBigUInt64LE(recordHead + 16)),
    size: Number(bytes.readBigUInt64LE(recordHead + 24)),
    digest: bytes.readBigUInt64LE(recordHead + 32),
  };
}

function readClocks(bytes: Buffer): JournalRecord {
  const [cameraNumber, cameraTime, arrived, arrivedUtc] = [0, 1, 2, 3].map((at) =>
    bytes.readDoubleLE(recordHead + 8 * at),
  ) as [number, number, number, number];
  return { kind: "clocks", clocks: { cameraNumber, cameraTime, arrived, arrivedUtc } };
}

function readNumber(bytes: Buffer): FrameNumber | undefined {
  const at = recordHead;
  if (bytes[1] === numberKinds.float64) return bytes.readDoubleLE(at);
  if (bytes[1] !== numberKinds.int64 && bytes[1] !== numberKinds.uint64) return undefined;
  const whole = bytes[1] === numberKinds.int64 ? bytes.readBigInt64LE(at) : bytes.readBigUInt64LE(at);
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}
