import { zipSignature } from "./zip.js";

/** A file stored in a ZIP archive, without compression. */
export interface StoredFile {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** Beyond these Python's `zipfile` writes ZIP64, although the fields could hold twice as much. */
const limit = { bytes: 2 ** 31 - 1, members: 0xffff };
/** What stands in a field of 32 bits whose value stands in a ZIP64 field. */
const elsewhere = 0xffffffff;

/** 2.0, and 4.5 where a ZIP64 field is needed. */
const [zipVersion, zip64Version] = [20, 45];
/** 1980-01-01, the first day that ZIP knows. */
const zipDate = 0x0021;
const utf8Names = 0x0800;

/** What stands before a file's bytes, laid out as Python's `zipfile` does for `np.savez`: with a ZIP64 field always. */
export function localHeader({ name, crc, size }: StoredFile): Uint8Array {
  const header = new Uint8Array(30 + name.length + 20);
  const view = new DataView(header.buffer);
  view.setUint32(0, zipSignature.local, true);
  view.setUint16(4, size > limit.bytes ? zip64Version : zipVersion, true);
  describeFile(view, 6, name, crc, size);
  view.setUint16(28, 20, true);
  header.set(name, 30);
  view.setUint16(30 + name.length, 1, true);
  view.setUint16(32 + name.length, 16, true);
  view.setBigUint64(34 + name.length, BigInt(size), true);
  view.setBigUint64(42 + name.length, BigInt(size), true);
  return header;
}

/** A file's entry in the table of contents. */
export function centralHeader({ name, crc, size, offset }: StoredFile): Uint8Array {
  const large = [...(size > limit.bytes ? [size, size] : []), ...(offset > limit.bytes ? [offset] : [])];
  const extra = large.length === 0 ? 0 : 4 + large.length * 8;
  const header = new Uint8Array(46 + name.length + extra);
  const view = new DataView(header.buffer);
  const version = extra > 0 ? zip64Version : zipVersion;
  view.setUint32(0, zipSignature.central, true);
  view.setUint8(4, version);
  view.setUint8(5, 3); // made on Unix
  view.setUint16(6, version, true);
  describeFile(view, 8, name, crc, size);
  view.setUint16(30, extra, true);
  view.setUint32(38, 0o600 << 16, true); // rw-------
  view.setUint32(42, offset > limit.bytes ? elsewhere : offset, true);
  header.set(name, 46);
  if (extra > 0) {
    const at = 46 + name.length;
    view.setUint16(at, 1, true);
    view.setUint16(at + 2, large.length * 8, true);
    for (const [i, value] of large.entries()) view.setBigUint64(at + 4 + i * 8, BigInt(value), true);
  }
  return header;
}

/** The part that local and central header share: flags, method 0, time, date, crc, sizes, length of the name. */
function describeFile(view: DataView, at: number, name: Uint8Array, crc: number, size: number): void {
  view.setUint16(at, name.some((byte) => byte > 0x7f) ? utf8Names : 0, true);
  view.setUint16(at + 6, zipDate, true);
  view.setUint32(at + 8, crc, true);
  const field = size > limit.bytes ? elsewhere : size;
  view.setUint32(at + 12, field, true);
  view.setUint32(at + 16, field, true);
  view.setUint16(at + 20, name.length, true);
}

/** What ends an archive: how many files there are, where their table begins, and its bytes. */
export function endRecords(count: number, start: number, bytes: number): Uint8Array {
  const isLarge = count > limit.members || start > limit.bytes || bytes > limit.bytes;
  const before = isLarge ? 56 + 20 : 0;
  const record = new Uint8Array(before + 22);
  const view = new DataView(record.buffer);
  if (isLarge) {
    view.setUint32(0, zipSignature.end64, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, zip64Version, true);
    view.setUint16(14, zip64Version, true);
    for (const [at, value] of [
      [24, count],
      [32, count],
      [40, bytes],
      [48, start],
    ] as const) {
      view.setBigUint64(at, BigInt(value), true);
    }
    view.setUint32(56, zipSignature.locator, true);
    view.setBigUint64(64, BigInt(start + bytes), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(before, zipSignature.end, true);
  view.setUint16(before + 8, Math.min(count, 0xffff), true);
  view.setUint16(before + 10, Math.min(count, 0xffff), true);
  view.setUint32(before + 12, Math.min(bytes, elsewhere), true);
  view.setUint32(before + 16, Math.min(start, elsewhere), true);
  return record;
}
