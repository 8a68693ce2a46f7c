import { crc32 } from "node:zlib";
import type { Column } from "../core/sorted-values.js";

// What is known of each chunk without opening it, as records of one size in one array: 80,000 chunks take 9.6 MB, and
// the catalogue keeps the very same bytes on disk. All little-endian.
//
//    0  u64  chunk number               64  f64  time, first            104  u64  digest of the chunk's pictures; 0: unknown
//    8  u32  frames                     72  f64  time, last             112  u32  0
//   12  u8   flags (below)              80  f64  size of the index      116  u32  CRC-32 of bytes 0 to 115
//   13  u8   kind of the numbers        88  f64  its mtime, ms
//   14  u16  0                          96  u64  its XXH3; 0: unknown
//   16  number, lowest    24  number, highest    32  number, first    40  number, last     (8 bytes each, of that kind)
//   48  f64  time, lowest               56  f64  time, highest
//
// Lowest and highest are of the finite values, NaN where there is none. Of equal ones (0 and -0) the lowest is the
// first, the highest the last in the chunk.

/** Bytes that one record takes. */
export const recordBytes = 120;
/** Bytes at which the part begins and ends that the chunk's frames decide alone. */
const framesPart = { start: 8, stop: 80 };
const crcAt = recordBytes - 4;

const flag = { numbersAscend: 1, timesAscend: 2, numbersFinite: 4, timesFinite: 8, yaml: 16 };
const kind = { float64: 0, int64: 1, uint64: 2 };

/** Frame numbers and times of one chunk, of equal length. */
export interface ChunkColumns {
  readonly numbers: Column;
  /** Seconds; NaN where unknown. */
  readonly times: Float64Array;
}

/** The file that a chunk's columns come from, as it was when they were read. */
export interface IndexFile {
  readonly bytes: number;
  /** Milliseconds since 1970, as `fs.Stats` gives it. */
  readonly mtimeMs: number;
  /** XXH3 of its bytes, 64 bits; 0 where unknown. */
  readonly digest: bigint;
  readonly isYaml: boolean;
}

/** One record; `file` is absent where nothing on disk could confirm it. */
export function encodeRecord(
  chunk: number,
  { numbers, times }: ChunkColumns,
  file?: IndexFile,
  chunkDigest = 0n,
): Uint8Array {
  const record = new Uint8Array(recordBytes);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(chunk), true);
  view.setUint32(8, times.length, true);
  const ofNumbers = describeColumn(numbers);
  const ofTimes = describeColumn(times);
  view.setUint8(
    12,
    (ofNumbers.ascending ? flag.numbersAscend : 0) |
      (ofTimes.ascending ? flag.timesAscend : 0) |
      (ofNumbers.finite ? flag.numbersFinite : 0) |
      (ofTimes.finite ? flag.timesFinite : 0) |
      (file?.isYaml ? flag.yaml : 0),
  );
  view.setUint8(13, kindOf(numbers));
  setValues(view, 16, kindOf(numbers), ofNumbers);
  setValues(view, 48, kind.float64, ofTimes);
  if (file !== undefined) {
    view.setFloat64(80, file.bytes, true);
    view.setFloat64(88, file.mtimeMs, true);
    view.setBigUint64(96, file.digest, true);
  }
  view.setBigUint64(104, chunkDigest, true);
  view.setUint32(crcAt, crc32(record.subarray(0, crcAt)), true);
  return record;
}

interface ColumnSummary {
  readonly lowest: number | bigint;
  readonly highest: number | bigint;
  readonly first: number | bigint;
  readonly last: number | bigint;
  /** All are finite, and none is lower than the one before. */
  readonly ascending: boolean;
  readonly finite: boolean;
}

function describeColumn(column: Column): ColumnSummary {
  let [lowest, highest]: [number | bigint, number | bigint] = [Number.NaN, Number.NaN];
  let [finite, ascending, found] = [true, true, false];
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    if (typeof value === "number" && !Number.isFinite(value)) {
      finite = false;
      continue;
    }
    if (!found) {
      [lowest, highest, found] = [value, value, true];
      continue;
    }
    if (value < lowest) lowest = value;
    if (value >= highest) highest = value;
    else ascending = false;
  }
  const ends = { first: column[0] ?? Number.NaN, last: column.at(-1) ?? Number.NaN };
  return { lowest, highest, ...ends, finite, ascending: ascending && finite };
}

function kindOf(column: Column): number {
  if (column instanceof Float64Array) return kind.float64;
  return column instanceof BigInt64Array ? kind.int64 : kind.uint64;
}

function setValues(view: DataView, at: number, of: number, summary: ColumnSummary): void {
  const { lowest, highest, first, last } = summary;
  for (const [i, value] of [lowest, highest, first, last].entries()) {
    if (typeof value === "bigint" && of === kind.int64) view.setBigInt64(at + i * 8, value, true);
    else if (typeof value === "bigint") view.setBigUint64(at + i * 8, value, true);
    // A NaN has many spellings; equal chunks have equal records.
    else view.setFloat64(at + i * 8, Number.isNaN(value) ? Number.NaN : value, true);
  }
}

/** Records as they come: an array of its own for each of 80,000 would take three times the memory. */
export class GrowingRecords {
  #bytes = new Uint8Array(64 * recordBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param record copied. */
  push(record: Uint8Array): void {
    const at = this.#length++ * recordBytes;
    if (at === this.#bytes.length) {
      const more = new Uint8Array(2 * at);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(record, at);
  }

  records(): ChunkRecords {
    return new ChunkRecords(this.#bytes.subarray(0, this.#length * recordBytes));
  }
}

/** Records of chunks, one after another; see above. */
export class ChunkRecords {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @param bytes kept, not copied. */
  constructor(bytes: Uint8Array) {
    // Not a Buffer, whose pieces cost more.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = Math.floor(bytes.length / recordBytes);
  }

  static of(records: readonly Uint8Array[]): ChunkRecords {
    const bytes = new Uint8Array(records.length * recordBytes);
    for (const [entry, record] of records.entries()) bytes.set(record, entry * recordBytes);
    return new ChunkRecords(bytes);
  }

  /** All of them; shared. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The bytes of one; shared. */
  at(entry: number): Uint8Array {
    return this.#bytes.subarray(entry * recordBytes, (entry + 1) * recordBytes);
  }

  /** False if some bit of it was changed. */
  isWhole(entry: number): boolean {
    const at = entry * recordBytes;
    return this.#view.getUint32(at + crcAt, true) === crc32(this.#bytes.subarray(at, at + crcAt));
  }

  chunk(entry: number): number {
    const at = entry * recordBytes;
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  count(entry: number): number {
    return this.#view.getUint32(entry * recordBytes + 8, true);
  }

  numbersAscend(entry: number): boolean {
    return this.#has(entry, flag.numbersAscend);
  }

  timesAscend(entry: number): boolean {
    return this.#has(entry, flag.timesAscend);
  }

  isYaml(entry: number): boolean {
    return this.#has(entry, flag.yaml);
  }

  /** NaN if no frame has a finite one. */
  lowestNumber(entry: number): number | bigint {
    return this.#number(entry, 16);
  }

  highestNumber(entry: number): number | bigint {
    return this.#number(entry, 24);
  }

  lowestTime(entry: number): number {
    return this.#view.getFloat64(entry * recordBytes + 48, true);
  }

  highestTime(entry: number): number {
    return this.#view.getFloat64(entry * recordBytes + 56, true);
  }

  fileBytes(entry: number): number {
    return this.#view.getFloat64(entry * recordBytes + 80, true);
  }

  fileMtimeMs(entry: number): number {
    return this.#view.getFloat64(entry * recordBytes + 88, true);
  }

  /** True if the chunk's frames are, as far as a record tells, those of `columns`. */
  describes(entry: number, columns: ChunkColumns): boolean {
    const told = this.at(entry);
    const found = encodeRecord(0, columns);
    // The flag of YAML is about the file.
    for (let at = framesPart.start; at < framesPart.stop; at++) {
      const mask = at === 12 ? ~flag.yaml : 0xff;
      if ((told[at]! & mask) !== (found[at]! & mask)) return false;
    }
    return true;
  }

  /** Puts what `columns` say in the place of what was known. */
  replace(entry: number, columns: ChunkColumns): void {
    const found = encodeRecord(this.chunk(entry), columns);
    this.#bytes.set(found, entry * recordBytes);
  }

  #has(entry: number, wanted: number): boolean {
    return (this.#view.getUint8(entry * recordBytes + 12) & wanted) !== 0;
  }

  #number(entry: number, field: number): number | bigint {
    const at = entry * recordBytes;
    const of = this.#view.getUint8(at + 13);
    if (of === kind.float64) return this.#view.getFloat64(at + field, true);
    return of === kind.int64
      ? this.#view.getBigInt64(at + field, true)
      : this.#view.getBigUint64(at + field, true);
  }
}
