import type { FrameIndex } from "../core/frame-index.js";
import type { FrameRange, FrameSink, SeekableSource } from "../core/stream.js";
import type { BoundTransform } from "../transforms/transform-kind.js";
import type { ConvertProgress } from "./rate-meter.js";
import type { Recipe } from "./recipe.js";

/**
 * How a source becomes something else.
 * @typeParam O what `open` takes. @typeParam C what `create` takes.
 */
export interface ConvertOptionsOf<O, C> {
  /**
   * Which frames, by index, of what the transforms give; or what finds them in its index.
   * @default all
   */
  readonly range?: FrameRange | ((index: FrameIndex) => FrameRange);
  /** What the frames are seen through, in this order. */
  readonly transforms?: readonly BoundTransform[];
  /** How the input is opened. */
  readonly open?: O;
  /** What is made, and how. The rate of a video is the input's, if no `fps` is given. */
  readonly create?: C;
  /**
   * Threads that bend pictures, beside the main one; 0: none. Built-in transforms and those of modules go there if they bend
   * each picture by itself; all others stay. The result is the same.
   * @default one fewer than there are cores, where bending is what takes the time and cores are idle meanwhile; else none
   */
  readonly jobs?: number;
  /**
   * Video to mp4, mkv or mov: the packets as they are, nothing decoded. Begins with the keyframe at or before the first frame;
   * "exact" refuses where that is another frame. @default false
   */
  readonly copy?: boolean | "exact";
  /** Write `OUTPUT.recipe.json`, which says what the result was made of, and how. @default true */
  readonly recipe?: boolean;
  /** Stops between two frames, and all threads. Nothing half-written is left. */
  readonly signal?: AbortSignal;
  /** After which reasons of the signal a store keeps the frames that it has. @default after none */
  readonly keepsPart?: (reason: unknown) => boolean;
  /** Called after each frame that is written. */
  readonly onProgress?: (progress: ConvertProgress) => void;
  /** Called when the output has been made, before its first frame. */
  readonly onStart?: () => void;
}

/** As the room sees them: what they hold is the business of `open` and `create`. */
export type AnyConvertOptions = ConvertOptionsOf<
  Readonly<Record<string, unknown>>,
  Readonly<Record<string, unknown>>
>;

/** What came of it. */
export interface ConvertReceipt {
  readonly input: string;
  readonly output: string;
  /** Frames written. */
  readonly frames: number;
  /** Seconds that it took. */
  readonly seconds: number;
  /** Rows of extra data that went along, and that were left out with their frames; 0 where there are none. */
  readonly rows: { readonly written: number; readonly left: number };
  /** How far evenly spaced frames of a video stand off their own time at most, in seconds; 0 if less than half a frame. */
  readonly drift: number;
  /** Frames of the input that a copy holds, [start, stop): at least those that were asked for. */
  readonly copied?: { readonly start: number; readonly stop: number };
  /** Absent if none was wanted; as is `recipePath`, where it lies. */
  readonly recipe?: Recipe;
  readonly recipePath?: string;
}

/** Frames that are copied. */
export interface CopyRequest {
  readonly start: number;
  readonly stop: number;
  readonly exact?: boolean;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly onPacket?: (written: number) => void;
}

/** What a conversion needs of the rest of Marey. */
export interface House {
  /** Of Marey. */
  version(): Promise<string>;
  open(path: string, options: object): Promise<SeekableSource>;
  create(path: string, options: object): Promise<FrameSink>;
  /**
   * The frames of a video as planes that go into another as they are: where it is to have the pixel format that they have, and can
   * say what their samples mean. Undefined for all else.
   * @param create what `create` will be told.
   */
  planes(source: SeekableSource, output: string, create: object): Promise<SeekableSource | undefined>;
  /** "store", "video", "images" or "array". */
  sniff(path: string): Promise<string>;
  kindOfName(path: string, options: { readonly format?: string }): string;
  /** Which frames a copy would have. @throws {UnsupportedError} if the source is no video, or cannot be copied. */
  copiedRange(source: SeekableSource, request: CopyRequest): Promise<{ start: number; stop: number }>;
  copyVideo(
    source: SeekableSource,
    to: string,
    request: CopyRequest,
  ): Promise<{ start: number; stop: number }>;
}
