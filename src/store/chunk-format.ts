import type { Image, ImageInfo } from "../core/image.js";
import type { StoreLayout } from "./layout.js";

/** How the pictures of a chunk are written. What one file in formats/ gives is a `ChunkFormat`. */
export interface ChunkFormat {
  /** As metadata.yaml spells it: "npy", "png", "avc1/mp4". */
  readonly name: string;
  /** Other names that mean the same. */
  readonly aliases?: readonly string[];
  readonly layout: StoreLayout;
  /** Of the picture or video files, with its dot. */
  readonly extension: string;
  /** True if every picture comes back as it was given. */
  readonly lossless: boolean;
  /** What is stored of pictures of that shape (a video drops an odd last row); undefined if it cannot hold them. */
  storedAs(info: ImageInfo): ImageInfo | undefined;
  /** What comes back from a chunk whose store declares such pictures; an 8-bit format gives 8 bits whatever it says. */
  restoredAs(declared: ImageInfo): ImageInfo;
  /**
   * @param path of the chunk's folder or video file, which is not there yet.
   * @param info what `storedAs` gave.
   * @throws {EncodeError} if nothing can be written there.
   */
  createChunk(path: string, info: ImageInfo, options: ChunkWriteOptions): Promise<ChunkWriter>;
  /**
   * @throws {NotFoundError | StoreFormatError | FileFormatError | DecodeError} if there is no readable chunk.
   */
  openChunk(location: ChunkLocation, info: ImageInfo): Promise<ChunkReader>;
}

export interface ChunkWriteOptions {
  /** As the format counts it; see its file. @default the format's own */
  readonly quality?: number;
}

export interface ChunkLocation {
  /** Real path of the store: nothing outside it is ever opened. */
  readonly root: string;
  /** The chunk's folder or video file. */
  readonly path: string;
}

/** Takes the pictures of one chunk, in order. */
export interface ChunkWriter {
  /** How many writes may be on their way at once; each lands in the place of its call. */
  readonly concurrency: number;
  /** @throws {EncodeError} if the picture cannot be written. */
  write(image: Image, time: number): Promise<void>;
  /** Finishes the chunk under its final name. */
  close(): Promise<void>;
  /** Lets go of every file; what was written may stay. */
  abort(): Promise<void>;
}

/** Gives the pictures of one chunk. */
export interface ChunkReader {
  /** Pictures in it; undefined where only trying tells. */
  readonly length: number | undefined;
  /**
   * The picture of that rank in the chunk, 0 …; any number of calls may overlap.
   * @throws {MareyError} if it is missing or damaged.
   */
  read(rank: number): Promise<Image>;
  /**
   * Pictures `first`, `first + step` … of the chunk, `count` in all. There only where that is cheaper than single
   * reads, as in a video.
   */
  sequence?(first: number, count: number, step: number): AsyncIterable<Image>;
  close(): Promise<void>;
}

/**
 * The format of that name, among those given. imgstore's "png+color" is another name of "png".
 * @returns undefined if there is none.
 */
export function findFormat(formats: readonly ChunkFormat[], name: string): ChunkFormat | undefined {
  const plain = name.replace(/\+color$/, "");
  return formats.find((format) => format.name === plain || format.aliases?.includes(plain));
}
