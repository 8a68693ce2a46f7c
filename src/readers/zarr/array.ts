import type { DType } from "../../core/image.js";

/** A step of a chunk's way from file to samples. */
export interface ChunkCodec {
  /** For errors: "zstd". */
  readonly name: string;
  /** Bytes that it adds to what it is given, where that is known: compressors do not know it. */
  readonly adds?: number;
  /** Bytes that can come out of one byte at most. @default 1 */
  readonly ratio?: number;
  /** @param size bytes that have to come out. */
  decode(bytes: Uint8Array, size: number, path: string): Uint8Array | Promise<Uint8Array>;
}

/** Chunks that lie together in one file, as Zarr 3 has them (`sharding_indexed`). */
export interface Shards {
  /** Length of each axis of a shard, a multiple of the chunk's. */
  readonly shape: readonly number[];
  readonly indexAtEnd: boolean;
  /** What the index is packed with: nothing that changes its length but a check sum. */
  readonly indexCodecs: readonly ChunkCodec[];
}

/** An array in chunks, as its metadata describe it; the same for both versions of Zarr. */
export interface ZarrArray {
  /** Its folder. */
  readonly folder: string;
  readonly version: 2 | 3;
  readonly shape: readonly number[];
  /** Length of each axis of a chunk; those at the edges are as long as all others. */
  readonly chunks: readonly number[];
  readonly dtype: DType;
  readonly littleEndian: boolean;
  /** The axes as a chunk runs through them, slowest first: 0, 1, 2 for C order. */
  readonly order: readonly number[];
  /** In the order in which they were done: the last is undone first. */
  readonly codecs: readonly ChunkCodec[];
  /** A sample of what is not there, in the machine's byte order; undefined for zero. */
  readonly fill: Uint8Array | undefined;
  /** Where a chunk (or a shard) lies, within the folder. */
  keyOf(place: readonly number[]): string;
  readonly shards: Shards | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What the axes are called, where that is said. */
  readonly axisNames: readonly (string | null)[] | undefined;
}
