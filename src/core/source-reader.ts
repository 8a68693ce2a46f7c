import type { SeekableSource } from "./stream.js";

/** What a file cannot say of itself; each reader takes what concerns it. */
export interface SourceReaderOptions {
  /** Frames a second, where the file knows no time. @default 25 */
  readonly fps?: number;
  /** What the axes of an array mean, slowest first: "thw", "hwt" ... @default found from its shape */
  readonly axes?: string;
  /** Which array of a file that holds several. @default the only one that can be pictures */
  readonly key?: string;
  /** Which channel, where several were recorded that are no colours: 0, 1 … @default all of them */
  readonly channel?: number;
  /** Pixels of each picture, where a file is bare samples and nothing beside it says so. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Byte order of samples, where the format does not say. @default "little" */
  readonly byteOrder?: "little" | "big";
}

/** One format of recordings or arrays that is neither a store, nor pictures, nor a video that FFmpeg
 * reads. */
export interface SourceReader {
  /** Short name: "norpix". */
  readonly name: string;
  /** What `sniff` says of such a file. */
  readonly kind: "recording" | "array" | "video";
  /**
   * True if the file is of this format. The content decides; only for files that are bare samples does it go by what
   * lies beside them.
   * @param head the first bytes of the file: 4096, or all of it.
   */
  matches(head: Uint8Array, path: string): boolean | Promise<boolean>;
  /**
   * @throws {FileFormatError} if the file is damaged beyond reading any frame.
   * @throws {UnsupportedError} if it is whole, but of a kind that is not read here.
   */
  open(path: string, options: SourceReaderOptions): Promise<SeekableSource>;
}
