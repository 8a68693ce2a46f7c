import { promisify } from "node:util";
import { inflate as inflateCallback } from "node:zlib";
import { FileFormatError } from "../core/errors.js";
import { lzwRatio, unpackLzw } from "./lzw.js";
import { deflateRatio } from "./picture-size.js";
import { hostIsLittle, type Words } from "./sample-order.js";

const inflate = promisify<Uint8Array, object, Buffer>(inflateCallback);

/** TIFF's numbers of the compressions that are read here, and how much they can pack into a byte at best. */
export const compressions: { readonly [number: number]: { readonly name: string; readonly ratio: number } } =
  {
    1: { name: "none", ratio: 1 },
    5: { name: "lzw", ratio: lzwRatio },
    8: { name: "deflate", ratio: deflateRatio },
    32773: { name: "packbits", ratio: 64 },
    32946: { name: "deflate (old number)", ratio: deflateRatio },
  };

/**
 * The bytes of one strip or tile.
 * @param length bytes that are needed; and those of a whole strip, which the last one of a picture may hold, too.
 * @returns `length.needed` bytes, in memory of their own.
 * @throws {FileFormatError} if they are damaged or fewer.
 */
export async function unpackStrip(
  packed: Uint8Array,
  compression: number,
  length: { readonly needed: number; readonly full: number },
  path: string,
): Promise<Uint8Array> {
  const { name, ratio } = compressions[compression]!;
  // Before anything of that size is allocated: a header can claim what it likes.
  const [bytes, found] =
    length.needed > packed.length * ratio
      ? [packed, packed.length]
      : name.startsWith("deflate")
        ? await unpackDeflate(packed, length.full, path)
        : unpackSimple(packed, name, length.needed, path);
  if (found < length.needed) {
    throw new FileFormatError(path, `cut short: a strip of ${packed.length} bytes holds no ${length.needed}`);
  }
  return bytes.subarray(0, length.needed);
}

type Unpacked = readonly [bytes: Uint8Array, found: number];

async function unpackDeflate(packed: Uint8Array, full: number, path: string): Promise<Unpacked> {
  const options = { chunkSize: full + 64, maxOutputLength: full + 64 };
  const bytes = await inflate(packed, options).catch((cause) => {
    throw new FileFormatError(path, `damaged deflate data: ${cause.message}`, { cause });
  });
  return [bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes), bytes.length];
}

function unpackSimple(packed: Uint8Array, name: string, length: number, path: string): Unpacked {
  const bytes = new Uint8Array(length);
  if (name === "packbits") return [bytes, unpackBits(packed, bytes)];
  if (name === "lzw") {
    const found = unpackLzw(packed, bytes);
    if (found === undefined) throw new FileFormatError(path, "damaged LZW data: undefined code");
    return [bytes, found];
  }
  bytes.set(packed.subarray(0, length));
  return [bytes, packed.length];
}

/** Apple's PackBits: runs of bytes. */
function unpackBits(packed: Uint8Array, out: Uint8Array): number {
  let to = 0;
  for (let from = 0; from < packed.length && to < out.length; ) {
    const head = packed[from++]!;
    if (head < 128) {
      const literal = packed.subarray(from, Math.min(from + head + 1, from + out.length - to));
      out.set(literal, to);
      to += literal.length;
      from += head + 1;
    } else if (head > 128) {
      if (from >= packed.length) break;
      const stop = Math.min(to + 257 - head, out.length);
      out.fill(packed[from++]!, to, stop);
      to = stop;
    }
  }
  return to;
}

/**
 * Undoes TIFF's predictor 2, in place: each sample was stored as the difference to the same channel of the pixel on
 * its left. The samples are in the machine's byte order already.
 */
export function undoDifferences(samples: Words, rowSamples: number, channels: number): void {
  for (let row = 0; row < samples.length; row += rowSamples) {
    const stop = row + rowSamples;
    if (channels === 1) {
      for (let i = row + 1, left = samples[row]!; i < stop; i++) samples[i] = left += samples[i]!;
    } else if (channels === 3) {
      let [a, b, c] = [0, 0, 0];
      for (let i = row; i < stop; i += 3) {
        samples[i] = a += samples[i]!;
        samples[i + 1] = b += samples[i + 1]!;
        samples[i + 2] = c += samples[i + 2]!;
      }
    } else {
      for (let i = row + channels; i < stop; i++) samples[i]! += samples[i - channels]!;
    }
  }
}

/** The differences that `undoDifferences` undoes, as a new array. */
export function takeDifferences<T extends Words>(samples: T, rowSamples: number, channels: number): T {
  const out = samples.slice() as T;
  for (let row = 0; row < samples.length; row += rowSamples) {
    for (let i = row + channels; i < row + rowSamples; i++) out[i] = samples[i]! - samples[i - channels]!;
  }
  return out;
}

/**
 * Undoes TIFF's predictor 3 (floating point): rows hold all first bytes (the most significant), then all second
 * bytes …, each as the difference to the byte `channels` before it.
 * @returns samples in the machine's byte order.
 */
export function undoFloatPredictor(
  bytes: Uint8Array,
  rowSamples: number,
  sampleBytes: number,
  channels: number,
): Uint8Array {
  const rowBytes = rowSamples * sampleBytes;
  const out = new Uint8Array(bytes.length);
  for (let row = 0; row < bytes.length; row += rowBytes) {
    for (let i = row + channels; i < row + rowBytes; i++) bytes[i]! += bytes[i - channels]!;
    for (let byte = 0; byte < sampleBytes; byte++) {
      let to = row + (hostIsLittle ? sampleBytes - 1 - byte : byte);
      const plane = row + byte * rowSamples;
      for (let i = plane; i < plane + rowSamples; i++, to += sampleBytes) out[to] = bytes[i]!;
    }
  }
  return out;
}
