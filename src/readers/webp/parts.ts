import { FileFormatError } from "../../core/errors.js";
import type { FilePieces } from "../../images/file-pieces.js";
import { checkPictureSize } from "../../images/picture-size.js";

/** A frame of an animation as the file has it: a picture that is put somewhere on the canvas. */
export interface WebpPart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Milliseconds that it is shown. */
  readonly duration: number;
  /** Its place is cleared before the next frame. */
  readonly isCleared: boolean;
  /** It is laid over what is there, by its alpha; otherwise it replaces it. */
  readonly isBlended: boolean;
  readonly hasAlpha: boolean;
  /** Where the chunks of its picture lie in the file, and their bytes. */
  readonly at: number;
  readonly length: number;
}

export interface WebpParts {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  readonly parts: readonly WebpPart[];
  readonly problem: string | undefined;
}

/** Bytes of a frame before its picture, and of an extended header. */
const [frameHead, extendedHead] = [16, 10];

/** True for an animation: a still WebP is left to others. */
export function isAnimatedWebp(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 16)).toString("latin1");
  return text.startsWith("RIFF") && text.slice(8) === "WEBPVP8X" && ((head[20] ?? 0) & 0x02) !== 0;
}

/**
 * Where the frames of an animated WebP are; pictures are not read.
 * https://developers.google.com/speed/webp/docs/riff_container
 * @throws {FileFormatError} if there is no whole frame in it, or its header makes no sense.
 */
export async function webpParts(file: FilePieces): Promise<WebpParts> {
  const { path, size } = file;
  const head = Buffer.from(await file.readUpTo(0, 20 + extendedHead));
  if (head.length < 20 + extendedHead) throw new FileFormatError(path, "ends within its header");
  const [width, height] = [head.readUIntLE(24, 3) + 1, head.readUIntLE(27, 3) + 1];
  checkPictureSize(path, { width, height }, 0, 0);
  const end = Math.min(size, head.readUInt32LE(4) + 8);
  const parts: WebpPart[] = [];
  let problem = end < head.readUInt32LE(4) + 8 ? "cut short: its header says that it is longer" : undefined;
  for (let at = 12; at + 8 <= end; ) {
    const chunk = Buffer.from(await file.readUpTo(at, 8 + frameHead));
    const length = chunk.readUInt32LE(4);
    if (chunk.toString("latin1", 0, 4) === "ANMF") {
      if (at + 8 + length > end) {
        problem = `cut short within frame ${parts.length}`;
        break;
      }
      const part = await readPart(file, chunk, at + 8, length);
      if (part === undefined || part.left + part.width > width || part.top + part.height > height) {
        throw new FileFormatError(path, `frame ${parts.length} has no picture, or reaches beyond the canvas`);
      }
      parts.push(part);
    }
    at += 8 + length + (length & 1);
  }
  if (parts.length === 0) throw new FileFormatError(path, "there is no whole frame in it");
  return { width, height, hasAlpha: (head[20]! & 0x10) !== 0, parts, problem };
}

async function readPart(
  file: FilePieces,
  chunk: Buffer,
  at: number,
  length: number,
): Promise<WebpPart | undefined> {
  if (length < frameHead + 8 || chunk.length < 8 + frameHead) return undefined;
  const u24 = (place: number): number => chunk.readUIntLE(8 + place, 3);
  const flags = chunk[8 + 15]!;
  const first = Buffer.from(await file.readUpTo(at + frameHead, 13));
  const kind = first.toString("latin1", 0, 4);
  // Of lossless pictures a bit says it, behind 14 bits for each side.
  const hasAlpha = kind === "ALPH" || (kind === "VP8L" && first.length === 13 && (first[12]! & 0x10) !== 0);
  return {
    ...{ left: u24(0) * 2, top: u24(3) * 2, width: u24(6) + 1, height: u24(9) + 1, duration: u24(12) },
    ...{ isCleared: (flags & 1) !== 0, isBlended: (flags & 2) === 0, hasAlpha },
    ...{ at: at + frameHead, length: length - frameHead },
  };
}
