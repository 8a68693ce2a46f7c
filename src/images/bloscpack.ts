import { createHash } from "node:crypto";
import { crc32, inflateSync } from "node:zlib";
import { FileFormatError, MareyError, UnsupportedError } from "../core/errors.js";
import type { DType } from "../core/image.js";
import { decodeNpy, encodeNpyHeader, type NpyArray } from "../core/npy.js";
import { bloscHeadBytes, bloscSize, packBlosc, unpackBlosc } from "./blosc.js";

// One array as Bloscpack 3 writes it (https://github.com/Blosc/bloscpack/blob/master/header_rfc.rst), little-endian:
//
//   "blpk", version, options (1 offsets, 2 metadata), check sum, typesize (u8 each),
//   bytes of a chunk, of the last chunk (i32), chunks, chunks that may be appended (i64)
//   metadata   "JSON" in 8 bytes, options, check sum, codec (1 zlib), level (u8 each),
//              bytes, bytes reserved, bytes packed (u32), 8 of a codec's own; then JSON, and its check sum
//   offsets    8 bytes for each chunk, and for each that may be appended
//   chunks     a Blosc buffer and its check sum each

const headBytes = 32;
/** Most bytes of an array, and of its metadata. */
const largest = 2 ** 31 - 1 - bloscHeadBytes;
const largestMetadata = 2 ** 20;

type CheckSum = { readonly bytes: number; of(data: Uint8Array): Uint8Array };

const word = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const hash = (name: string, bytes: number): CheckSum => ({
  bytes,
  of: (data) => createHash(name).update(data).digest(),
});

/** In the order of their numbers. */
const checkSums: readonly CheckSum[] = [
  { bytes: 0, of: () => new Uint8Array(0) },
  { bytes: 4, of: (data) => word(adler32(data)) },
  { bytes: 4, of: (data) => word(crc32(data)) },
  ...[hash("md5", 16), hash("sha1", 20), hash("sha224", 28), hash("sha256", 32), hash("sha384", 48)],
  hash("sha512", 64),
];
const usualCheckSum = 1;

/** RFC 1950, 8.2. */
function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let start = 0; start < data.length; start += 3800) {
    const end = Math.min(start + 3800, data.length);
    for (let i = start; i < end; i++) {
      a += data[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

/** @throws {FileFormatError} if the file is none, or damaged; {UnsupportedError} if it holds something else. */
export async function decodeBloscpack(bytes: Uint8Array, path: string): Promise<NpyArray> {
  try {
    return await unpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), path);
  } catch (error) {
    if (error instanceof MareyError) throw error;
    throw new FileFormatError(path, `no whole Bloscpack file: ${(error as Error).message}`, { cause: error });
  }
}

async function unpack(file: Buffer, path: string): Promise<NpyArray> {
  const fail = (found: string): never => {
    throw new FileFormatError(path, found);
  };
  if (file.toString("latin1", 0, 4) !== "blpk") fail("is no Bloscpack file");
  if (file[4] !== 3) throw new UnsupportedError("Bloscpack version", `${file[4]} in ${path}`, ["3"]);
  const options = file[5]!;
  const checkSum = checkSums[file[6]!] ?? fail(`has an unknown check sum, ${file[6]}`);
  const [chunkBytes, lastBytes] = [file.readInt32LE(8), file.readInt32LE(12)];
  const [chunks, more] = [Number(file.readBigInt64LE(16)), Number(file.readBigInt64LE(24))];
  const total = chunkBytes * (chunks - 1) + lastBytes;
  const isSound = chunks >= 1 && more >= 0 && lastBytes >= 0 && lastBytes <= chunkBytes && total <= largest;
  if (!isSound || chunks * bloscHeadBytes > file.length)
    fail(`tells of ${chunks} chunks of ${chunkBytes} bytes`);
  if ((options & 2) === 0)
    throw new UnsupportedError("Bloscpack content", `no array in ${path}`, ["NumPy array"]);
  let at = headBytes;
  const take = (size: number): Buffer => {
    if (at + size > file.length) fail(`ends at byte ${file.length}, before ${at + size}`);
    at += size;
    return file.subarray(at - size, at);
  };
  const check = (data: Uint8Array, { bytes, of }: CheckSum, what: string): void => {
    if (Buffer.compare(of(data), take(bytes)) !== 0) fail(`the check sum of ${what} is another`);
  };

  const head = take(headBytes);
  const [reserved, packed] = [head.readUInt32LE(16), head.readUInt32LE(20)];
  const metadata = take(packed);
  take(Math.max(0, reserved - packed));
  check(metadata, checkSums[head[9]!] ?? fail("has an unknown check sum"), "its metadata");
  const text = head[10] === 0 ? metadata : inflateSync(metadata, { maxOutputLength: largestMetadata });
  const header = npyHeader(JSON.parse(text.toString("utf8")), path);
  if ((options & 1) !== 0) take(8 * (chunks + more));

  const parts: Uint8Array[] = [header];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const size = chunk === chunks - 1 ? lastBytes : chunkBytes;
    const length = bloscSize(file.subarray(at, at + bloscHeadBytes), size, path);
    const buffer = take(length);
    check(buffer, checkSum, `chunk ${chunk}`);
    parts.push(await unpackBlosc(buffer, size, path));
  }
  // NumPy's own format knows all of its types and orders, and so does its reader.
  return decodeNpy(Buffer.concat(parts), path);
}

interface ArrayMetadata {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly order?: unknown;
}

function npyHeader({ dtype, shape, order }: ArrayMetadata, path: string): Buffer {
  const descr = /^'?([<>|=][a-z]\d{1,2})'?$/.exec(String(dtype))?.[1];
  const isShape = Array.isArray(shape) && shape.every((side) => Number.isSafeInteger(side) && side >= 0);
  if (descr === undefined || !isShape) {
    throw new UnsupportedError("Bloscpack array", `${String(dtype)} in ${path}`, ["numbers"]);
  }
  const sides = shape.map((side) => `${side},`).join(" ");
  const text = `{'descr': '${descr}', 'fortran_order': ${order === "F" ? "True" : "False"}, 'shape': (${sides}), }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1")]);
}

/**
 * The file for one array, in one chunk.
 * @throws {UnsupportedError} if it is larger than a Blosc buffer can be.
 */
export async function encodeBloscpack(
  data: Uint8Array,
  dtype: DType,
  shape: readonly number[],
): Promise<readonly Uint8Array[]> {
  if (data.length > largest) throw new UnsupportedError("Bloscpack array", `${data.length} bytes`);
  const descr = /'descr': '([^']+)'/.exec(Buffer.from(encodeNpyHeader(dtype, shape)).toString("latin1"))![1]!;
  const { bytes: sumBytes, of } = checkSums[usualCheckSum]!;
  const meta = { dtype: `'${descr}'`, shape, order: "C", container: "numpy" };
  const metadata = Buffer.from(JSON.stringify(meta));
  const head = Buffer.alloc(2 * headBytes);
  head.write("blpk", "latin1");
  head.set([3, 3, usualCheckSum, Number(/\d+$/.exec(descr)![0])], 4);
  head.writeInt32LE(data.length, 8);
  head.writeInt32LE(data.length, 12);
  head.writeBigInt64LE(1n, 16);
  head.write("JSON", headBytes, "latin1");
  head[headBytes + 9] = usualCheckSum;
  for (const at of [12, 16, 20]) head.writeUInt32LE(metadata.length, headBytes + at);
  const offset = Buffer.alloc(8);
  offset.writeBigInt64LE(BigInt(head.length + metadata.length + sumBytes + offset.length));
  const chunk = await packBlosc(data);
  return [head, metadata, of(metadata), offset, chunk, of(chunk)];
}
