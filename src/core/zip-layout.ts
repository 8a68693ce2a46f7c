import { crc32 } from "./crc32.js";
import { zipSignature } from "./zip.js";

const zipVersion = 20;
/** The version that knows ZIP64. */
const largeVersion = 45;
/** 1980-01-01, the first day that ZIP knows. */
const zipDate = 0x0021;
const utf8Names = 0x0800;
const encoder = new TextEncoder();
/** Beyond these Python's `zipfile` writes ZIP64, although the fields could hold twice as much. */
const limit = { bytes: 2 ** 31 - 1, members: 0xffff };

/**
 * A ZIP archive of stored files, laid out member by member as Python's `zipfile` does for `np.savez`: dated 1980-01-01,
 * each local header with a ZIP64 field. Of any length and number of members; it keeps what the directory will say, and
 * none of the files.
 */
export class ZipLayout {
  #directory = new Uint8Array(4096);
  #used = 0;
  #offset = 0;
  #count = 0;

  /**
   * One more file of less than 4 GiB.
   * @returns the header that stands before its bytes; both have to follow what came before.
   */
  add(name: string, bytes: Uint8Array, crc = crc32(bytes)): Uint8Array {
    const file = { name: encoder.encode(name), crc, size: bytes.length, offset: this.#offset };
    const header = localHeader(file);
    this.#keep(centralHeader(file));
    this.#offset += header.length + bytes.length;
    this.#count++;
    return header;
  }

  /** What comes after the last file. */
  end(): Uint8Array {
    const directory = this.#directory.subarray(0, this.#used);
    return concatenate([directory, endRecords(this.#count, this.#offset, this.#used)]);
  }

  #keep(entry: Uint8Array): void {
    if (this.#used + entry.length > this.#directory.length) {
      const larger = new Uint8Array(Math.max(2 * this.#directory.length, this.#used + entry.length));
      larger.set(this.#directory);
      this.#directory = larger;
    }
    this.#directory.set(entry, this.#used);
    this.#used += entry.length;
  }
}

/** A whole archive; see `ZipLayout`. */
export function encodeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const layout = new ZipLayout();
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of files) parts.push(layout.add(name, bytes), bytes);
  return concatenate([...parts, layout.end()]);
}

interface StoredFile {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

function localHeader({ name, crc, size }: StoredFile): Uint8Array {
  const header = new Uint8Array(30 + name.length + 20);
  const view = new DataView(header.buffer);
  view.setUint32(0, zipSignature.local, true);
  view.setUint16(4, zipVersion, true);
  describeFile(view, 6, name, crc, size);
  view.setUint16(28, 20, true);
  header.set(name, 30);
  view.setUint16(30 + name.length, 1, true);
  view.setUint16(32 + name.length, 16, true);
  view.setBigUint64(34 + name.length, BigInt(size), true);
  view.setBigUint64(42 + name.length, BigInt(size), true);
  return header;
}

function centralHeader({ name, crc, size, offset }: StoredFile): Uint8Array {
  const isFar = offset > limit.bytes;
  const header = new Uint8Array(46 + name.length + (isFar ? 12 : 0));
  const view = new DataView(header.buffer);
  view.setUint32(0, zipSignature.central, true);
  view.setUint8(4, isFar ? largeVersion : zipVersion);
  view.setUint8(5, 3); // made on Unix
  view.setUint16(6, isFar ? largeVersion : zipVersion, true);
  describeFile(view, 8, name, crc, size);
  view.setUint32(38, 0o600 << 16, true); // rw-------
  view.setUint32(42, isFar ? 0xffffffff : offset, true);
  header.set(name, 46);
  if (isFar) {
    view.setUint16(30, 12, true);
    view.setUint16(46 + name.length, 1, true);
    view.setUint16(48 + name.length, 8, true);
    view.setBigUint64(50 + name.length, BigInt(offset), true);
  }
  return header;
}

/** The part that local and central header share: flags, method 0, time, date, crc, sizes, length of the name. */
function describeFile(view: DataView, at: number, name: Uint8Array, crc: number, size: number): void {
  view.setUint16(at, name.some((byte) => byte > 0x7f) ? utf8Names : 0, true);
  view.setUint16(at + 6, zipDate, true);
  view.setUint32(at + 8, crc, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, size, true);
  view.setUint16(at + 20, name.length, true);
}

function endRecords(count: number, start: number, bytes: number): Uint8Array {
  const isLarge = count > limit.members || start > limit.bytes || bytes > limit.bytes;
  const large = isLarge ? 56 + 20 : 0;
  const record = new Uint8Array(large + 22);
  const view = new DataView(record.buffer);
  if (isLarge) {
    view.setUint32(0, zipSignature.end64, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, largeVersion, true);
    view.setUint16(14, largeVersion, true);
    for (const [i, value] of [count, count, bytes, start].entries()) {
      view.setBigUint64(24 + i * 8, BigInt(value), true);
    }
    view.setUint32(56, zipSignature.locator, true);
    view.setBigUint64(64, BigInt(start + bytes), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(large, zipSignature.end, true);
  view.setUint16(large + 8, Math.min(count, 0xffff), true);
  view.setUint16(large + 10, Math.min(count, 0xffff), true);
  view.setUint32(large + 12, Math.min(bytes, 0xffffffff), true);
  view.setUint32(large + 16, Math.min(start, 0xffffffff), true);
  return record;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
