/** A file stored in a ZIP archive, without compression. */
export interface StoredFile {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export const signature = {
  ...{ local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 },
  ...{ end64: 0x06064b50, locator64: 0x07064b50 },
};
/** Bytes of the record at the end. */
export const endBytes = 22;

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
  view.setUint32(0, signature.local, true);
  view.setUint16(4, size >= elsewhere ? zip64Version : zipVersion, true);
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
  const large = [...(size >= elsewhere ? [size, size] : []), ...(offset >= elsewhere ? [offset] : [])];
  const extra = large.length === 0 ? 0 : 4 + large.length * 8;
  const header = new Uint8Array(46 + name.length + extra);
  const view = new DataView(header.buffer);
  const version = extra > 0 ? zip64Version : zipVersion;
  view.setUint32(0, signature.central, true);
  view.setUint8(4, version);
  view.setUint8(5, 3); // made on Unix
  view.setUint16(6, version, true);
  describeFile(view, 8, name, crc, size);
  view.setUint16(30, extra, true);
  view.setUint32(38, 0o600 << 16, true); // rw-------
  view.setUint32(42, Math.min(offset, elsewhere), true);
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
  view.setUint32(at + 12, Math.min(size, elsewhere), true);
  view.setUint32(at + 16, Math.min(size, elsewhere), true);
  view.setUint16(at + 20, name.length, true);
}

/** What ends an archive: how many files there are, where their table begins, and its bytes. */
export function endRecord(count: number, start: number, bytes: number): Uint8Array {
  const isLarge = start >= elsewhere || bytes >= elsewhere || count >= 0xffff;
  const before = isLarge ? 76 : 0;
  const record = new Uint8Array(before + endBytes);
  const view = new DataView(record.buffer);
  if (isLarge) {
    view.setUint32(0, signature.end64, true);
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
    view.setUint32(56, signature.locator64, true);
    view.setBigUint64(64, BigInt(start + bytes), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(before, signature.end, true);
  view.setUint16(before + 8, Math.min(count, 0xffff), true);
  view.setUint16(before + 10, Math.min(count, 0xffff), true);
  view.setUint32(before + 12, Math.min(bytes, elsewhere), true);
  view.setUint32(before + 16, Math.min(start, elsewhere), true);
  return record;
}
