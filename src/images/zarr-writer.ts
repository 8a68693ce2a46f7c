import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ClosedError, FrameMismatchError, UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import {
  bytesOf,
  describeImage,
  describeMismatch,
  dtypeBytes,
  type ImageInfo,
  imageBytes,
} from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import type { FrameSink } from "../core/stream.js";
import { stampNames } from "./array-stamps.js";
import { PartFolder } from "./part-folder.js";
import { StampLog } from "./stamp-log.js";
import {
  arrayMetadata,
  chunkKey,
  groupMetadata,
  type WrittenArray,
  type ZarrVersion,
} from "./zarr-metadata.js";
import { type ChunkPacking, chunkPacking, type ZarrCompression, zarrCompressions } from "./zarr-packing.js";

export interface ZarrOptions {
  /** What every frame is. */
  readonly info: ImageInfo;
  /** Frames a chunk. @default as many as fit into a MiB, 1 at least */
  readonly chunkSize?: number;
  /** @default "blosc": Zstandard behind a bit shuffle */
  readonly compression?: ZarrCompression;
  /** Of the format; zarr-python reads 2 in all its versions, 3 from its own version 3 on. @default 2 */
  readonly zarrVersion?: ZarrVersion;
  /** Replace an existing folder, if it is one of Zarr. @default false */
  readonly overwrite?: boolean;
}

/** Bytes of a chunk where nothing else is said; and chunks that are packed and written at once. */
const [usualChunk, chunksAtOnce] = [2 ** 20, 4];
/** Values of a row of times or numbers that are one chunk. */
const rowChunk = 65_536;

/**
 * Writes a group of Zarr into a folder: an array `frames` of shape (frames, height, width) or (frames, height, width,
 * channels), and beside it `frame_time` (seconds, float64) and `frame_number` (int64) of each frame. Axes have names, which
 * xarray knows; what the channels mean stands in the attributes (`marey`).
 *
 * All of it stands under a temporary name until `close()`, the metadata are written last.
 * @throws {ExistsError} if there is something already; {EncodeError} if it cannot be made; {UnsupportedError} for a video's
 *   native planes; {RangeError} for options that make no sense.
 */
export async function createZarr(path: string, options: ZarrOptions): Promise<FrameSink> {
  const { info, compression = "blosc", zarrVersion = 2, overwrite = false } = options;
  const { chunkSize = Math.max(1, Math.floor(usualChunk / imageBytes(info))) } = options;
  if (info.color === "native")
    throw new UnsupportedError("Zarr", describeImage(info), ["bgr", "rgb", "gray"]);
  if (!zarrCompressions.includes(compression))
    throw new UnsupportedError("Zarr compression", compression, zarrCompressions);
  if (!(Number.isSafeInteger(chunkSize) && chunkSize > 0 && chunkSize * imageBytes(info) < 2 ** 31)) {
    throw new RangeError(`chunkSize must be an integer above 0, of less than 2 GiB in all, got ${chunkSize}`);
  }
  if (zarrVersion !== 2 && zarrVersion !== 3)
    throw new RangeError(`zarrVersion must be 2 or 3, got ${zarrVersion}`);
  const folder = await PartFolder.create(path, async () => overwrite && (await isZarr(path)));
  return new ZarrWriter(folder, info, chunkSize, zarrVersion, chunkPacking(compression, zarrVersion));
}

async function isZarr(path: string): Promise<boolean> {
  const found = await Promise.all(
    [".zgroup", ".zarray", "zarr.json"].map((name) => stat(join(path, name)).catch(() => undefined)),
  );
  return found.some((each) => each?.isFile());
}

class ZarrWriter implements FrameSink {
  readonly ahead: number;
  readonly #folder: PartFolder;
  readonly #info: ImageInfo;
  readonly #chunkSize: number;
  readonly #version: ZarrVersion;
  readonly #packing: ChunkPacking;
  readonly #stamps = new StampLog();
  readonly #frameBytes: number;
  /** Chunks on their way to the disk. */
  readonly #pending = new Set<Promise<void>>();
  #failure: Error | undefined;
  #chunk: Uint8Array | undefined;

  constructor(
    folder: PartFolder,
    info: ImageInfo,
    chunkSize: number,
    version: ZarrVersion,
    packing: ChunkPacking,
  ) {
    this.ahead = chunkSize === 1 ? chunksAtOnce : 0;
    this.#folder = folder;
    this.#info = info;
    this.#chunkSize = chunkSize;
    this.#version = version;
    this.#packing = packing;
    this.#frameBytes = imageBytes(info);
  }

  async write(frame: Frame): Promise<void> {
    if (!this.#folder.isOpen) throw new ClosedError(`Zarr ${this.#folder.path}`);
    const { image } = frame;
    if (describeMismatch(this.#info, image)) {
      throw new FrameMismatchError(describeImage(this.#info), describeImage(image));
    }
    if (this.#failure) throw this.#failure;
    const rank = this.#stamps.count;
    this.#stamps.add(frame);
    const within = rank % this.#chunkSize;
    if (this.#chunkSize === 1) {
      this.#send(rank, bytesOf(image));
    } else {
      this.#chunk ??= new Uint8Array(this.#frameBytes * this.#chunkSize);
      this.#chunk.set(bytesOf(image), within * this.#frameBytes);
      if (within === this.#chunkSize - 1) this.#sendChunk();
    }
    // Not all of them at once: whoever awaits this has backpressure.
    while (this.#pending.size >= chunksAtOnce) await Promise.race(this.#pending);
    if (this.#failure) throw this.#failure;
  }

  #sendChunk(): void {
    const bytes = this.#chunk!;
    this.#chunk = undefined;
    this.#send(Math.ceil(this.#stamps.count / this.#chunkSize) - 1, bytes);
  }

  #send(chunk: number, bytes: Uint8Array): void {
    const place = [
      chunk,
      ...this.#shape(0)
        .slice(1)
        .map(() => 0),
    ];
    const key = chunkKey(this.#version, "frames", place);
    const sending = (async () => this.#folder.add(key, await this.#packing.pack(bytes)))()
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => this.#pending.delete(sending));
    this.#pending.add(sending);
  }

  #shape(frames: number): number[] {
    const { height, width, channels } = this.#info;
    return [frames, height, width, ...(channels > 1 ? [channels] : [])];
  }

  async close(): Promise<void> {
    if (!this.#folder.isOpen) return;
    try {
      if (this.#chunk) this.#sendChunk();
      await Promise.all(this.#pending);
      if (this.#failure) throw this.#failure;
      const rows = [
        await this.#addRow(stampNames.times, this.#stamps.times()),
        await this.#addRow(stampNames.numbers, this.#stamps.numbers()),
      ];
      const metadata = [this.#framesArray(), ...rows].flatMap((array) => arrayMetadata(this.#version, array));
      for (const [name, text] of [...metadata, ...groupMetadata(this.#version)])
        await this.#folder.add(name, text);
      await this.#folder.finish();
    } finally {
      await this.abort();
    }
  }

  #framesArray(): WrittenArray {
    const { dtype, channels, color, bits } = this.#info;
    return {
      ...{
        name: "frames",
        shape: this.#shape(this.#stamps.count),
        chunks: this.#shape(this.#chunkSize),
        dtype,
      },
      axes: ["time", "y", "x", ...(channels > 1 ? ["channel"] : [])],
      attributes: { marey: { color, ...(bits !== undefined && { bits }) } },
      compressor: this.#packing.compressor,
    };
  }

  async #addRow(name: string, { dtype, data, shape }: NpyArray): Promise<WrittenArray> {
    const length = data.length;
    const chunk = Math.min(Math.max(1, length), rowChunk);
    for (let first = 0; first < length; first += chunk) {
      const bytes = new Uint8Array(chunk * dtypeBytes(dtype));
      const piece = data.subarray(first, first + chunk);
      bytes.set(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
      await this.#folder.add(chunkKey(this.#version, name, [first / chunk]), bytes);
    }
    return { name, shape, chunks: [chunk], dtype, axes: ["time"], attributes: {}, compressor: undefined };
  }

  async abort(): Promise<void> {
    await Promise.all(this.#pending);
    await this.#folder.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
