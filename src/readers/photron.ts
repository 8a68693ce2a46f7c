import { readFile, stat } from "node:fs/promises";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, NotFoundError, UnsupportedError } from "../core/errors.js";
import { type AnyTypedArray, arrayOver, type ImageInfo } from "../core/image.js";
import { packedBytes, unpackBits } from "../core/pixels/packed-bits.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { checkPictureSize } from "../images/picture-size.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";
import { isPhotronHeader, type PhotronHeader, readHeader } from "./photron/header.js";

/**
 * Photron's cameras: bare gray samples of 8, 10, 12 or 16 bits in a `.mraw`, what they are in the `.cih` or `.cihx`
 * beside it. Either may be opened. Frames have the numbers that the camera gave them; times are seconds from the first
 * saved frame, at the rate recorded.
 *
 * Layout: as pyMRAW reads it.
 */
export const photron: SourceReader = {
  name: "photron",
  kind: "recording",
  async matches(head, path) {
    if (/\.mraw$/i.test(path)) return (await headerBeside(path)) !== undefined;
    return isPhotronHeader(head);
  },
  open: openPhotron,
};

/** Longest text that is read, in bytes. */
const longestHeader = 2 ** 24;

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
}

/** The text that belongs to a `.mraw`. */
async function headerBeside(path: string): Promise<string | undefined> {
  const stem = path.replace(/\.mraw$/i, "");
  const found = await firstFile([".cihx", ".cih", ".CIHX", ".CIH"].map((extension) => stem + extension));
  if (found === undefined) return undefined;
  const file = await FilePieces.open(found);
  try {
    return isPhotronHeader(await file.readUpTo(0, 4096)) ? found : undefined;
  } finally {
    await file.close();
  }
}

async function openPhotron(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const isSamples = /\.mraw$/i.test(path);
  const headerPath = isSamples ? await headerBeside(path) : path;
  if (headerPath === undefined)
    throw new NotFoundError(path, "there is no .cih or .cihx beside it that says what it is");
  const { size } = await stat(headerPath);
  if (size > longestHeader)
    throw new FileFormatError(headerPath, `${size} bytes of text; at most ${longestHeader} are read`);
  const header = readHeader(await readFile(headerPath, "latin1"), headerPath);
  if (!/^mraw$/i.test(header.format)) {
    const asked = `${header.format} (${headerPath}); open its pictures or video themselves`;
    throw new UnsupportedError("Photron file format", asked, ["MRaw"]);
  }
  const stem = path.replace(/\.[^.]*$/, "");
  const samples = isSamples ? path : await firstFile([".mraw", ".MRAW"].map((extension) => stem + extension));
  if (samples === undefined)
    throw new NotFoundError(`${stem}.mraw`, "the frames of the recording are not there");
  return await FilePieces.with(samples, async (file) => openFrames(file, path, headerPath, header, options));
}

function openFrames(
  file: FilePieces,
  path: string,
  headerPath: string,
  header: PhotronHeader,
  options: SourceReaderOptions,
): RankedSource {
  const pixels = pixelsOf(header, headerPath);
  const count = Math.floor(file.size / pixels.bytes);
  if (count === 0) throw new FileFormatError(file.path, "there is no whole frame in it");
  const problems: string[] = [];
  if (header.frames !== count) problems.push(`its header counts ${header.frames} frames, ${count} are there`);
  const rest = file.size - count * pixels.bytes;
  if (rest > 0) problems.push(`its last ${rest} bytes are no whole frame`);
  const { first, skip } = header;
  const fps = (header.rate > 0 ? header.rate : (options.fps ?? 25)) / skip;
  if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
  return new RankedSource({
    ...{ what: "Photron recording", path, info: pixels.info, duration: 1 / fps },
    index: new ColumnIndex({
      numbers: Float64Array.from({ length: count }, (_, rank) => first + rank * skip),
      times: Float64Array.from({ length: count }, (_, rank) => rank / fps),
    }),
    problems: problems.map((message) => ({ path: file.path, message })),
    read: async (rank) => ({
      ...pixels.info,
      data: pixels.decode(await file.read(rank * pixels.bytes, pixels.bytes)),
    }),
    describe: () => ({
      ...{
        kind: "recording",
        format: "photron",
        path,
        header: headerPath,
        rate: header.rate,
        storedBits: header.bits,
      },
      ...(header.camera !== undefined && { camera: header.camera }),
      ...(header.date !== undefined && { date: header.date }),
    }),
    close: () => file.close(),
  });
}

interface Pixels {
  readonly info: ImageInfo;
  /** Bytes of a frame. */
  readonly bytes: number;
  decode(stored: Uint8Array<ArrayBuffer>): AnyTypedArray;
}

function pixelsOf(header: PhotronHeader, path: string): Pixels {
  const { width, height, bits, effectiveBits, effectiveSide } = header;
  if (!Number.isInteger(width) || !Number.isInteger(height)) {
    throw new FileFormatError(path, `pictures of ${width}x${height} pixels`);
  }
  checkPictureSize(path, { width, height }, 0, 0);
  const count = width * height;
  const shape = { width, height, channels: 1, color: "gray" } as const;
  if (bits === 8) return { info: { ...shape, dtype: "uint8" }, bytes: count, decode: (stored) => stored };
  if (bits === 10 || bits === 12) {
    const info: ImageInfo = { ...shape, dtype: "uint16", bits };
    return { info, bytes: packedBytes(count, bits), decode: (stored) => unpackBits(stored, count, bits) };
  }
  if (bits !== 16) {
    throw new UnsupportedError("Photron pixel", `${bits} bits in ${path}`, ["8, 10, 12 or 16 bits of gray"]);
  }
  const used = effectiveBits > 8 && effectiveBits < 16 ? effectiveBits : undefined;
  return {
    info: { ...shape, dtype: "uint16", ...(used && { bits: used }) },
    bytes: count * 2,
    decode(stored) {
      if (!hostIsLittle) swapBytes(stored, 2);
      const samples = arrayOver("uint16", stored.buffer, 0, stored.length) as Uint16Array;
      if (used && effectiveSide === "higher")
        for (let i = 0; i < count; i++) samples[i] = samples[i]! >> (16 - used);
      return samples;
    },
  };
}
