import { promisify } from "node:util";
import { gunzip as gunzipCallback, inflate as inflateCallback } from "node:zlib";
import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import { type AnyTypedArray, arrayOver, type DType, dtypeBytes } from "../../core/image.js";
import { unpackBlosc } from "../../images/blosc.js";
import { crc32c } from "../../images/crc32c.js";
import { unpackLz4 } from "../../images/lz4.js";
import { deflateRatio } from "../../images/picture-size.js";
import { hostIsLittle, swapBytes } from "../../images/sample-order.js";
import { unpackZstd } from "../../images/zstd.js";
import type { ChunkCodec } from "./array.js";

const inflate = promisify<Uint8Array, object, Buffer>(inflateCallback);
const gunzip = promisify<Uint8Array, object, Buffer>(gunzipCallback);

function deflated(name: string, unpack: typeof inflate): ChunkCodec {
  return {
    ...{ name, ratio: deflateRatio },
    async decode(bytes, size, path) {
      const out = await unpack(bytes, { maxOutputLength: size }).catch((cause: Error) => {
        throw new FileFormatError(path, `cannot be inflated: ${cause.message}`, { cause });
      });
      return out;
    },
  };
}

/** A block of Zstandard's gives at most 128 KiB, and takes 3 bytes and one for what is repeated. */
const zstdRatio = 2 ** 15;

export const zlib = deflated("zlib", inflate);
export const gzip = deflated("gzip", gunzip);
export const zstd: ChunkCodec = { name: "zstd", ratio: zstdRatio, decode: unpackZstd };
export const blosc: ChunkCodec = { name: "blosc", ratio: zstdRatio, decode: unpackBlosc };

/** As numcodecs writes it: a block behind its length, unpacked, u32. */
export const lz4: ChunkCodec = {
  ...{ name: "lz4", ratio: 255 },
  decode(bytes, size, path) {
    const claimed =
      bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    if (claimed !== size)
      throw new FileFormatError(path, `an LZ4 block of ${claimed} bytes, where ${size} are expected`);
    return unpackLz4(bytes.subarray(4), size, path);
  },
};

/** CRC-32C of what stands before it. */
export const checksum: ChunkCodec = {
  ...{ name: "crc32c", adds: 4 },
  decode(bytes, size, path) {
    const content = bytes.subarray(0, size);
    const stored =
      bytes.length < size + 4
        ? undefined
        : new DataView(bytes.buffer, bytes.byteOffset).getUint32(size, true);
    if (stored !== crc32c(content)) throw new FileFormatError(path, "damaged: its checksum does not match");
    return content;
  },
};

/** numcodecs' `Shuffle`: first all first bytes of samples, then all second ones … */
export function shuffle(elementBytes: number): ChunkCodec {
  return {
    ...{ name: "shuffle", adds: 0 },
    decode(bytes) {
      const out = new Uint8Array(bytes.length);
      const count = Math.floor(bytes.length / elementBytes);
      for (let byte = 0; byte < elementBytes; byte++) {
        const plane = byte * count;
        for (let i = 0, to = byte; i < count; i++, to += elementBytes) out[to] = bytes[plane + i]!;
      }
      return out;
    },
  };
}

/** numcodecs' `Delta`: each sample is what it adds to the one before. */
export function delta(dtype: DType, littleEndian: boolean): ChunkCodec {
  const sampleBytes = dtypeBytes(dtype);
  return {
    ...{ name: "delta", adds: 0 },
    decode(bytes) {
      const out = new Uint8Array(bytes);
      const swaps = littleEndian !== hostIsLittle && sampleBytes > 1;
      if (swaps) swapBytes(out, sampleBytes);
      sumUp(arrayOver(dtype, out.buffer, 0, out.length));
      if (swaps) swapBytes(out, sampleBytes);
      return out;
    },
  };
}

function sumUp(samples: AnyTypedArray): void {
  if (samples instanceof BigInt64Array || samples instanceof BigUint64Array) {
    for (let i = 1; i < samples.length; i++) samples[i] = samples[i]! + samples[i - 1]!;
  } else {
    for (let i = 1; i < samples.length; i++) samples[i] = samples[i]! + samples[i - 1]!;
  }
}

/** Undoes all codecs of a chunk. @param size bytes of its samples. @throws {FileFormatError} if something else comes out. */
export async function decodeChunk(
  packed: Uint8Array,
  codecs: readonly ChunkCodec[],
  size: number,
  path: string,
): Promise<Uint8Array> {
  const sizes: (number | undefined)[] = [size];
  for (const { adds } of codecs) {
    const before = sizes.at(-1);
    sizes.push(adds === undefined || before === undefined ? undefined : before + adds);
  }
  let bytes = packed;
  for (let at = codecs.length - 1; at >= 0; at--) {
    const { name, adds, ratio = 1, decode } = codecs[at]!;
    const wanted = sizes[at] ?? (adds === undefined ? undefined : bytes.length - adds);
    if (wanted === undefined)
      throw new UnsupportedError("Zarr codecs", `${name} behind a compressor in ${path}`);
    if (!(wanted >= 0 && wanted <= bytes.length * ratio + smallest)) {
      throw new FileFormatError(path, `${bytes.length} bytes cannot unpack (${name}) to ${wanted}`);
    }
    bytes = await decode(bytes, wanted, path);
    if (bytes.length !== wanted)
      throw new FileFormatError(path, `${name} gives ${bytes.length} bytes, not ${wanted}`);
  }
  if (bytes.length !== size) throw new FileFormatError(path, `a chunk of ${bytes.length} bytes, not ${size}`);
  return bytes;
}

/** What is that short is believed. */
const smallest = 2 ** 16;
