import type { Digest } from "../core/digest.js";
import type { Stamp } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkFormat, ChunkWriteOptions } from "./chunk-format.js";
import type { FinishedChunk } from "./chunk-in-progress.js";
import type { StoreFiles } from "./store-files.js";
import type { StoredPixels } from "./stored-pixels.js";

/** What a store is written with; see `createStore`. */
export interface StorePlan extends StoredPixels {
  /** Its folder, which is there. */
  readonly path: string;
  readonly uuid: string;
  readonly format: ChunkFormat;
  /** What frames are as they are offered. */
  readonly offered: ImageInfo;
  /** Frames a chunk. */
  readonly chunkSize: number;
  readonly options: ChunkWriteOptions;
  readonly files: StoreFiles;
  readonly digest: Digest;
  /** What every index repeats of the store. */
  readonly storeFacts: Readonly<Record<string, NpyArray | string>>;
  /** Bytes of the disk that stay free. */
  readonly minFree: number;
  /** What is there already: frames, the number that the next chunk gets, and the last frame. */
  readonly before: {
    readonly length: number;
    readonly nextChunk: number;
    readonly last: Stamp | undefined;
    /** Of the first frame. */
    readonly startTime?: number;
  };
  /** Tells people what is in the store, when it is closed. */
  describe?(counted: { readonly frames: number; readonly rate: number | undefined }): Promise<void>;
  /** Called when a chunk has got its index. */
  onFinished?(chunk: FinishedChunk): Promise<void>;
  /** Lets others write, and leaves the store as it is. */
  release(): Promise<void>;
  /** Removes what this writer wrote; the lock, too. @param chunks their numbers. */
  remove(chunks: readonly number[]): Promise<void>;
}
