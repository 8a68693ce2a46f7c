import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { type AnyTypedArray, arrayOver, type Color, type DType, type Image } from "../core/image.js";
import { unpackByLibvips } from "./libvips.js";
import { checkPictureSize } from "./picture-size.js";
import { hostIsLittle, swapBytes, swapRedBlue, wordsOver } from "./sample-order.js";
import { readTiffDirectory, type TiffDirectory } from "./tiff-directory.js";
import type { TiffSource } from "./tiff-source.js";
import { compressions, undoDifferences, undoFloatPredictor, unpackStrip } from "./tiff-strip.js";

/** What the tags of a page say of its picture. */
interface TiffPage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Bits a sample in the file: 1, 2, 4, or those of the dtype. */
  readonly sampleBits: number;
  readonly dtype: DType;
  readonly compression: number;
  readonly predictor: number;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette. */
  readonly photometric: number;
  readonly palette: readonly number[] | undefined;
  /** Each channel in strips of its own. */
  readonly planar: boolean;
  /** Of a strip, or of a tile. */
  readonly block: { readonly width: number; readonly height: number; readonly tiled: boolean };
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
  readonly littleEndian: boolean;
}

/**
 * One page; see `tiff`.
 * @param behind bytes that the picture lies behind where its directory says.
 */
export async function decodeTiff(
  source: TiffSource,
  path: string,
  directoryAt?: number,
  behind = 0,
): Promise<Image> {
  const described = readPage(readTiffDirectory(source, path, directoryAt), source.byteLength, path);
  const page = { ...described, offsets: described.offsets.map((offset) => offset + behind) };
  const { width, height, channels, dtype } = page;
  const { whole } = source;
  const isFirst = directoryAt === undefined && behind === 0;
  const data =
    isFirst && whole && suitsLibvips(page)
      ? await byLibvips(whole, page, path)
      : await ownRead(source, page, path);
  if (page.photometric === 3) return fromPalette(page, data as Uint8Array, path);
  if (page.sampleBits < 8) stretch(data as Uint8Array, page.sampleBits);
  if (page.photometric === 0 && (dtype === "uint8" || dtype === "uint16")) invert(data as Uint8Array, dtype);
  if (page.photometric === 2 && channels >= 3) swapRedBlue(wordsOver(data), channels);
  return { width, height, channels, dtype, color: colorOf(page), data };
}

function colorOf({ channels, photometric }: TiffPage): Color {
  if (channels === 1) return "gray";
  if (photometric === 2 && channels <= 4) return channels === 3 ? "bgr" : "bgra";
  return "none";
}

const dtypeOfSample: { readonly [format: number]: { readonly [bits: number]: DType } } = {
  1: { 1: "uint8", 2: "uint8", 4: "uint8", 8: "uint8", 16: "uint16", 32: "uint32", 64: "uint64" },
  2: { 8: "int8", 16: "int16", 32: "int32", 64: "int64" },
  3: { 16: "float16", 32: "float32", 64: "float64" },
};

function readPage(directory: TiffDirectory, byteLength: number, path: string): TiffPage {
  const one = (tag: number, otherwise: number): number => directory.tag(tag)?.[0] ?? otherwise;
  const [width, height] = [one(256, 0), one(257, 0)];
  const channels = one(277, 1);
  const sampleBits = one(258, 1);
  const format = one(339, 1);
  const dtype = dtypeOfSample[format]?.[sampleBits];
  const compression = one(259, 1);
  const photometric = one(262, 1);
  const predictor = one(317, 1);
  const mixed = directory.tag(258)?.some((bits) => bits !== sampleBits) ?? false;
  const unsupported = (what: string, asked: number | string, known: readonly string[]): UnsupportedError =>
    new UnsupportedError(`TIFF ${what}`, `${asked} in ${path}`, known);
  if (dtype === undefined || mixed || (sampleBits < 8 && channels > 1)) {
    throw unsupported("sample type", `${sampleBits} bit of format ${format}`, [
      "8, 16, 32, 64 bit",
      "1, 2, 4 bit gray",
    ]);
  }
  if (compressions[compression] === undefined) {
    const known = Object.entries(compressions).map(([number, { name }]) => `${number} ${name}`);
    throw unsupported("compression", compression, known);
  }
  if (photometric > 3) throw unsupported("colour", photometric, ["0 and 1 gray", "2 RGB", "3 palette"]);
  if (predictor > 3 || (predictor === 2 && format === 3) || (predictor === 3 && format !== 3)) {
    throw unsupported("predictor", predictor, ["1", "2 for integers", "3 for floats"]);
  }
  if (one(266, 1) !== 1) throw unsupported("bit order", one(266, 1), ["1"]);
  const tiled = directory.tag(322) !== undefined;
  const block = tiled
    ? { width: one(322, 0), height: one(323, 0), tiled }
    : { width, height: Math.min(one(278, height), height), tiled };
  const offsets = directory.tag(tiled ? 324 : 273) ?? [];
  // Some old writers leave the length of a single, uncompressed strip away.
  const byteCounts = directory.tag(tiled ? 325 : 279) ?? offsets.map((offset) => byteLength - offset);
  const planar = one(284, 1) === 2 && channels > 1;
  const claim = Math.ceil((width * channels * sampleBits) / 8) * height;
  checkPictureSize(path, { width, height }, claim, byteLength * compressions[compression].ratio);
  const blocks =
    block.width > 0 && block.height > 0 ? blockCount(width, height, block) * (planar ? channels : 1) : 0;
  if (blocks === 0 || offsets.length < blocks || byteCounts.length < blocks) {
    throw new FileFormatError(
      path,
      `${width}x${height} pixels in ${offsets.length} strips or tiles of ${block.width}x${block.height}`,
    );
  }
  return {
    ...{ width, height, channels, sampleBits, dtype, compression, predictor, photometric, planar, block },
    ...{ offsets, byteCounts, littleEndian: directory.littleEndian, palette: directory.tag(320) },
  };
}

function blockCount(width: number, height: number, block: TiffPage["block"]): number {
  return Math.ceil(width / block.width) * Math.ceil(height / block.height);
}

/** All samples of the page, channels interleaved, in the order of the file; a byte each below 8 bits. */
async function ownRead(source: TiffSource, page: TiffPage, path: string): Promise<AnyTypedArray> {
  const { width, height, channels, dtype, block, planar } = page;
  const sampleBytes = Math.ceil(page.sampleBits / 8);
  const out = new Uint8Array(width * height * channels * sampleBytes);
  const across = Math.ceil(width / block.width);
  const perPlane = across * Math.ceil(height / block.height);
  const planes = planar ? channels : 1;
  // Deflate runs on the thread pool: a few strips at once use all cores within one picture.
  const readBlock = async (index: number): Promise<void> => {
    const inPlane = index % perPlane;
    const left = (inPlane % across) * block.width;
    const top = Math.floor(inPlane / across) * block.height;
    const rows = block.tiled ? block.height : Math.min(block.height, height - top);
    const samples = await blockSamples(source, page, index, rows, path);
    place(samples, { left, top, rows, channel: Math.floor(index / perPlane) }, page, sampleBytes, out);
  };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < perPlane * planes) await readBlock(next++);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return arrayOver(dtype, out.buffer, 0, out.byteLength);
}

async function blockSamples(
  source: TiffSource,
  page: TiffPage,
  index: number,
  rows: number,
  path: string,
): Promise<Uint8Array> {
  const offset = page.offsets[index]!;
  const stop = offset + page.byteCounts[index]!;
  if (stop > source.byteLength) {
    throw new FileFormatError(path, `cut short: strip ${index} ends at byte ${stop} of ${source.byteLength}`);
  }
  const channels = page.planar ? 1 : page.channels;
  const rowSamples = page.block.width * channels;
  const rowBytes = Math.ceil((rowSamples * page.sampleBits) / 8);
  const packed = await source.read(offset, stop);
  const raw = await unpackStrip(
    packed,
    page.compression,
    { needed: rowBytes * rows, full: rowBytes * page.block.height },
    path,
  );
  if (page.sampleBits < 8) return spreadBits(raw, rowBytes, rowSamples, page.sampleBits);
  const sampleBytes = page.sampleBits / 8;
  if (page.predictor === 3) return undoFloatPredictor(raw, rowSamples, sampleBytes, channels);
  if (sampleBytes > 1 && page.littleEndian !== hostIsLittle) swapBytes(raw, sampleBytes);
  if (page.predictor === 2) {
    if (sampleBytes === 8)
      throw new UnsupportedError("TIFF predictor", `2 for 64 bit in ${path}`, ["8 to 32 bit"]);
    undoDifferences(wordsOver(raw, sampleBytes), rowSamples, channels);
  }
  return raw;
}

function place(
  samples: Uint8Array,
  at: { readonly left: number; readonly top: number; readonly rows: number; readonly channel: number },
  { width, height, channels, planar, block }: TiffPage,
  sampleBytes: number,
  out: Uint8Array,
): void {
  const columns = Math.min(block.width, width - at.left);
  const rows = Math.min(at.rows, height - at.top);
  const pixelBytes = channels * sampleBytes;
  const blockPixelBytes = planar ? sampleBytes : pixelBytes;
  for (let y = 0; y < rows; y++) {
    const from = y * block.width * blockPixelBytes;
    let to = ((at.top + y) * width + at.left) * pixelBytes;
    if (!planar) {
      out.set(samples.subarray(from, from + columns * pixelBytes), to);
      continue;
    }
    to += at.channel * sampleBytes;
    for (let x = 0; x < columns; x++, to += pixelBytes) {
      for (let byte = 0; byte < sampleBytes; byte++) out[to + byte] = samples[from + x * sampleBytes + byte]!;
    }
  }
}

function spreadBits(rows: Uint8Array, rowBytes: number, rowSamples: number, bits: number): Uint8Array {
  const height = rows.length / rowBytes;
  const out = new Uint8Array(rowSamples * height);
  const mask = (1 << bits) - 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, bit = 0; x < rowSamples; x++, bit += bits) {
      out[to++] = (rows[y * rowBytes + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return out;
}

/** 1, 2 and 4 bits to the range of a byte. */
function stretch(samples: Uint8Array, bits: number): void {
  const factor = 255 / ((1 << bits) - 1);
  for (let i = 0; i < samples.length; i++) samples[i]! *= factor;
}

function invert(samples: Uint8Array | Uint16Array, dtype: DType): void {
  const white = dtype === "uint8" ? 255 : 65535;
  for (let i = 0; i < samples.length; i++) samples[i] = white - samples[i]!;
}

/** A palette holds 16 bits a colour; as in libtiff, old files that used 8 only are recognised by their values. */
function fromPalette(page: TiffPage, indices: Uint8Array, path: string): Image {
  const { width, height, palette, sampleBits, dtype } = page;
  const entries = 1 << sampleBits;
  if (palette === undefined || palette.length < entries * 3 || dtype !== "uint8" || page.channels !== 1) {
    throw new FileFormatError(path, "a TIFF with a palette that is missing, cut short, or not for bytes");
  }
  const shift = palette.some((value) => value > 255) ? 8 : 0;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const entry = indices[i]!;
    data[to] = palette[entry + 2 * entries]! >> shift;
    data[to + 1] = palette[entry + entries]! >> shift;
    data[to + 2] = palette[entry]! >> shift;
  }
  return { width, height, channels: 3, dtype: "uint8", color: "bgr", data };
}

/**
 * LZW, OpenCV's choice, is the one compression without a thread of its own in Node: libvips unpacks it elsewhere
 * than on the event loop. Only kinds of pictures that it hands out unchanged, though.
 */
function suitsLibvips(page: TiffPage): boolean {
  return (
    compressions[page.compression]?.name === "lzw" &&
    (page.sampleBits === 8 || page.sampleBits === 16) &&
    page.dtype.startsWith("uint") &&
    ((page.channels === 1 && page.photometric === 1) || (page.channels === 3 && page.photometric === 2))
  );
}

async function byLibvips(bytes: Uint8Array, page: TiffPage, path: string): Promise<AnyTypedArray> {
  const wide = page.dtype === "uint16";
  const picture = await unpackByLibvips(bytes, path, { channels: page.channels, wide, orient: false });
  if (picture.width !== page.width || picture.height !== page.height) {
    throw new FileFormatError(
      path,
      `${picture.width}x${picture.height} pixels in a TIFF of ${page.width}x${page.height}`,
    );
  }
  return arrayOver(page.dtype, picture.data.buffer, picture.data.byteOffset, picture.data.byteLength);
}
