import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { type AnyTypedArray, arrayOver, type BayerPattern, type ImageInfo } from "../core/image.js";
import { packedBytes, unpackBits } from "../core/pixels/packed-bits.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";
import { type CineHeader, isCine, readHeader, readTimes } from "./cine/header.js";

/**
 * Vision Research's Phantom cameras (`.cine`): uncompressed gray, colour (as BGR) and raw mosaics of 8 to 16 bits,
 * samples packed in 10 or 12 bits. Numbers are the camera's, 0 at the trigger; times are those that the camera took of
 * each image (Unix seconds), or where it kept none, counted from the trigger at the rate. Packed samples of 10 bits are
 * given as they are: the camera has companded them, and nothing undoes that.
 *
 * Layout: Vision Research, "Cine File Format".
 */
export const cine: SourceReader = {
  name: "cine",
  kind: "recording",
  matches: isCine,
  open: (path) => FilePieces.with(path, openCine),
};

async function openCine(file: FilePieces): Promise<RankedSource> {
  const { path } = file;
  const header = await readHeader(file);
  const pixels = pixelsOf(header, path);
  const problems: string[] = [];
  const offsets = await readOffsets(file, header, pixels.bytes, problems);
  const count = offsets.length;
  const { firstNumber, rate, triggerTime } = header;
  const { times, exposure } = await readTimes(file, header);
  if (times && times.length < count)
    problems.push(`the camera's times are there for ${times.length} images only`);
  const counted = (rank: number): number =>
    rate > 0 ? triggerTime + (firstNumber + rank) / rate : Number.NaN;
  return new RankedSource({
    ...{ what: "cine", path, info: pixels.info },
    index: new ColumnIndex({
      numbers: Float64Array.from({ length: count }, (_, rank) => firstNumber + rank),
      times: Float64Array.from({ length: count }, (_, rank) => times?.[rank] ?? counted(rank)),
    }),
    problems: problems.map((message) => ({ path, message })),
    read: async (rank) => ({
      ...pixels.info,
      data: pixels.decode(await readPixels(file, offsets[rank]!, pixels.bytes)),
    }),
    describe: () => ({
      ...{ kind: "recording", format: "cine", path, rate, triggerTime, serial: header.serial },
      ...(exposure !== undefined && { exposure }),
      ...(header.packedBits && { packedBits: header.packedBits }),
      times: times ? "of each image" : "counted from the trigger",
    }),
    close: () => file.close(),
  });
}

/** Where the images are. Those at the end of the list that end behind the file were never saved, or are cut off. */
async function readOffsets(
  file: FilePieces,
  header: CineHeader,
  bytes: number,
  problems: string[],
): Promise<number[]> {
  const { imageCount, offsetsAt } = header;
  const room = Math.max(0, Math.floor((file.size - offsetsAt) / 8));
  const listed = Math.min(imageCount, room);
  const view = await file.view(Math.min(offsetsAt, file.size), listed * 8);
  const offsets = Array.from({ length: listed }, (_, i) => Number(view.getBigUint64(i * 8, true)));
  const count = offsets.findLastIndex((offset) => offset >= offsetsAt && offset + 8 + bytes <= file.size) + 1;
  if (count === 0) throw new FileFormatError(file.path, "there is no image in it: cut short, or never saved");
  if (count < imageCount)
    problems.push(`cut short: its header counts ${imageCount} images, ${count} are there`);
  return offsets.slice(0, count);
}

/** An image stands behind its annotation: u32 (bytes of both lengths and the annotation), the annotation, u32 (bytes). */
async function readPixels(file: FilePieces, offset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const annotation = (await file.view(offset, 4)).getUint32(0, true);
  if (annotation < 8) throw new FileFormatError(file.path, `no image at byte ${offset}`);
  const length = (await file.view(offset + annotation - 4, 4)).getUint32(0, true);
  if (length < bytes)
    throw new FileFormatError(file.path, `an image of ${length} bytes, ${bytes} are needed`);
  return await file.read(offset + annotation, bytes);
}

interface Pixels {
  readonly info: ImageInfo;
  /** Bytes of an image. */
  readonly bytes: number;
  decode(stored: Uint8Array<ArrayBuffer>): AnyTypedArray;
}

const kindsOfPixels = ["gray, colour and raw of 8 or 16 bits a sample", "packed gray and raw of 10 or 12"];

/** Images are stored from the bottom row to the top one, packed ones from the top to the bottom. */
function pixelsOf(header: CineHeader, path: string): Pixels {
  const { width, height, bitCount, packedBits, realBits, flipVertically, imageBytes } = header;
  const color = colorOf(header, path);
  if (packedBits !== undefined) {
    if (color === "bgr") throw unsupported(`packed colour in ${path}`);
    const count = width * height;
    const info: ImageInfo = { width, height, channels: 1, dtype: "uint16", color, bits: packedBits };
    const decode = (stored: Uint8Array): Uint16Array => {
      const samples = unpackBits(stored, count, packedBits);
      return flipVertically ? turned(samples, width, height, width) : samples;
    };
    return { info, bytes: packedBytes(count, packedBits), decode };
  }
  const channels = color === "bgr" ? 3 : 1;
  const wide = bitCount === 16 || bitCount === 48;
  if (bitCount !== 8 * channels && bitCount !== 16 * channels)
    throw unsupported(`${bitCount} bits a pixel in ${path}`);
  const dtype = wide ? "uint16" : "uint8";
  const row = width * channels;
  // As bitmaps have it, rows may be padded to 4 bytes: the size of an image tells.
  const rowBytes = row * (wide ? 2 : 1);
  const padded = Math.ceil(rowBytes / 4) * 4;
  const stride = imageBytes === padded * height ? padded : rowBytes;
  const used = wide && realBits > 8 && realBits < 16 ? { bits: realBits } : {};
  return {
    info: { width, height, channels, dtype, color, ...used },
    bytes: stride * height,
    decode(stored) {
      if (wide && !hostIsLittle) swapBytes(stored, 2);
      const samples = arrayOver(dtype, stored.buffer, 0, stored.length) as Uint16Array;
      const step = stride / samples.BYTES_PER_ELEMENT;
      if (!flipVertically) return turned(samples, row, height, step);
      return step === row ? samples : packRows(samples, row, height, step);
    },
  };
}

function unsupported(found: string): UnsupportedError {
  return new UnsupportedError("images of a cine", found, kindsOfPixels);
}

const mosaics: { readonly [filter: number]: BayerPattern } = { 3: "bayer-gb", 4: "bayer-rg" };

function colorOf({ compression, filter, bitCount }: CineHeader, path: string): "gray" | "bgr" | BayerPattern {
  if (compression === 0) return bitCount === 24 || bitCount === 48 ? "bgr" : "gray";
  if (compression !== 2) throw unsupported(`compressed by JPEG (LEADTOOLS) in ${path}`);
  if (filter === 0) return "gray";
  const pattern = mosaics[filter];
  if (pattern === undefined) throw unsupported(`a colour filter of kind ${filter} in ${path}`);
  return pattern;
}

/** The rows from the last to the first. */
function turned<T extends Uint8Array | Uint16Array>(
  samples: T,
  row: number,
  height: number,
  step: number,
): T {
  const out = new (samples.constructor as new (length: number) => T)(row * height);
  for (let y = 0; y < height; y++) {
    const from = (height - 1 - y) * step;
    out.set(samples.subarray(from, from + row) as never, y * row);
  }
  return out;
}

/** Without what pads them. */
function packRows<T extends Uint8Array | Uint16Array>(
  samples: T,
  row: number,
  height: number,
  step: number,
): T {
  for (let y = 1; y < height; y++) samples.copyWithin(y * row, y * step, y * step + row);
  return samples.slice(0, row * height) as T;
}
