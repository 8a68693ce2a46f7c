import type { FrameClocks, Stamp } from "./frame.js";
import type { ImageInfo } from "./image.js";

/** The codecs whose packets are handed on as they are, by FFmpeg's names. */
export type CodedCodec = "h264" | "hevc" | "mjpeg" | "av1";

/** What a decoder or a container has to know before the first packet. Plain data. */
export interface CodedInfo {
  readonly codec: CodedCodec;
  /** Pixels of the decoded picture. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** FFmpeg's name of the decoded picture's layout: yuv420p, yuvj422p, gray … */
  readonly pixelFormat: string;
  /**
   * The codec's own headers: parameter sets as in the byte stream (Annex B), or as ISO files keep them (avcC, hvcC, av1C),
   * whichever the packets go with. Empty for a codec that has none.
   */
  readonly extradata: Uint8Array;
}

/** A frame as a camera or encoder compressed it: one packet, which holds one picture. */
export interface CodedFrame extends Stamp {
  /** Nobody writes to it once it has been handed on. */
  readonly data: Uint8Array;
  /** It decodes without any other, and so do all that come after it. */
  readonly isKey: boolean;
  /** What its time was made of, where a camera was recorded. */
  readonly clocks?: FrameClocks;
  /** Seconds on the clock of whoever made it, at which it is shown; where it is known, it never falls. */
  readonly pts?: number;
  /** What it is decoded with: the same object from frame to frame; another one, at a keyframe, when that has changed. */
  readonly coded: CodedInfo;
}

/** Frames that come one after another, compressed, in the order in which they are shown. */
export interface CodedSource<F extends CodedFrame = CodedFrame> extends AsyncIterable<F> {
  /** What its pictures are when they are decoded, as they were when it was opened. */
  readonly info: ImageInfo;
  /** What the first frame is decoded with, unless the frame itself says otherwise. */
  readonly coded: CodedInfo;
}

/** Whether packets of the one can follow those of the other in one file. */
export function isSameCoding(one: CodedInfo, other: CodedInfo): boolean {
  if (one === other) return true;
  return (
    one.codec === other.codec &&
    one.width === other.width &&
    one.height === other.height &&
    one.pixelFormat === other.pixelFormat &&
    one.extradata.length === other.extradata.length &&
    one.extradata.every((byte, at) => byte === other.extradata[at])
  );
}

/** Where compressed frames go, as they are. */
export interface CodedSink extends AsyncDisposable {
  /**
   * Frames are written in the order of the calls, whether they are awaited or not.
   * @returns true when the frame is written, as safely as the sink promises; false if it was left out, because one that it
   *   leans on is missing: it comes before the first keyframe, or after a frame that was skipped or failed.
   * @throws {FrameMismatchError} if it does not fit the sink; {UnsupportedError} if frames do not come in the order in which
   *   they are shown; {EncodeError} if it cannot be written.
   */
  write(frame: CodedFrame): Promise<boolean>;
  /** Says that whoever calls has dropped a frame before the next one: what leans on it is left out, up to a keyframe. */
  skip(): void;
  /** How many writes may be on their way while one more is begun. @default 0 */
  readonly ahead?: number;
  /** May be called twice. */
  close(): Promise<void>;
  /** Lets go, and leaves nothing unfinished. */
  abort?(): Promise<void>;
}
