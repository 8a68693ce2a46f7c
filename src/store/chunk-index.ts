import { FileFormatError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";
import { encodeNpz, readNpz } from "../core/npz.js";
import type { EncodedPicture } from "./chunk-format.js";
import { type ClockColumns, clockArrays } from "./clock-columns.js";

/** Frames that one chunk may hold: 23 hours at 100 frames a second. */
export const mostFramesInChunk = 2 ** 23;

/** Bytes of a member of an index that are unpacked: a column of so many frames. */
export const longestColumn = 8 * mostFramesInChunk + 2 ** 12;

/** What the index of a chunk says, in the order of the frames. */
export interface ChunkIndexContent {
  readonly numbers: readonly FrameNumber[];
  /** Seconds. */
  readonly times: readonly number[];
  /** Absent if nothing is known of the bytes. */
  readonly pictures?: readonly EncodedPicture[];
  /** XXH64 of what a video file holds besides its pictures. */
  readonly rest?: bigint | undefined;
  /** XXH64 of the file of extra data. */
  readonly extra?: bigint | undefined;
  /** What the clocks around the camera said; absent if nobody looked. */
  readonly clocks?: ClockColumns | undefined;
  /** Facts of the store that imgstore repeats in every index: from them lost metadata can be made again. */
  readonly store: Readonly<Record<string, NpyArray | string>>;
}

/**
 * The index of a chunk as imgstore writes it (an `.npz` with `frame_number` and `frame_time`), and beside its columns
 * `picture_offset`, `picture_size` and `picture_digest` (uint64): where the bytes of every picture lie and their XXH64;
 * `rest_digest` and `extra_digest`: XXH64 of the remaining bytes of a video, and of the extra data.
 *
 * What the clocks around a camera said is in `camera_number`, `camera_time`, `arrival_monotonic` and `arrival_utc` (float64),
 * where anybody looked.
 *
 * Numbers are int64; uint64 where one is beyond 2^63, doubles where one is no integer.
 */
export function encodeChunkIndex(content: ChunkIndexContent): Uint8Array {
  const { numbers, times, pictures, rest, extra, clocks, store } = content;
  const shape = [numbers.length];
  const unsigned = (values: readonly bigint[], axes: number[]): NpyArray => ({
    dtype: "uint64",
    shape: axes,
    data: BigUint64Array.from(values),
  });
  return encodeNpz({
    frame_number: encodeNumbers(numbers),
    frame_time: { dtype: "float64", shape, data: Float64Array.from(times) },
    ...store,
    ...clockArrays(clocks),
    ...(pictures && {
      picture_offset: unsigned(
        pictures.map(({ offset }) => BigInt(offset)),
        shape,
      ),
      picture_size: unsigned(
        pictures.map(({ size }) => BigInt(size)),
        shape,
      ),
      picture_digest: unsigned(
        pictures.map(({ digest }) => digest),
        shape,
      ),
    }),
    ...(rest !== undefined && { rest_digest: unsigned([rest], []) }),
    ...(extra !== undefined && { extra_digest: unsigned([extra], []) }),
  });
}

/** Frame numbers as an index holds them: int64, or uint64 or doubles where they have to be. */
export function encodeNumbers(numbers: readonly FrameNumber[]): NpyArray {
  const shape = [numbers.length];
  const isWhole = (number: FrameNumber): boolean =>
    typeof number === "bigint" || Number.isSafeInteger(number);
  if (numbers.length > 0 && numbers.every(isWhole)) {
    const whole = numbers.map(BigInt);
    if (whole.every((number) => number >= -(2n ** 63n) && number < 2n ** 63n)) {
      return { dtype: "int64", shape, data: BigInt64Array.from(whole) };
    }
    if (whole.every((number) => number >= 0n && number < 2n ** 64n)) {
      return { dtype: "uint64", shape, data: BigUint64Array.from(whole) };
    }
  }
  return { dtype: "float64", shape, data: Float64Array.from(numbers, Number) };
}

/** What an index says of the bytes of its chunk. */
export interface ChunkBytes {
  readonly pictures: readonly EncodedPicture[];
  readonly rest: bigint | undefined;
  readonly extra: bigint | undefined;
}

/**
 * Reads what `encodeChunkIndex` wrote of the bytes.
 * @param bytes the whole `.npz`.
 * @returns undefined if it says nothing of them, as those of Python's imgstore.
 * @throws {FileFormatError} if it is damaged.
 */
export function decodeChunkBytes(bytes: Uint8Array, path: string): ChunkBytes | undefined {
  const npz = readNpz(bytes, path, { longest: longestColumn });
  // A damaged entry must not pass for one that was never written.
  for (const name of npz.names) npz.file(name);
  if (!npz.has("picture_digest")) return undefined;
  const column = (name: string): BigUint64Array => {
    const { data } = npz.array(name);
    if (data instanceof BigUint64Array) return data;
    throw new FileFormatError(path, `${name} should be uint64`);
  };
  const single = (name: string): bigint | undefined => (npz.has(name) ? column(name)[0] : undefined);
  const [offsets, sizes] = [column("picture_offset"), column("picture_size")];
  const digests = column("picture_digest");
  if (offsets.length !== digests.length || sizes.length !== digests.length) {
    throw new FileFormatError(
      path,
      `${digests.length} digests, but ${offsets.length} offsets and ${sizes.length} sizes`,
    );
  }
  const pictures = Array.from(digests, (digest, rank) => ({
    offset: Number(offsets[rank]),
    size: Number(sizes[rank]),
    digest,
  }));
  return { pictures, rest: single("rest_digest"), extra: single("extra_digest") };
}
