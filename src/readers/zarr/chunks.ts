import { join } from "node:path";
import { FileFormatError, NotFoundError } from "../../core/errors.js";
import { dtypeBytes } from "../../core/image.js";
import { FilePieces } from "../../images/file-pieces.js";
import { hostIsLittle, swapBytes } from "../../images/sample-order.js";
import type { Shards, ZarrArray } from "./array.js";
import { decodeChunk } from "./codecs.js";

/** Indexes of shards that are kept, and most bytes of one. */
const [keptIndexes, longestIndex] = [64, 2 ** 26];

/** Most bytes of a chunk, unpacked. */
export const longestChunk = 2 ** 29;

/** The chunks of an array, one by one. */
export class ZarrChunks {
  readonly array: ZarrArray;
  /** Bytes of each, unpacked. */
  readonly chunkBytes: number;
  readonly #indexes = new Map<string, Promise<DataView | undefined>>();

  /** @throws {FileFormatError} if a chunk has more than `longestChunk` bytes. */
  constructor(array: ZarrArray) {
    this.array = array;
    this.chunkBytes = array.chunks.reduce((product, length) => product * length, dtypeBytes(array.dtype));
    if (this.chunkBytes > longestChunk) {
      throw new FileFormatError(
        array.folder,
        `chunks of ${this.chunkBytes} bytes; at most ${longestChunk} are read`,
      );
    }
  }

  /**
   * The samples of a chunk as it runs through them, in the machine's byte order, in a buffer of their own.
   * @returns undefined where there is none: all its samples are the fill value.
   * @throws {FileFormatError} if it is damaged.
   */
  async read(place: readonly number[]): Promise<Uint8Array | undefined> {
    const { codecs, dtype, littleEndian } = this.array;
    const found = await this.#packed(place);
    if (found === undefined) return undefined;
    const bytes = await decodeChunk(found.bytes, codecs, this.chunkBytes, found.path);
    const sampleBytes = dtypeBytes(dtype);
    const unit = dtype.startsWith("complex") ? sampleBytes / 2 : sampleBytes;
    const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
    if (littleEndian !== hostIsLittle) swapBytes(own, unit);
    return own;
  }

  async #packed(place: readonly number[]): Promise<{ bytes: Uint8Array; path: string } | undefined> {
    const { shards, chunks, folder, keyOf, codecs } = this.array;
    if (shards) return this.#inShard(place, shards);
    const path = join(folder, keyOf(place));
    const file = await openIfThere(path);
    if (file === undefined) return undefined;
    try {
      // No compressor makes more of it than that.
      const most = this.chunkBytes * (codecs.length > 0 ? 1.1 : 1) + 2 ** 16;
      if (file.size > most) {
        const found = `${file.size} bytes for a chunk of ${chunks.join("x")}, ${this.chunkBytes} bytes`;
        throw new FileFormatError(path, found);
      }
      return { bytes: await file.read(0, file.size), path };
    } finally {
      await file.close();
    }
  }

  async #inShard(
    place: readonly number[],
    shards: Shards,
  ): Promise<{ bytes: Uint8Array; path: string } | undefined> {
    const { chunks, folder, keyOf } = this.array;
    const perShard = shards.shape.map((length, axis) => length / chunks[axis]!);
    const shard = place.map((at, axis) => Math.floor(at / perShard[axis]!));
    const path = join(folder, keyOf(shard));
    const index = await this.#indexOf(path, perShard, shards);
    if (index === undefined) return undefined;
    const within = place.reduce((sum, at, axis) => sum * perShard[axis]! + (at % perShard[axis]!), 0);
    const [offset, length] = [0, 8].map((byte) => index.getBigUint64(within * 16 + byte, true)) as [
      bigint,
      bigint,
    ];
    if (offset === missing && length === missing) return undefined;
    if (length > BigInt(this.chunkBytes) * 2n + 65_536n) {
      throw new FileFormatError(
        path,
        `${length} bytes for a chunk of ${chunks.join("x")}, ${this.chunkBytes} bytes`,
      );
    }
    const file = await FilePieces.open(path);
    try {
      return { bytes: await file.read(Number(offset), Number(length)), path };
    } finally {
      await file.close();
    }
  }

  #indexOf(path: string, perShard: readonly number[], shards: Shards): Promise<DataView | undefined> {
    const kept = this.#indexes.get(path);
    if (kept) return kept;
    const reading = readIndex(path, perShard, shards);
    this.#indexes.set(path, reading);
    if (this.#indexes.size > keptIndexes) this.#indexes.delete(this.#indexes.keys().next().value!);
    reading.catch(() => this.#indexes.delete(path));
    return reading;
  }
}

/** What stands for both numbers of a chunk that is not there. */
const missing = 0xffff_ffff_ffff_ffffn;

async function readIndex(
  path: string,
  perShard: readonly number[],
  { indexAtEnd, indexCodecs }: Shards,
): Promise<DataView | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const size = perShard.reduce((product, count) => product * count, 16);
    const packed = indexCodecs.reduce((sum, { adds = 0 }) => sum + adds, size);
    if (packed > longestIndex || packed > file.size) {
      throw new FileFormatError(path, `a shard of ${file.size} bytes with an index of ${packed}`);
    }
    const bytes = await file.read(indexAtEnd ? file.size - packed : 0, packed);
    const index = await decodeChunk(bytes, indexCodecs, size, path);
    return new DataView(index.buffer, index.byteOffset, index.byteLength);
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FilePieces | undefined> {
  return FilePieces.open(path).catch((error) => {
    const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
    if (error instanceof NotFoundError && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    throw error;
  });
}
