import { FileFormatError } from "../core/errors.js";
import type { TiffSource } from "./tiff-source.js";

/** One page of a TIFF file: its tags, by number, as they stand there. */
export interface TiffDirectory {
  readonly littleEndian: boolean;
  /** Numbers of a tag; undefined if it is not there, or is no list of whole numbers. */
  tag(number: number): readonly number[] | undefined;
  /** Text of a tag, up to its first zero; undefined if it is not there, or is none. */
  text(number: number): string | undefined;
  /** Where the next page's directory is; 0 after the last. */
  readonly next: number;
}

/** Bytes of a value by field type; whole numbers only. */
const wholeTypes: { readonly [type: number]: 1 | 2 | 4 | 8 } = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };

/** TIFF's number for text, and most characters that are read of one. */
const [asciiType, longestText] = [2, 2 ** 16];
/** Of one tag: a picture in so many strips or tiles would be no use. */
const mostValues = 2 ** 24;

export function isTiff(head: Uint8Array): boolean {
  const order = (head[0] ?? 0) * 256 + (head[1] ?? 0);
  const version = order === 0x4949 ? head[2]! + head[3]! * 256 : head[2]! * 256 + head[3]!;
  return (order === 0x4949 || order === 0x4d4d) && (version === 42 || version === 43);
}

/**
 * Reads one directory of a TIFF or BigTIFF file.
 * @param at where it is; absent: the first.
 * @throws {FileFormatError} if the file is no TIFF, or ends before or within the directory.
 */
export function readTiffDirectory(source: TiffSource, path: string, at?: number): TiffDirectory {
  const { byteLength } = source;
  const head = source.slice(0, Math.min(16, byteLength));
  if (!isTiff(head)) throw new FileFormatError(path, "not a TIFF file");
  const littleEndian = head[0] === 0x49;
  const big = (littleEndian ? head[2] : head[3]) === 43;
  const read = (offset: number, size: 1 | 2 | 4 | 8): number => {
    if (!(offset + size <= byteLength)) {
      throw new FileFormatError(path, `cut short: a TIFF directory lies at byte ${offset} of ${byteLength}`);
    }
    const bytes = source.slice(offset, offset + size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    if (size === 1) return view.getUint8(0);
    if (size === 2) return view.getUint16(0, littleEndian);
    return size === 4 ? view.getUint32(0, littleEndian) : Number(view.getBigUint64(0, littleEndian));
  };
  const word = big ? 8 : 4;
  const start = at ?? read(big ? 8 : 4, word);
  const entries = read(start, big ? 8 : 2);
  const first = start + (big ? 8 : 2);
  const entryBytes = big ? 20 : 12;
  const next = read(first + entries * entryBytes, word);
  const places = new Map<number, number>();
  for (let i = 0; i < entries; i++) places.set(read(first + i * entryBytes, 2), first + i * entryBytes);
  const tag = (number: number): number[] | undefined => {
    const entry = places.get(number);
    const size = entry === undefined ? undefined : wholeTypes[read(entry + 2, 2)];
    if (entry === undefined || size === undefined) return undefined;
    const count = read(entry + 4, word);
    const inline = entry + 4 + word;
    const from = count * size <= word ? inline : read(inline, word);
    if (count > mostValues) throw new FileFormatError(path, `damaged: ${count} values in TIFF tag ${number}`);
    if (from + count * size > byteLength) {
      throw new FileFormatError(path, `cut short: TIFF tag ${number} ends at byte ${from + count * size}`);
    }
    return Array.from({ length: count }, (_, i) => read(from + i * size, size));
  };
  const text = (number: number): string | undefined => {
    const entry = places.get(number);
    if (entry === undefined || read(entry + 2, 2) !== asciiType) return undefined;
    const count = Math.min(read(entry + 4, word), longestText);
    const from = count <= word ? entry + 4 + word : read(entry + 4 + word, word);
    const bytes = from + count > byteLength ? new Uint8Array(0) : source.slice(from, from + count);
    return new TextDecoder("latin1").decode(bytes).split("\0", 1)[0];
  };
  return { littleEndian, tag, text, next };
}

/** Where the pictures of a TIFF file are. */
export interface TiffPages {
  /** The place of each page's directory, undefined for the first: what `readTiffDirectory` takes. */
  readonly pages: readonly (number | undefined)[];
  /** Why there are no more, if the chain of pages breaks off. */
  readonly damage?: string;
}

/** Number of the tag that says what a page is: bit 0 a preview of another page, bit 2 a mask for it. */
const newSubfileType = 254;
const [isPreview, isMask] = [1, 4];

/**
 * The pages of a TIFF file that are pictures of their own, in the order of the file.
 * @throws {FileFormatError} if there is not even a first page.
 */
export function tiffPages(source: TiffSource, path: string): TiffPages {
  const pages: (number | undefined)[] = [undefined];
  const seen = new Set<number>();
  let { next } = readTiffDirectory(source, path);
  while (next !== 0) {
    if (seen.has(next)) return { pages, damage: `the directory at byte ${next} comes twice` };
    seen.add(next);
    try {
      const directory = readTiffDirectory(source, path, next);
      const kind = directory.tag(newSubfileType)?.[0] ?? 0;
      if ((kind & (isPreview | isMask)) === 0) pages.push(next);
      next = directory.next;
    } catch (error) {
      return { pages, damage: (error as FileFormatError).found };
    }
  }
  return { pages };
}
