import { inflateSync } from "fflate";
import { crc32 } from "./crc32.js";
import { FileFormatError, UnsupportedError } from "./errors.js";

/** One file of a ZIP archive, as the central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packedBytes: number;
  /** Bytes when unpacked. */
  readonly bytes: number;
  /** Where its local header starts. */
  readonly offset: number;
}

/** Bytes that can be had piece by piece: a file, or an array that is in memory. */
export interface ByteSource {
  readonly byteLength: number;
  /** The bytes [start, stop), all of which are there; they may share memory with the source. */
  slice(start: number, stop: number): Uint8Array;
}

/** A CRC-32, as an unsigned number; a platform may have a faster one than `core/crc32.ts`. */
export type Checksum = (bytes: Uint8Array) => number;

/** How members of an archive are unpacked. */
export interface UnpackOptions {
  /** A faster CRC-32, where there is one. */
  readonly checksum?: Checksum;
  /** Bytes of a member that may be unpacked; a longer one is refused. @default any number */
  readonly longest?: number;
}

/** Bytes that are in memory; slices share it. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { byteLength: bytes.length, slice: (start, stop) => bytes.subarray(start, stop) };
}

export const zipSignature = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
} as const;
const endBytes = 22;
/** Of the header of a member, at least. */
const localBytes = 30;
const longestComment = 0xffff;
/** Longest table of contents that is read, in bytes: 100,000 members or more. */
const longestDirectory = 2 ** 24;
/** Deflate cannot do better than this, so a greater size is a lie. */
const greatestRatio = 1032;

/**
 * Reads the table of contents of a ZIP archive, ZIP64 included.
 * Sizes come from the central directory alone: local headers may leave them out.
 * @throws {FileFormatError} if it is no ZIP archive, or its directory is damaged.
 */
export function readZipDirectory(archive: ByteSource, path: string): ZipEntry[] {
  const { start, end, count } = findZipDirectory(archive, path);
  if (end - start > longestDirectory) {
    throw new FileFormatError(
      path,
      `its zip directory has ${end - start} bytes; at most ${longestDirectory} are read`,
    );
  }
  const directory = archive.slice(start, end);
  const view = viewOf(directory);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const found = zipEntryAt(view, at);
    if (found === undefined) {
      throw new FileFormatError(
        path,
        `damaged zip directory: entry ${i} of ${count} is missing or cut short`,
      );
    }
    entries.push(found.entry);
    at = found.next;
  }
  needOwnPlaces(entries, start, path);
  return entries;
}

const nameDecoder = new TextDecoder();

/**
 * The entry of the directory that begins at `at`, and where the next one does.
 * @returns undefined if none begins there, or it does not end within `view`.
 */
export function zipEntryAt(
  view: DataView,
  at: number,
): { readonly entry: ZipEntry; readonly next: number } | undefined {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== zipSignature.central) return undefined;
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
  if (next > view.byteLength) return undefined;
  const name = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes);
  const entry = {
    name: nameDecoder.decode(name),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    ...largeSizes(view, at, at + 46 + nameBytes, extraBytes),
  };
  return { entry, next };
}

/** Members that share their bytes make a small archive unpack to anything. */
function needOwnPlaces(entries: readonly ZipEntry[], end: number, path: string): void {
  let free = 0;
  for (const { name, offset, packedBytes } of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (offset < free) throw new FileFormatError(path, `damaged zip: ${name} and another member overlap`);
    free = offset + localBytes + packedBytes;
  }
  if (free > end) throw new FileFormatError(path, "damaged zip: its members overlap its directory");
}

/**
 * Where the directory starts, where it ends at the latest, and how many entries it has. Looks at the last 64 KiB, and
 * where these send it to.
 * @throws {FileFormatError} if there is none, or it is not where it could be.
 */
export function findZipDirectory(
  archive: ByteSource,
  path: string,
): { start: number; end: number; count: number } {
  const { byteLength } = archive;
  // Most archives have no comment; its length says how far from the end the record is.
  for (const room of [endBytes, endBytes + longestComment]) {
    const lowest = Math.max(0, byteLength - room);
    const view = viewOf(archive.slice(lowest, byteLength));
    for (let at = view.byteLength - endBytes; at >= 0; at--) {
      if (view.getUint32(at, true) !== zipSignature.end) continue;
      const count = view.getUint16(at + 10, true);
      const start = view.getUint32(at + 16, true);
      const end = lowest + at;
      const plain = start === 0xffffffff ? undefined : { count, start };
      const isLarge = count === 0xffff || plain === undefined;
      const found = isLarge ? (largeDirectory(archive, end) ?? plain) : plain;
      if (found === undefined) throw new FileFormatError(path, "damaged zip: its ZIP64 record is missing");
      if (!(found.start <= end)) {
        throw new FileFormatError(path, "damaged zip: its directory is not where it should be");
      }
      return { ...found, end };
    }
  }
  throw new FileFormatError(path, byteLength === 0 ? "is empty" : "not a zip archive, or cut short");
}

/** ZIP64: a locator of 20 bytes stands before the end record and says where the larger record is. */
function largeDirectory(archive: ByteSource, end: number): { start: number; count: number } | undefined {
  if (end < 20) return undefined;
  const locator = viewOf(archive.slice(end - 20, end));
  if (locator.getUint32(0, true) !== zipSignature.locator) return undefined;
  const record = Number(locator.getBigUint64(8, true));
  if (record + 56 > archive.byteLength) return undefined;
  const view = viewOf(archive.slice(record, record + 56));
  if (view.getUint32(0, true) !== zipSignature.end64) return undefined;
  return { count: Number(view.getBigUint64(32, true)), start: Number(view.getBigUint64(48, true)) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sizes and offset of a central entry; those of 0xffffffff stand in the ZIP64 extra field, in that order. */
function largeSizes(
  view: DataView,
  at: number,
  extraStart: number,
  extraBytes: number,
): Pick<ZipEntry, "bytes" | "packedBytes" | "offset"> {
  const found = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  let field = extraStart;
  const end = extraStart + extraBytes;
  while (field + 4 <= end && view.getUint16(field, true) !== 1) field += 4 + view.getUint16(field + 2, true);
  let value = field + 4;
  for (const [i, size] of found.entries()) {
    if (size !== 0xffffffff || value + 8 > end) continue;
    found[i] = Number(view.getBigUint64(value, true));
    value += 8;
  }
  const [bytes, packedBytes, offset] = found as [number, number, number];
  return { bytes, packedBytes, offset };
}

/**
 * The unpacked bytes of one entry; stored ones share memory with `archive`.
 * @throws {FileFormatError} if the archive ends before them, they are not what the directory promises, or more than `longest`.
 * @throws {UnsupportedError} if they are packed by anything but deflate.
 */
export function extractZipEntry(
  archive: ByteSource,
  entry: ZipEntry,
  path: string,
  { checksum = crc32, longest = Number.POSITIVE_INFINITY }: UnpackOptions = {},
): Uint8Array {
  const where = `${path} (${entry.name})`;
  const { offset } = entry;
  if (entry.bytes > longest) {
    throw new FileFormatError(where, `would unpack to ${entry.bytes} bytes; at most ${longest} are read`);
  }
  const header = offset + 30 > archive.byteLength ? undefined : viewOf(archive.slice(offset, offset + 30));
  if (header?.getUint32(0, true) !== zipSignature.local) {
    throw new FileFormatError(where, "damaged zip: its local header is missing");
  }
  const nameEnd = offset + 30 + header.getUint16(26, true);
  const start = nameEnd + header.getUint16(28, true);
  if (start + entry.packedBytes > archive.byteLength) {
    throw new FileFormatError(where, `cut short: ${entry.packedBytes} bytes expected at ${start}`);
  }
  const localName = new TextDecoder().decode(archive.slice(offset + 30, nameEnd));
  if (localName !== entry.name) {
    throw new FileFormatError(where, `damaged zip: its own header calls it ${localName}`);
  }
  const unpacked = unpack(archive.slice(start, start + entry.packedBytes), entry, where);
  if (unpacked.length !== entry.bytes || checksum(unpacked) !== entry.crc) {
    throw new FileFormatError(where, "damaged: its checksum does not match");
  }
  return unpacked;
}

function unpack(packed: Uint8Array, entry: ZipEntry, where: string): Uint8Array {
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new UnsupportedError("zip compression in", where, ["stored", "deflated"]);
  if (entry.bytes > packed.length * greatestRatio) {
    throw new FileFormatError(where, `damaged: ${packed.length} bytes cannot unpack to ${entry.bytes}`);
  }
  try {
    return inflateSync(packed, { out: new Uint8Array(entry.bytes) });
  } catch (cause) {
    throw new FileFormatError(where, "damaged: cannot be inflated", { cause });
  }
}
