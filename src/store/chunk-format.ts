import { UnsupportedError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { StoreLayout } from "./layout.js";
import type { StoreFiles } from "./store-files.js";

/** How the pictures of a chunk are written. What one file in formats/ gives is a `ChunkFormat`. */
export interface ChunkFormat {
  /** As metadata.yaml spells it: "npy", "png", "avc1/mp4". */
  readonly name: string;
  /** Other names that mean the same. */
  readonly aliases?: readonly string[];
  readonly layout: StoreLayout;
  /** The class that metadata.yaml names, where it is none of imgstore's: Python refuses such a store. */
  readonly storeClass?: string;
  /** Of the picture or video files, with its dot. */
  readonly extension: string;
  /** True if every picture comes back as it was given. */
  readonly lossless: boolean;
  /** What is stored of pictures of that shape (a video drops an odd last row); undefined if it cannot hold them. */
  storedAs(info: ImageInfo): ImageInfo | undefined;
  /** Names of the options that mean something to it. */
  readonly encoderOptions: readonly EncoderOption[];
  /**
   * What such pictures are encoded with, what was not asked for included; goes to `createChunk`, and into metadata.yaml.
   * @param asked none but `encoderOptions`.
   * @throws {RangeError | UnsupportedError} if a value is none that the format has.
   */
  settings?(info: ImageInfo, asked: EncoderOptions): EncoderOptions;
  /** What comes back from a chunk whose store declares such pictures; an 8-bit format gives 8 bits whatever it says. */
  restoredAs(declared: ImageInfo): ImageInfo;
  /**
   * @param path of the chunk's folder or video file, which is not there yet.
   * @param info what `storedAs` gave.
   * @param files the disk.
   * @throws {EncodeError} if nothing can be written there.
   */
  createChunk(
    path: string,
    info: ImageInfo,
    options: ChunkWriteOptions,
    files: StoreFiles,
  ): Promise<ChunkWriter>;
  /**
   * @throws {NotFoundError | StoreFormatError | FileFormatError | DecodeError} if there is no readable chunk.
   */
  openChunk(location: ChunkLocation, info: ImageInfo): Promise<ChunkReader>;
  /**
   * Makes of a video whose writer was killed what it would have been if it had been closed: an ordinary file for every
   * reader. There only where such a chunk is not one as it is.
   * @param from what its writer left: the head, and all bytes of its pictures.
   * @param to a file that is not there yet.
   * @param most frames that are copied.
   */
  mendChunk?(from: string, to: string, most: number): Promise<MendedChunk>;
}

/** When a written frame counts as safe; see `CreateStoreOptions.durability`. */
export type Durability = "flush" | "second" | "frame";

/** How pictures are encoded. Which of them mean something, and what is usual, is the format's own matter. */
export interface EncoderOptions {
  /** As the format counts it; see its file. */
  readonly quality?: number;
  /** H.264 and H.265: the same quantiser for all frames, 0 … 51, in the place of a quality. */
  readonly qp?: number;
  /** Frames from keyframe to keyframe. */
  readonly gop?: number;
  /** x264's and x265's names: ultrafast … veryslow. @default "veryfast"; "ultrafast" where nothing is lost */
  readonly preset?: string;
  /** Frames a second, for players; the real times are in the index. */
  readonly fps?: number;
  /** FFmpeg's name. */
  readonly pixelFormat?: string;
  /** Encoder threads; 0 lets the encoder choose. */
  readonly threads?: number;
  /** `auto`: a hardware encoder if one works. */
  readonly hardware?: "none" | "auto";
}

export type EncoderOption = keyof EncoderOptions;

export interface ChunkWriteOptions {
  /** With "flush", `sync` is never called. */
  readonly durability: Durability;
  /** What `settings` gave. */
  readonly encoder: EncoderOptions;
}

export interface ChunkLocation {
  /** Real path of the store: nothing outside it is ever opened. */
  readonly root: string;
  /** The chunk's folder or video file. */
  readonly path: string;
}

/** Where the bytes of a picture lie in a chunk, and what they are. */
export interface EncodedPicture {
  /** Bytes from the start of the video file; 0 where every picture has a file of its own. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** XXH64 of them. */
  readonly digest: bigint;
}

/** Takes the pictures of one chunk, in order. */
export interface ChunkWriter {
  /** How many writes may be on their way at once; each lands in the place of its call. */
  readonly concurrency: number;
  /**
   * Resolves when the picture can be read even if this process is killed now.
   * @throws {EncodeError} if the picture cannot be written.
   */
  write(image: Image, time: number): Promise<EncodedPicture>;
  /** What a video file begins with until it is closed: it may be needed to mend one. */
  readonly head?: Uint8Array;
  /** After this, every picture whose write has resolved survives a power cut. Never called again after it failed. */
  sync(): Promise<void>;
  /**
   * Makes the chunk what every reader expects.
   * @returns the digest of all bytes of a video file that belong to no picture; undefined where there are none.
   */
  close(): Promise<bigint | undefined>;
  /** Lets go of every file; what was written may stay. */
  abort(): Promise<void>;
}

export interface MendedChunk {
  readonly pictures: readonly EncodedPicture[];
  /** As `ChunkWriter.close` gives it. */
  readonly rest: bigint | undefined;
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

const encoderOptionNames: readonly EncoderOption[] = [
  ...(["quality", "qp", "gop", "preset", "fps", "pixelFormat", "threads", "hardware"] as const),
];

/**
 * What pictures of that shape are encoded with.
 * @param given what was asked for, among anything else.
 * @throws {UnsupportedError} if it means nothing to the format; {RangeError} if it is out of range.
 */
export function encoderSettings(format: ChunkFormat, info: ImageInfo, given: EncoderOptions): EncoderOptions {
  const asked = pickEncoderOptions(given);
  for (const name of Object.keys(asked) as EncoderOption[]) {
    if (format.encoderOptions.includes(name)) continue;
    const known = format.encoderOptions.length > 0 ? format.encoderOptions : ["none"];
    throw new UnsupportedError(`option for ${format.name} stores`, name, known);
  }
  return format.settings?.(info, asked) ?? {};
}

/** Those that are given, without all else that an object may hold. */
export function pickEncoderOptions(given: EncoderOptions): EncoderOptions {
  return Object.fromEntries(
    encoderOptionNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}
