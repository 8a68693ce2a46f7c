import { FileFormatError } from "../core/errors.js";

// Blosc 1 (https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst): version, version of the codec, flags,
// typesize, then bytes unpacked, bytes of a block, bytes packed (u32, little-endian).

export const bloscHeadBytes = 16;

const isCopy = 0x02;

const load = async () => {
  const { default: Blosc } = await import("numcodecs/blosc");
  // Bit by bit: in a camera's samples the high bits hardly change, and Zstandard makes little of them, fast.
  return Blosc.fromConfig({ id: "blosc", cname: "zstd", clevel: 1, shuffle: 2, blocksize: 0 });
};
let loading: ReturnType<typeof load> | undefined;

/** Compresses with Zstandard at level 1 behind a bit shuffle. */
export async function packBlosc(bytes: Uint8Array): Promise<Uint8Array> {
  loading ??= load();
  return (await loading).encode(bytes);
}

/**
 * Unpacks a Blosc buffer of any codec.
 * @param size bytes that have to come out.
 * @throws {FileFormatError} if it says otherwise of itself, or is damaged where that shows. It has no check sum.
 */
export async function unpackBlosc(bytes: Uint8Array, size: number, path: string): Promise<Uint8Array> {
  const packed = bloscSize(bytes, size, path);
  if (packed !== bytes.length)
    throw new FileFormatError(path, `a Blosc buffer of ${packed} bytes lies in ${bytes.length}`);
  loading ??= load();
  const codec = await loading;
  const unpacked = await Promise.resolve(codec.decode(bytes)).catch((cause) => {
    throw new FileFormatError(path, "its Blosc buffer cannot be unpacked", { cause });
  });
  if (unpacked.length !== size)
    throw new FileFormatError(path, `its Blosc buffer gives ${unpacked.length} bytes, not ${size}`);
  return unpacked;
}

/**
 * How many bytes a Blosc buffer has that begins like this.
 * @param size bytes that have to come out.
 * @throws {FileFormatError} if that is no Blosc buffer, or one of another size.
 */
export function bloscSize(head: Uint8Array, size: number, path: string): number {
  if (head.length < bloscHeadBytes) throw new FileFormatError(path, "ends within the head of a Blosc buffer");
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [version, flags, typesize] = [view.getUint8(0), view.getUint8(2), view.getUint8(3)];
  const [unpacked, block, packed] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  if (version !== 2 || typesize === 0) throw new FileFormatError(path, "no Blosc buffer where one should be");
  if (unpacked !== size)
    throw new FileFormatError(path, `a Blosc buffer of ${unpacked} bytes, where ${size} are expected`);
  const copied = bloscHeadBytes + size;
  const blocks = block > 0 ? Math.ceil(size / block) : Number.POSITIVE_INFINITY;
  const least = (flags & isCopy) !== 0 ? copied : bloscHeadBytes + 4 * blocks;
  const isSound = packed <= copied && packed >= least && block <= Math.max(size, 1);
  if (!isSound) throw new FileFormatError(path, "the head of its Blosc buffer contradicts itself");
  return packed;
}
