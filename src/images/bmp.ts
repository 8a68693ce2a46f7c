import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { ImageCodec } from "./image-codec.js";
import { checkPictureSize } from "./picture-size.js";
import { bytesInOrder, isPicture } from "./sample-order.js";

/**
 * Windows bitmap. Written as OpenCV does: gray with a palette of 256 grays, colour with 24 bit, alpha with 32 bit and
 * masks; bottom-up. Read without compression, at 1, 4, 8, 16, 24 and 32 bits a pixel; as in OpenCV, a palette of
 * grays makes a gray picture, and the fourth byte is alpha only where the file has masks.
 */
export const bmp: ImageCodec = {
  name: "bmp",
  extensions: ["bmp"],
  matches: (head) => head[0] === 0x42 && head[1] === 0x4d,
  accepts,
  encode: async (image) => encodeBmp(image),
  decode: async (bytes, path) => decodeBmp(bytes, path),
};

function accepts(info: ImageInfo): boolean {
  return info.dtype === "uint8" && isPicture(info) && info.width < 2 ** 28 && info.height < 2 ** 28;
}

const noCompression = 0;
const bitFields = 3;

function strideOf(width: number, pixelBits: number): number {
  return Math.ceil((width * pixelBits) / 32) * 4;
}

function encodeBmp(image: Image): Uint8Array {
  if (!accepts(image))
    throw new UnsupportedError("bmp picture", describeImage(image), ["uint8 gray, bgr, bgra"]);
  const { width, height, channels } = image;
  const stride = strideOf(width, channels * 8);
  const headerBytes = channels === 4 ? 108 : 40;
  const paletteBytes = channels === 1 ? 1024 : 0;
  const start = 14 + headerBytes + paletteBytes;
  const file = Buffer.alloc(start + stride * height);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(headerBytes, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(channels * 8, 28);
  file.writeUInt32LE(channels === 4 ? bitFields : noCompression, 30);
  if (channels === 4) {
    for (const [i, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries()) {
      file.writeUInt32LE(mask, 54 + i * 4);
    }
    file.write("BGRs", 70, "latin1"); // little-endian "sRGB": no profile
  }
  for (let i = 0; i < paletteBytes / 4; i++) file.fill(i, 54 + i * 4, 57 + i * 4);
  const rows = bytesInOrder(image, { color: "bgr", littleEndian: true });
  const rowBytes = width * channels;
  for (let y = 0; y < height; y++) {
    file.set(rows.subarray(y * rowBytes, (y + 1) * rowBytes), start + (height - 1 - y) * stride);
  }
  return file;
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly pixelBits: number;
  /** Byte at which the pixels start. */
  readonly start: number;
  /** 256 entries of B, G, R, unused; empty without a palette. */
  readonly palette: Uint8Array;
  /** Which bits of a pixel are red, green, blue and alpha; for 16 and 32 bits a pixel. */
  readonly masks: readonly number[];
}

function decodeBmp(bytes: Uint8Array, path: string): Image {
  const header = readHeader(bytes, path);
  const { width, height, pixelBits, topDown } = header;
  const stride = strideOf(width, pixelBits);
  checkPictureSize(path, header, stride * height, Math.max(0, bytes.length - header.start));
  const gray = pixelBits <= 8 && isGrayPalette(header.palette);
  const alpha = pixelBits === 32 && header.masks[3] !== 0;
  const channels = gray ? 1 : alpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const readRow = rowReader(header, channels);
  for (let y = 0; y < height; y++) {
    const from = header.start + (topDown ? y : height - 1 - y) * stride;
    readRow(
      bytes.subarray(from, from + stride),
      data.subarray(y * width * channels, (y + 1) * width * channels),
    );
  }
  return { width, height, channels, dtype: "uint8", color: gray ? "gray" : alpha ? "bgra" : "bgr", data };
}

function readHeader(bytes: Uint8Array, path: string): BmpHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!bmp.matches(bytes)) throw new FileFormatError(path, "not a BMP file");
  const headerBytes = file.length < 18 ? 0 : file.readUInt32LE(14);
  const old = headerBytes === 12; // OS/2
  if ((!old && headerBytes < 40) || file.length < 14 + headerBytes) {
    throw new FileFormatError(path, "cut short or damaged: no whole BMP header");
  }
  const width = old ? file.readUInt16LE(18) : file.readInt32LE(18);
  const height = old ? file.readUInt16LE(20) : file.readInt32LE(22);
  const pixelBits = file.readUInt16LE(old ? 24 : 28);
  const compression = old ? noCompression : file.readUInt32LE(30);
  const known = [1, 4, 8, 16, 24, 32].includes(pixelBits);
  const masked = compression === bitFields && (pixelBits === 16 || pixelBits === 32);
  if (!known) throw new FileFormatError(path, `a BMP of ${pixelBits} bits a pixel`);
  if (compression !== noCompression && !masked) {
    throw new UnsupportedError("bmp compression", `${compression} in ${path}`, ["0 (none)", "3 (masks)"]);
  }
  const used = old ? 0 : file.readUInt32LE(46);
  return {
    width,
    height: Math.abs(height),
    topDown: height < 0,
    pixelBits,
    start: file.readUInt32LE(10),
    palette:
      pixelBits <= 8 ? readPalette(file, 14 + headerBytes, old ? 3 : 4, used || 1 << pixelBits) : noPalette,
    masks: masked ? readMasks(file, headerBytes) : pixelBits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : plainMasks,
  };
}

const noPalette = new Uint8Array(0);
const plainMasks = [0xff0000, 0xff00, 0xff, 0];

function readPalette(file: Buffer, at: number, entryBytes: number, entries: number): Uint8Array {
  const palette = new Uint8Array(1024);
  for (let i = 0; i < Math.min(entries, 256); i++) {
    palette.set(file.subarray(at + i * entryBytes, at + i * entryBytes + 3), i * 4);
  }
  return palette;
}

/** The masks lie behind the first 40 bytes of the header, whether they count as part of it or not. */
function readMasks(file: Buffer, headerBytes: number): number[] {
  return [0, 1, 2, 3].map((i) =>
    (i < 3 || headerBytes >= 56) && 58 + i * 4 <= file.length ? file.readUInt32LE(54 + i * 4) : 0,
  );
}

function isGrayPalette(palette: Uint8Array): boolean {
  for (let i = 0; i < palette.length; i += 4) {
    if (palette[i] !== palette[i + 1] || palette[i] !== palette[i + 2]) return false;
  }
  return true;
}

type RowReader = (row: Uint8Array, out: Uint8Array) => void;

function rowReader({ pixelBits, palette, masks }: BmpHeader, channels: number): RowReader {
  if (pixelBits === 24) return (row, out) => out.set(row.subarray(0, out.length));
  if (pixelBits === 8 && channels === 1) {
    const grays = Uint8Array.from({ length: 256 }, (_, entry) => palette[entry * 4]!);
    return (row, out) => {
      for (let i = 0; i < out.length; i++) out[i] = grays[row[i]!]!;
    };
  }
  if (pixelBits <= 8) {
    const mask = (1 << pixelBits) - 1;
    return (row, out) => {
      for (let to = 0, bit = 0; to < out.length; bit += pixelBits) {
        const entry = ((row[bit >> 3]! >> (8 - pixelBits - (bit & 7))) & mask) * 4;
        for (let channel = 0; channel < channels; channel++) out[to++] = palette[entry + channel]!;
      }
    };
  }
  const [red, green, blue, alpha] = masks.map((mask) => channelReader(mask));
  const readers = [blue!, green!, red!, alpha!].slice(0, channels);
  const pixelBytes = pixelBits / 8;
  return (row, out) => {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    for (let to = 0, from = 0; to < out.length; from += pixelBytes) {
      const pixel = pixelBytes === 2 ? view.getUint16(from, true) : view.getUint32(from, true);
      for (const read of readers) out[to++] = read(pixel);
    }
  };
}

/** The masked bits as the high bits of a byte, as OpenCV reads them. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const top = 31 - Math.clz32(mask);
  return top >= 7
    ? (pixel) => ((pixel & mask) >>> (top - 7)) & 255
    : (pixel) => ((pixel & mask) << (7 - top)) & 255;
}
