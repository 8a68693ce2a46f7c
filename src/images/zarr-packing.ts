import { promisify } from "node:util";
import { deflate as deflateCallback, gzip as gzipCallback } from "node:zlib";
import { packBlosc } from "./blosc.js";
import type { ZarrVersion } from "./zarr-metadata.js";
import { packZstd } from "./zstd.js";

const deflate = promisify<Uint8Array, object, Buffer>(deflateCallback);
const gzip = promisify<Uint8Array, object, Buffer>(gzipCallback);

/** How chunks of Zarr are packed. */
export type ZarrCompression = "none" | "zlib" | "zstd" | "blosc";

export const zarrCompressions: readonly ZarrCompression[] = ["none", "zlib", "zstd", "blosc"];

export interface ChunkPacking {
  /** As the metadata spell it; undefined if nothing is packed. */
  readonly compressor: Readonly<Record<string, unknown>> | undefined;
  pack(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** How fast, not how small: pictures of cameras hardly get smaller by trying harder. */
const level = 1;

/** Zarr 3 has gzip where version 2 has zlib: the same inside. Blosc is Zstandard behind a bit shuffle. */
export function chunkPacking(compression: ZarrCompression, version: ZarrVersion): ChunkPacking {
  if (compression === "none") return { compressor: undefined, pack: (bytes) => bytes };
  if (compression === "zlib") {
    return version === 2
      ? { compressor: { id: "zlib", level }, pack: (bytes) => deflate(bytes, { level }) }
      : { compressor: { name: "gzip", configuration: { level } }, pack: (bytes) => gzip(bytes, { level }) };
  }
  if (compression === "zstd") {
    const pack = (bytes: Uint8Array): Promise<Uint8Array> => packZstd(bytes, level);
    return version === 2
      ? { compressor: { id: "zstd", level }, pack }
      : { compressor: { name: "zstd", configuration: { level, checksum: false } }, pack };
  }
  const facts = { cname: "zstd", clevel: level, blocksize: 0 };
  return version === 2
    ? { compressor: { id: "blosc", ...facts, shuffle: 2 }, pack: packBlosc }
    : {
        // Of what it is given `packBlosc` makes words of 4 bytes.
        compressor: { name: "blosc", configuration: { ...facts, shuffle: "bitshuffle", typesize: 4 } },
        pack: packBlosc,
      };
}
