import { promisify } from "node:util";
import { crc32, inflate as inflateCallback } from "node:zlib";
import { FileFormatError } from "../core/errors.js";
import type { Color, Image } from "../core/image.js";
import { checkPictureSize, deflateRatio } from "./picture-size.js";
import { unfilter } from "./png-filter.js";
import { hostIsLittle, swapBytes, swapRedBlue } from "./sample-order.js";

const inflate = promisify<Uint8Array, object, Buffer>(inflateCallback);

export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export function isPng(head: Uint8Array): boolean {
  return pngSignature.every((byte, i) => head[i] === byte);
}

interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA. */
  readonly kind: number;
  readonly interlaced: boolean;
}

interface PngFile extends PngHeader {
  readonly packed: Uint8Array;
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
}

const depthsOfKind: { readonly [kind: number]: readonly number[] } = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
const samplesOfKind: { readonly [kind: number]: number } = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** See `png`. */
export async function decodePng(bytes: Uint8Array, path: string): Promise<Image> {
  const file = readChunks(bytes, path);
  const passes = passesOf(file);
  const claim = passes.reduce((sum, pass) => sum + (pass.rowBytes + 1) * pass.height, 0);
  checkPictureSize(path, file, claim, file.packed.length * deflateRatio);
  const filtered = await inflate(file.packed, { chunkSize: claim + 64, maxOutputLength: claim + 64 }).catch(
    (cause) => {
      throw new FileFormatError(path, `damaged PNG data: ${cause.message}`, { cause });
    },
  );
  if (filtered.length < claim) {
    throw new FileFormatError(path, `PNG data ends after ${filtered.length} of ${claim} bytes`);
  }
  const samples = samplesOf(file, passes, filtered, path);
  return toImage(file, samples, path);
}

function readChunks(bytes: Uint8Array, path: string): PngFile {
  if (!isPng(bytes)) throw new FileFormatError(path, "not a PNG file");
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  const packed: Uint8Array[] = [];
  for (let at = pngSignature.length; ; ) {
    const length = at + 12 <= file.length ? file.readUInt32BE(at) : 0;
    if (at + 12 + length > file.length) {
      throw new FileFormatError(path, `cut short: ends at byte ${file.length}, within or before a PNG chunk`);
    }
    const type = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].includes(type)) {
      if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) {
        throw new FileFormatError(path, `damaged PNG chunk ${type} at byte ${at} (wrong checksum)`);
      }
      if (type === "IEND") break;
      if (type === "IDAT") packed.push(body);
      else found.set(type, body);
    }
    at += 12 + length;
  }
  const header = readHeader(found.get("IHDR"), path);
  return {
    ...header,
    packed: packed.length === 1 ? packed[0]! : Buffer.concat(packed),
    palette: found.get("PLTE"),
    transparency: found.get("tRNS"),
  };
}

function readHeader(body: Uint8Array | undefined, path: string): PngHeader {
  if (body?.length !== 13) throw new FileFormatError(path, "no PNG header chunk");
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [depth, kind, compression, filter, interlace] = body.subarray(8);
  const known =
    depthsOfKind[kind!]?.includes(depth!) && compression === 0 && filter === 0 && (interlace ?? 2) < 2;
  if (!known) {
    throw new FileFormatError(path, `PNG header of no known kind (colour type ${kind}, ${depth} bit)`);
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: depth!,
    kind: kind!,
    interlaced: interlace === 1,
  };
}

interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
  readonly rowBytes: number;
}

/** The picture as it is, or the seven sparse pictures of Adam7. */
function passesOf(header: PngHeader): Pass[] {
  const grid = header.interlaced
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]];
  const bits = header.depth * samplesOfKind[header.kind]!;
  return grid
    .map(([left, top, stepX, stepY]) => {
      const width = Math.ceil((header.width - left!) / stepX!);
      const height = Math.ceil((header.height - top!) / stepY!);
      const rowBytes = Math.ceil((width * bits) / 8);
      return { left: left!, top: top!, stepX: stepX!, stepY: stepY!, width, height, rowBytes };
    })
    .filter(({ width, height }) => width > 0 && height > 0);
}

/** All samples, unfiltered and de-interlaced: a byte each up to 8 bits, else two, big-endian. */
function samplesOf(file: PngFile, passes: readonly Pass[], filtered: Uint8Array, path: string): Uint8Array {
  const pixelBits = file.depth * samplesOfKind[file.kind]!;
  const bpp = Math.max(1, pixelBits / 8);
  let start = 0;
  let out: Uint8Array | undefined;
  for (const pass of passes) {
    const length = (pass.rowBytes + 1) * pass.height;
    const rows = unfilter(filtered.subarray(start, start + length), pass.rowBytes, pass.height, bpp);
    if (rows === undefined) throw new FileFormatError(path, "damaged PNG data: unknown row filter");
    start += length;
    const samples = file.depth < 8 ? unpackBits(rows, pass, file.depth) : rows;
    if (!file.interlaced) return samples;
    out ??= new Uint8Array(file.width * file.height * bpp);
    scatter(samples, pass, out, file.width, bpp);
  }
  return out!;
}

function unpackBits(rows: Uint8Array, pass: Pass, depth: number): Uint8Array {
  const out = new Uint8Array(pass.width * pass.height);
  const mask = (1 << depth) - 1;
  for (let y = 0, to = 0; y < pass.height; y++) {
    for (let x = 0; x < pass.width; x++, to++) {
      const bit = x * depth;
      out[to] = (rows[y * pass.rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return out;
}

function scatter(samples: Uint8Array, pass: Pass, out: Uint8Array, width: number, bpp: number): void {
  for (let y = 0, from = 0; y < pass.height; y++) {
    for (let x = 0; x < pass.width; x++) {
      const to = ((pass.top + y * pass.stepY) * width + pass.left + x * pass.stepX) * bpp;
      for (let byte = 0; byte < bpp; byte++) out[to + byte] = samples[from++]!;
    }
  }
}

function toImage(file: PngFile, samples: Uint8Array, path: string): Image {
  const { width, height, depth, kind } = file;
  if (depth === 16) swapBytes(samples, hostIsLittle ? 2 : 1);
  const data = depth === 16 ? new Uint16Array(samples.buffer) : samples;
  const picture = (color: Color, pixels: Uint8Array | Uint16Array): Image => ({
    width,
    height,
    channels: color === "gray" ? 1 : color === "bgr" ? 3 : 4,
    dtype: depth === 16 ? "uint16" : "uint8",
    color,
    data: pixels,
  });
  if (kind === 0) {
    if (depth < 8) {
      const scale = 255 / ((1 << depth) - 1);
      for (let i = 0; i < data.length; i++) data[i]! *= scale;
    }
    return picture("gray", data);
  }
  if (kind === 3) return picture(...expandPalette(file, samples, path));
  if (kind === 4) return picture("bgra", spreadGrayAlpha(data));
  if (kind === 2 && file.transparency) return picture("bgra", keyOutColor(file, data, path));
  swapRedBlue(data, kind === 2 ? 3 : 4);
  return picture(kind === 2 ? "bgr" : "bgra", data);
}

function expandPalette(file: PngFile, indices: Uint8Array, path: string): ["bgr" | "bgra", Uint8Array] {
  const { palette, transparency } = file;
  if (palette === undefined) throw new FileFormatError(path, "PNG with a palette, but without PLTE chunk");
  const entries = Math.floor(palette.length / 3);
  const channels = transparency ? 4 : 3;
  const out = new Uint8Array(indices.length * channels);
  for (let i = 0, to = 0; i < indices.length; i++, to += channels) {
    const entry = indices[i]!;
    if (entry >= entries) {
      throw new FileFormatError(path, `pixel ${i} has palette entry ${entry}, but there are ${entries}`);
    }
    out[to] = palette[entry * 3 + 2]!;
    out[to + 1] = palette[entry * 3 + 1]!;
    out[to + 2] = palette[entry * 3]!;
    if (transparency) out[to + 3] = transparency[entry] ?? 255;
  }
  return [transparency ? "bgra" : "bgr", out];
}

function spreadGrayAlpha(data: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  const out =
    data instanceof Uint16Array ? new Uint16Array(data.length * 2) : new Uint8Array(data.length * 2);
  for (let i = 0; i < data.length; i += 2) {
    out.fill(data[i]!, i * 2, i * 2 + 3);
    out[i * 2 + 3] = data[i + 1]!;
  }
  return out;
}

/** RGB with one colour declared transparent, as BGRA. */
function keyOutColor(file: PngFile, data: Uint8Array | Uint16Array, path: string): Uint8Array | Uint16Array {
  const key = file.transparency!;
  if (key.length < 6) throw new FileFormatError(path, `PNG transparency of ${key.length} bytes, 6 expected`);
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const [red, green, blue] = [view.getUint16(0), view.getUint16(2), view.getUint16(4)];
  const pixels = data.length / 3;
  const wide = data instanceof Uint16Array;
  const out = wide ? new Uint16Array(pixels * 4) : new Uint8Array(pixels * 4);
  for (let i = 0, j = 0, k = 0; i < pixels; i++, j += 3, k += 4) {
    const transparent = data[j] === red && data[j + 1] === green && data[j + 2] === blue;
    out[k] = data[j + 2]!;
    out[k + 1] = data[j + 1]!;
    out[k + 2] = data[j]!;
    out[k + 3] = transparent ? 0 : wide ? 65535 : 255;
  }
  return out;
}
