import { UnsupportedError } from "../core/errors.js";
import { type DType, describeImage, dtypeBytes, type Image, type ImageInfo } from "../core/image.js";
import type { ImageCodec } from "./image-codec.js";
import { packDifferences } from "./pack-differences.js";
import { bytesInOrder, hostIsLittle, isPicture, wordsOver } from "./sample-order.js";
import { decodeTiff } from "./tiff-decode.js";
import { isTiff, tiffPages } from "./tiff-directory.js";
import { tiffInMemory } from "./tiff-source.js";
import { takeDifferences } from "./tiff-strip.js";

/**
 * TIFF 6.0, one picture. Written as strips: integers as differences along the row, deflated (smaller and faster than
 * OpenCV's LZW, and read by everything that reads TIFF), floats uncompressed as OpenCV does. Read:
 * strips and tiles, interleaved or planar, uncompressed, LZW, deflate and PackBits, predictors 2 and 3, both byte
 * orders, BigTIFF, palettes, 1 to 64 bit. Other channels than gray and RGB(A) come out as `none`. Not read: JPEG and
 * fax compression, 12-bit samples, CMYK and YCbCr. The orientation tag is not applied.
 */
export const tiff: ImageCodec = {
  name: "tif",
  extensions: ["tif", "tiff"],
  matches: isTiff,
  accepts,
  encode: encodeTiff,
  decode: decodeOnly,
};

/** A picture is one page: of a stack, all the others would be lost without a word. */
async function decodeOnly(bytes: Uint8Array, path: string): Promise<Image> {
  const { pages } = tiffPages(tiffInMemory(bytes), path);
  if (pages.length > 1) {
    throw new UnsupportedError("TIFF picture", `${pages.length} pages in ${path}`, [
      "one page; a stack is opened by its own path",
    ]);
  }
  return decodeTiff(tiffInMemory(bytes), path);
}

/** TIFF's number of the sample format: 1 unsigned, 2 signed, 3 float. */
export const sampleFormats: { readonly [D in DType]?: 1 | 2 | 3 } = {
  uint8: 1,
  uint16: 1,
  uint32: 1,
  int8: 2,
  int16: 2,
  int32: 2,
  float32: 3,
  float64: 3,
};

/** A classic TIFF counts its bytes in 32 bits. */
const mostBytes = 2 ** 32 - 2 ** 20;

function accepts(info: ImageInfo): boolean {
  const bytes = info.width * info.height * info.channels * dtypeBytes(info.dtype);
  return sampleFormats[info.dtype] !== undefined && isPicture(info) && bytes < mostBytes;
}

/** Strips are packed at the same time, so that one picture uses all cores; smaller ones would pack worse. */
const stripBytes = 2 ** 19;

async function encodeTiff(image: Image): Promise<Uint8Array> {
  if (!accepts(image))
    throw new UnsupportedError("tif picture", describeImage(image), [
      `gray, bgr, bgra of ${Object.keys(sampleFormats).join(", ")}`,
    ]);
  const { width, height, channels, dtype } = image;
  const rowBytes = width * channels * dtypeBytes(dtype);
  const packs = sampleFormats[dtype] !== 3;
  const rows = bytesInOrder(image, { color: "rgb", littleEndian: hostIsLittle });
  const samples = packs ? differencesOf(rows, image) : rows;
  const stripRows = Math.min(height, Math.max(1, Math.floor(stripBytes / rowBytes)));
  const strips = Array.from({ length: Math.ceil(height / stripRows) }, (_, i) =>
    samples.subarray(i * stripRows * rowBytes, (i + 1) * stripRows * rowBytes),
  );
  const packed = packs ? await Promise.all(strips.map(packDifferences)) : strips;
  return assemble(image, packed, stripRows, packs);
}

export function differencesOf(rows: Uint8Array, { width, channels, dtype }: Image): Uint8Array {
  const words = wordsOver(rows, dtypeBytes(dtype));
  const out = takeDifferences(words, width * channels, channels);
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

/** Header, directory, strips; all in the machine's byte order, which TIFF allows. */
function assemble(
  image: Image,
  strips: readonly Uint8Array[],
  stripRows: number,
  packed: boolean,
): Uint8Array {
  const { width, height, channels, dtype } = image;
  const bits = dtypeBytes(dtype) * 8;
  const each = (value: number): number[] => new Array(channels).fill(value);
  const lengths = strips.map(({ length }) => length);
  const fields: [tag: number, type: "short" | "long", values: number[]][] = [
    [256, "long", [width]],
    [257, "long", [height]],
    [258, "short", each(bits)],
    [259, "short", [packed ? 8 : 1]],
    [262, "short", [channels === 1 ? 1 : 2]],
    [273, "long", lengths],
    [277, "short", [channels]],
    [278, "long", [stripRows]],
    [279, "long", lengths],
    [284, "short", [1]],
    ...(packed ? [[317, "short", [2]] as [number, "short", number[]]] : []),
    // "Unspecified": told that it is transparency, OpenCV would multiply the colours by it.
    ...(channels === 4 ? [[338, "short", [0]] as [number, "short", number[]]] : []),
    [339, "short", each(sampleFormats[dtype]!)],
  ];
  const directoryBytes = 2 + fields.length * 12 + 4;
  const extraBytes = fields.reduce((sum, [, type, { length }]) => {
    const size = length * (type === "short" ? 2 : 4);
    return sum + (size > 4 ? size + (size & 2) : 0);
  }, 0);
  const start = 8 + directoryBytes + extraBytes;
  const head = new DataView(new ArrayBuffer(start));
  head.setUint16(0, hostIsLittle ? 0x4949 : 0x4d4d);
  head.setUint16(2, 42, hostIsLittle);
  head.setUint32(4, 8, hostIsLittle);
  head.setUint16(8, fields.length, hostIsLittle);
  let extra = 8 + directoryBytes;
  for (const [i, [tag, type, values]] of fields.entries()) {
    const at = 10 + i * 12;
    const size = type === "short" ? 2 : 4;
    const listed = tag === 273 ? offsetsOf(lengths, start) : values;
    head.setUint16(at, tag, hostIsLittle);
    head.setUint16(at + 2, type === "short" ? 3 : 4, hostIsLittle);
    head.setUint32(at + 4, listed.length, hostIsLittle);
    let to = at + 8;
    if (listed.length * size > 4) {
      head.setUint32(to, extra, hostIsLittle);
      to = extra;
      extra += listed.length * size + ((listed.length * size) & 2);
    }
    for (const [j, value] of listed.entries()) {
      if (size === 2) head.setUint16(to + j * 2, value, hostIsLittle);
      else head.setUint32(to + j * 4, value, hostIsLittle);
    }
  }
  return Buffer.concat([new Uint8Array(head.buffer), ...strips]);
}

function offsetsOf(lengths: readonly number[], start: number): number[] {
  let at = start;
  return lengths.map((length) => {
    const offset = at;
    at += length;
    return offset;
  });
}
