import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { type AnyTypedArray, arrayOver, type BayerPattern, type ImageInfo } from "../core/image.js";
import { uyyvyy, yuv422 } from "../core/pixels/yuv-planes.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { checkPictureSize } from "../images/picture-size.js";
import { hostIsLittle, swapBytes, swapRedBlue } from "../images/sample-order.js";

/**
 * Fly Movie Format (`.fmf`) versions 1 and 3: uncompressed frames, each behind its time stamp (Unix seconds). Colour
 * comes out as BGR, mosaics as they are.
 *
 * Layout: motmot's "FlyMovieFormat file specification".
 */
export const fmf: SourceReader = {
  name: "fmf",
  kind: "recording",
  matches: (head) => readHeader(head) !== undefined,
  open: (path) => FilePieces.with(path, openFmf),
};

interface FmfHeader {
  readonly version: 1 | 3;
  readonly format: string;
  readonly bitsPerPixel: number;
  readonly rows: number;
  /** Pixels; bytes in files of some writers. */
  readonly columns: number;
  /** Bytes of a time stamp and its frame. */
  readonly chunk: number;
  /** 0 where the writer was stopped before it knew. */
  readonly frames: number;
  /** Bytes of the header. */
  readonly end: number;
}

/** Undefined if the bytes are none: the format has no signature, so its sizes must fit each other. */
function readHeader(head: Uint8Array): FmfHeader | undefined {
  if (head.length < 28) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(0, true);
  if (version !== 1 && version !== 3) return undefined;
  let [at, format, bitsPerPixel] = [4, "MONO8", 8];
  if (version === 3) {
    const length = view.getUint32(4, true);
    if (length === 0 || length > 64 || head.length < 36 + length) return undefined;
    format = new TextDecoder("latin1").decode(head.subarray(8, 8 + length));
    if (!/^[A-Z0-9]+[a-z]?(:[A-Za-z0-9]*)?$/.test(format)) return undefined;
    bitsPerPixel = view.getUint32(8 + length, true);
    at = 12 + length;
  }
  const [rows, columns] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
  const chunk = Number(view.getBigUint64(at + 8, true));
  const frames = Number(view.getBigUint64(at + 16, true));
  const header: FmfHeader = { version, format, bitsPerPixel, rows, columns, chunk, frames, end: at + 24 };
  return rows > 0 && columns > 0 && widthOf(header) !== undefined ? header : undefined;
}

/** Pixels in a row: the chunk's size says whether `columns` counts pixels or bytes. */
function widthOf({ rows, columns, chunk, bitsPerPixel }: FmfHeader): number | undefined {
  if (chunk === 8 + (rows * columns * bitsPerPixel) / 8) return columns;
  if (chunk === 8 + rows * columns && Number.isInteger((columns * 8) / bitsPerPixel))
    return (columns * 8) / bitsPerPixel;
  return undefined;
}

async function openFmf(file: FilePieces): Promise<RankedSource> {
  const { path, size } = file;
  const header = readHeader(await file.readUpTo(0, 128));
  if (header === undefined)
    throw new FileFormatError(path, "not an fmf file, or its header contradicts itself");
  const { version, format, chunk, frames, end } = header;
  const width = widthOf(header)!;
  checkPictureSize(path, { width, height: header.rows }, 0, 0);
  const pixels = pixelsOf(header, width, path);
  const count = Math.floor((size - end) / chunk);
  if (count <= 0) throw new FileFormatError(path, "there is no whole frame in it");
  const problems: string[] = [];
  if (frames !== 0 && frames !== count)
    problems.push(`its header counts ${frames} frames, ${count} are there`);
  const rest = size - end - count * chunk;
  if (rest > 0) problems.push(`cut short: its last ${rest} bytes are no whole frame`);
  const times = new Float64Array(count);
  const place = (rank: number): number => end + rank * chunk;
  await file.readEach(count, 8, place, (rank, view) => {
    times[rank] = view.getFloat64(0, true);
  });
  return new RankedSource({
    ...{ what: "fmf recording", path, info: pixels.info, index: new ColumnIndex({ times }) },
    problems: problems.map((message) => ({ path, message })),
    read: async (rank) => ({
      ...pixels.info,
      data: pixels.decode(await file.read(place(rank) + 8, chunk - 8)),
    }),
    describe: () => ({ kind: "recording", format: "fmf", path, version, coding: format }),
    close: () => file.close(),
  });
}

interface Pixels {
  readonly info: ImageInfo;
  decode(bytes: Uint8Array<ArrayBuffer>): AnyTypedArray;
}

const patterns: { readonly [name: string]: BayerPattern } = {
  ...{ RGGB: "bayer-rg", GRBG: "bayer-gr", GBRG: "bayer-gb", BGGR: "bayer-bg" },
};

/** By the name of the coding; a mosaic's pattern stands behind a colon. */
function pixelsOf({ format, rows, bitsPerPixel }: FmfHeader, width: number, path: string): Pixels {
  const [coding = "", pattern = ""] = format.split(":");
  const shape = { width, height: rows };
  const color = patterns[pattern.toUpperCase()] ?? "gray";
  const plain = (info: ImageInfo, bits: number, isRgb = false): Pixels | undefined =>
    bitsPerPixel === bits
      ? {
          info,
          decode(bytes) {
            const sampleBytes = bits / 8 / info.channels;
            if (!hostIsLittle) swapBytes(bytes, sampleBytes);
            const data = arrayOver(info.dtype, bytes.buffer, 0, bytes.length);
            if (isRgb) swapRedBlue(data as Uint8Array, 3);
            return data;
          },
        }
      : undefined;
  const bgr = { ...shape, channels: 3, color: "bgr" } as const;
  const yuv = (channels: 1 | 2, decoder: typeof uyyvyy): Pixels | undefined => {
    const bits = channels === 1 ? 12 : 16;
    const coded = { width: channels === 1 ? (width * 3) / 2 : width, height: rows, channels } as const;
    const stored: ImageInfo = { ...coded, dtype: "uint8", color: "none" };
    const info = decoder.decodedInfo(stored);
    if (info === undefined || bitsPerPixel !== bits) return undefined;
    return { info, decode: (data) => decoder.decode({ ...stored, data }).data };
  };
  const codings: { readonly [coding: string]: () => Pixels | undefined } = {
    MONO8: () => plain({ ...shape, channels: 1, dtype: "uint8", color }, 8),
    RAW8: () => plain({ ...shape, channels: 1, dtype: "uint8", color }, 8),
    MONO16: () => plain({ ...shape, channels: 1, dtype: "uint16", color }, 16),
    RAW16: () => plain({ ...shape, channels: 1, dtype: "uint16", color }, 16),
    MONO32f: () => plain({ ...shape, channels: 1, dtype: "float32", color: "gray" }, 32),
    RAW32f: () => plain({ ...shape, channels: 1, dtype: "float32", color: "gray" }, 32),
    RGB8: () => plain({ ...bgr, dtype: "uint8" }, 24, true),
    RGB32f: () => plain({ ...bgr, dtype: "float32" }, 96, true),
    // IIDC cameras send chroma first.
    YUV422: () => yuv(2, yuv422({ y: 1, u: 0, v: 2 })),
    YUV411: () => yuv(1, uyyvyy),
  };
  const found = Object.hasOwn(codings, coding) ? codings[coding]!() : undefined;
  if (found) return found;
  const asked = `${format} with ${bitsPerPixel} bits a pixel in ${path}`;
  throw new UnsupportedError("fmf coding", asked, Object.keys(codings));
}
