import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import type { BayerPattern } from "../../core/image.js";
import { checkPictureSize } from "../../images/picture-size.js";

/** Bytes of the header; frames of compressed files, and of raw ones before version 5, start behind it. */
export const headerBytes = 1024;

/** What the first 1024 bytes of a NorPix sequence say. */
export interface NorpixHeader {
  /** 3: StreamPix 4 and before, 4: StreamPix 5, 5: StreamPix 6 and later. */
  readonly version: number;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Bits of storage a pixel, and how many of them carry meaning. */
  readonly bitDepth: number;
  readonly bitDepthReal: number;
  /** Bytes of one picture before any compression. */
  readonly imageBytes: number;
  /** NorPix's number for the layout of a pixel. */
  readonly imageFormat: number;
  /** 0: raw. */
  readonly compression: number;
  /** Frames that the recorder counted; 0 or too few after a crash. */
  readonly allocatedFrames: number;
  /** Bytes from one raw picture to the next. */
  readonly stride: number;
  /** Frames a second that were asked for. */
  readonly frameRate: number;
  readonly bayer: BayerPattern;
  /** Microseconds that are added to every time stamp. */
  readonly timeOffset: number;
  /** Bytes before the first frame that StreamPix 5.16 to 5.18 could add. */
  readonly fileMetadataBytes: number;
  /** Slot of the frame recorded first, where the recorder went round and round. */
  readonly oldestFrame: number;
  /** Where an index of compressed frames begins, behind the last of them; 0 if there is none. */
  readonly indexOffset: number;
}

const magic = 0xfeed;

/** True for a NorPix header; also for one of zeros, which a recorder leaves that never came to write it. */
export function isNorpix(head: Uint8Array, path: string): boolean {
  if (head.length < 32) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) === magic) return true;
  return /\.seq$/i.test(path) && head.every((byte) => byte === 0);
}

/**
 * Reads the header (NorPix's own layout, little-endian, packed).
 * @throws {FileFormatError} if it is empty, cut short, or makes no sense.
 * @throws {UnsupportedError} if its version is not known.
 */
export function readHeader(bytes: Uint8Array, path: string): NorpixHeader {
  if (bytes.length < headerBytes) {
    throw new FileFormatError(path, `cut short: the header of a NorPix sequence has ${headerBytes} bytes`);
  }
  if (bytes.every((byte) => byte === 0)) {
    throw new FileFormatError(path, "an empty header: the recorder was stopped before it wrote one");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw new FileFormatError(path, "not a NorPix sequence");
  const u32 = (at: number): number => view.getUint32(at, true);
  const version = view.getInt32(28, true);
  if (version < 3 || version > 5) {
    throw new UnsupportedError("NorPix version", `${version} in ${path}`, ["3", "4", "5"]);
  }
  const [width, height] = [u32(548), u32(552)];
  checkPictureSize(path, { width, height }, 0, 0);
  const metadata = u32(644);
  return {
    version,
    description: textOf(bytes, view.getInt32(592, true)),
    ...{ width, height, bitDepth: u32(556), bitDepthReal: u32(560) },
    ...{ imageBytes: u32(564), imageFormat: u32(568), stride: u32(580) },
    allocatedFrames: u32(572),
    frameRate: view.getFloat64(584, true),
    bayer: bayerPatterns[u32(608)] ?? "bayer-gb",
    timeOffset: view.getInt32(612, true),
    // In version 3 these bytes mean nothing.
    compression: version >= 4 ? u32(620) : 0,
    fileMetadataBytes: version === 4 && metadata < 2 ** 31 ? metadata : 0,
    oldestFrame: u32(656),
    indexOffset: version >= 4 ? Number(view.getBigInt64(648, true)) : 0,
  };
}

/** By NorPix's number for what stands in the first pixel and the one beside it. */
const bayerPatterns: readonly BayerPattern[] = ["bayer-gb", "bayer-gr", "bayer-bg", "bayer-rg"];

/** Format 0 is UTF-16, 1 is ANSI, 2 any bytes. */
function textOf(bytes: Uint8Array, format: number): string {
  const field = bytes.subarray(36, 548);
  const text = new TextDecoder(format === 0 ? "utf-16le" : "latin1").decode(field);
  const [line = ""] = text.split("\0", 1);
  return format === 2 ? "" : line.trim();
}
