import { type FileHandle, open } from "node:fs/promises";

/** What the outer structure of a container file tells before anything in it is parsed. */
export interface FileShape {
  /** Bytes that the file's own headers promise and that are not there; 0 where they promise nothing. */
  readonly missingBytes: number;
  /** An MP4 or MOV without its index: the recording was never finished. */
  readonly lacksIndex: boolean;
}

/** Nothing is known to be amiss. */
export const soundShape: FileShape = { missingBytes: 0, lacksIndex: false };

/**
 * Reads a few headers, no more: the sizes that RIFF (AVI), EBML (Matroska, WebM) and ISO (MP4, MOV) files state of
 * their outermost parts. Whatever else the file is, or whatever is odd about it, nothing is said.
 */
export async function fileShape(path: string): Promise<FileShape> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await readAt(file, 0, 64);
    if (head.length < 16) return soundShape;
    const [start, brand] = [head.toString("latin1", 0, 4), head.toString("latin1", 4, 8)];
    if (start === "RIFF") return { missingBytes: missingOfRiff(head, size), lacksIndex: false };
    if (start === "\x1a\x45\xdf\xa3") return { missingBytes: missingOfEbml(head, size), lacksIndex: false };
    return brand === "ftyp" ? await shapeOfBoxes(file, size) : soundShape;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Some writers count the first eight bytes in, some do not; 0 and the largest number stand for "not known". */
function missingOfRiff(head: Buffer, size: number): number {
  const stated = head.readUInt32LE(4);
  return stated === 0 || stated >= 0xfffffff0 ? 0 : Math.max(0, stated - size);
}

/** The header element, and behind it the segment that holds everything (RFC 8794 §6, RFC 9559 §4.5). */
function missingOfEbml(head: Buffer, size: number): number {
  const header = variableInteger(head, 4);
  if (header === undefined) return 0;
  const segment = header.end + header.value;
  if (segment + 12 > head.length || head.readUInt32BE(segment) !== 0x18538067) return 0;
  const length = variableInteger(head, segment + 4);
  return length === undefined ? 0 : Math.max(0, length.end + length.value - size);
}

/** EBML's integers of one to eight bytes; undefined for "not known", where all bits are ones. */
function variableInteger(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  const length = Math.clz32(bytes[at] ?? 0) - 23;
  if (length > 8 || at + length > bytes.length) return undefined;
  const mask = (1n << BigInt(7 * length)) - 1n;
  const value = BigInt(`0x${bytes.toString("hex", at, at + length)}`) & mask;
  return value === mask ? undefined : { value: Number(value), end: at + length };
}

/** ISO/IEC 14496-12 §4.2: boxes, each with its size (in 32 or 64 bits; 0: to the end of the file) and type. */
async function shapeOfBoxes(file: FileHandle, size: number): Promise<FileShape> {
  let [at, lacksIndex] = [0, true];
  for (let boxes = 0; at + 8 <= size && boxes < mostBoxes; boxes++) {
    const head = await readAt(file, at, 16);
    const type = head.toString("latin1", 4, 8);
    if (!/^[\w ]{4}$/.test(type)) return soundShape;
    if (type === "moov") lacksIndex = false;
    const stated = head.readUInt32BE(0);
    const length = stated === 1 && head.length === 16 ? Number(head.readBigUInt64BE(8)) : stated;
    if (length === 0) return { missingBytes: 0, lacksIndex };
    if (length < 8) return soundShape;
    at += length;
  }
  return at < size ? soundShape : { missingBytes: at - size, lacksIndex };
}

/** A file in fragments has two boxes for each of them; the index is not far from the start then. */
const mostBoxes = 1000;
