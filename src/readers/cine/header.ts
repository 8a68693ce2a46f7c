import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import type { FilePieces } from "../../images/file-pieces.js";
import { checkPictureSize } from "../../images/picture-size.js";

/** What the headers of a cine say: the file's own, the bitmap's and the camera's settings. */
export interface CineHeader {
  /** 0: gray or colour; 2: a sensor's raw samples. */
  readonly compression: number;
  /** Number of the first image, counted from the trigger. */
  readonly firstNumber: number;
  readonly imageCount: number;
  readonly settingsAt: number;
  readonly settingsBytes: number;
  readonly offsetsAt: number;
  /** Unix seconds. */
  readonly triggerTime: number;
  readonly width: number;
  readonly height: number;
  readonly bitCount: number;
  /** Packed without gaps: 10 or 12 bits a sample; otherwise undefined. */
  readonly packedBits: 10 | 12 | undefined;
  readonly imageBytes: number;
  /** Images a second. */
  readonly rate: number;
  readonly realBits: number;
  readonly flipVertically: boolean;
  /** Colour filter array: 0 none, 3 gb/rg, 4 rg/gb. */
  readonly filter: number;
  readonly serial: number;
}

const headerBytes = 44;

/** True for a cine, by its first bytes. */
export function isCine(head: Uint8Array): boolean {
  if (head.length < headerBytes) return false;
  return head[0] === 0x43 && head[1] === 0x49 && head[2] === headerBytes && head[3] === 0;
}

/** Where the settings keep what is read of them, and how many bytes they must have for it. */
const setting = { mark: 140, length: 142, serial: 743, flip: 760, rate: 768, filter: 808, realBits: 896 };
const fewestSettings = 812;

/**
 * Reads the headers (Vision Research, "Cine File Format").
 * @throws {FileFormatError} if they are cut short or make no sense; {UnsupportedError} if such images are not read here.
 */
export async function readHeader(file: FilePieces): Promise<CineHeader> {
  const { path } = file;
  const head = await file.view(0, headerBytes);
  if (!isCine(new Uint8Array(head.buffer))) throw new FileFormatError(path, "not a cine");
  const u32 = (at: number): number => head.getUint32(at, true);
  const [bitmapAt, settingsAt, offsetsAt] = [u32(24), u32(28), u32(32)];
  const bitmap = await file.view(bitmapAt, 40);
  const [width, height] = [bitmap.getInt32(4, true), Math.abs(bitmap.getInt32(8, true))];
  checkPictureSize(path, { width, height }, 0, 0);
  const start = await file.view(settingsAt, 144);
  const settingsBytes = start.getUint16(setting.length, true);
  if (start.getUint16(setting.mark, true) !== 0x5453 || settingsBytes < fewestSettings) {
    throw new FileFormatError(path, "the settings of the camera are not where its header says");
  }
  const settings = await file.view(settingsAt, settingsBytes);
  const at = (place: number): number => (place + 4 <= settingsBytes ? settings.getUint32(place, true) : 0);
  return {
    ...{ compression: head.getUint16(4, true), settingsAt, settingsBytes, offsetsAt, width, height },
    ...{ firstNumber: head.getInt32(16, true), imageCount: u32(20), triggerTime: time64(head, 36) },
    ...{ bitCount: bitmap.getUint16(14, true), imageBytes: bitmap.getUint32(20, true) },
    packedBits: packedBitsOf(bitmap.getUint32(16, true), path),
    ...{ rate: at(setting.rate), realBits: at(setting.realBits), serial: at(setting.serial) },
    ...{ flipVertically: at(setting.flip) !== 0, filter: at(setting.filter) & 0xffffff },
  };
}

function packedBitsOf(compression: number, path: string): 10 | 12 | undefined {
  if (compression === 0) return undefined;
  if (compression === 256) return 10;
  if (compression === 1024) return 12;
  throw new UnsupportedError("packing of a cine", `${compression} in ${path}`, [
    "none",
    "10 bits",
    "12 bits linear",
  ]);
}

/** Unix seconds: fractions of 2^32 in the lower half, whose last two bits are signals, seconds in the upper. */
export function time64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) + ((view.getUint32(at, true) & ~3) >>> 0) / 2 ** 32;
}

/** What the blocks behind the settings tell of each image. */
export interface CineTimes {
  /** Unix seconds; shorter than the images are many if the block is. */
  readonly times: Float64Array | undefined;
  /** Seconds of exposure of the first image. */
  readonly exposure: number | undefined;
}

const [timesBlock, exposuresBlock] = [1002, 1003];

/** Reads the tagged blocks, of which each has its length (u32), type and a word that says whether another follows. */
export async function readTimes(file: FilePieces, header: CineHeader): Promise<CineTimes> {
  let [times, exposure]: [Float64Array | undefined, number | undefined] = [undefined, undefined];
  const end = Math.min(header.offsetsAt, file.size);
  let at = header.settingsAt + header.settingsBytes;
  while (at + 8 <= end) {
    const block = await file.view(at, 8);
    const [length, type] = [block.getUint32(0, true), block.getUint16(4, true)];
    if (length < 8 || at + length > end) break;
    if (type === timesBlock) {
      const count = Math.min(header.imageCount, Math.floor((length - 8) / 8));
      const view = await file.view(at + 8, count * 8);
      times = Float64Array.from({ length: count }, (_, i) => time64(view, i * 8));
    } else if (type === exposuresBlock && length >= 12) {
      exposure = (await file.view(at + 8, 4)).getUint32(0, true) / 2 ** 32;
    }
    at += length;
  }
  return { times, exposure };
}
