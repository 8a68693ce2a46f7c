import type { IHasher } from "hash-wasm";

/**
 * The XXH64 digest (seed 0; https://github.com/Cyan4973/xxHash) of some bytes, given in one or more parts. It finds
 * damage: any flipped bit gives another digest. It is no protection against people.
 */
export type Digest = (parts: Iterable<Uint8Array>) => bigint;

/** A digest of bytes that come piece by piece, of which not all can be in memory. */
export interface RunningDigest {
  add(part: Uint8Array): void;
  /** Of all parts so far. To be called once. */
  value(): bigint;
}

/** A digest of its own, which others do not disturb between two parts. */
export async function startDigest(): Promise<RunningDigest> {
  const hasher = await startHasher();
  hasher.init();
  return {
    add: (part) => void hasher.update(part),
    value: () => {
      const bytes = hasher.digest("binary");
      return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
    },
  };
}

let loading: Promise<Digest> | undefined;

/** Its WebAssembly is compiled once; after that a digest costs 0.1 ms for a megabyte. */
export function loadDigest(): Promise<Digest> {
  loading ??= startHasher().then((hasher) => (parts) => {
    hasher.init();
    for (const part of parts) hasher.update(part);
    const bytes = hasher.digest("binary");
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  });
  return loading;
}

/** All of the package's algorithms are one module: it is loaded when it is first needed. */
async function startHasher(): Promise<IHasher> {
  const { createXXHash64 } = await import("hash-wasm");
  return createXXHash64();
}
