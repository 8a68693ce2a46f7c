import type { FrameSink } from "../core/stream.js";

export interface VideoWriteOptions {
  /** Found from the extension when absent. */
  readonly container?: "mp4" | "mkv" | "mov" | "avi";
  /** @default "h264" ("mjpeg" in avi) */
  readonly codec?: "h264" | "h265" | "av1" | "mjpeg" | "ffv1" | "raw" | "h264-rgb";
  /** Frames a second, for players and for frames without a time. @default 25 */
  readonly fps?: number;
  /** Give each frame its own time (variable rate) instead of 1 / fps after the one before. @default false */
  readonly times?: boolean;
  /** Frames from keyframe to keyframe. @default the codec's: 12 for h264, h265, av1; 1 for all others */
  readonly gop?: number;
  /** B-frames between two others. @default 0 */
  readonly bFrames?: number;
  /** Quantiser: 0 is lossless for h264 (CRF 0–51, smaller is better), 1–31 for mjpeg. */
  readonly quality?: number;
  /** x264's and x265's names: ultrafast … veryslow. @default "veryfast" */
  readonly preset?: string;
  /** FFmpeg's name: yuv420p, yuv444p, gray, yuv420p10le, gbrp … @default what fits the frames and the codec */
  readonly pixelFormat?: string;
  /** Encoder threads; 0 lets the encoder choose. @default 0 */
  readonly threads?: number;
  /** Try these encoders first: "auto" means any hardware encoder that really opens. @default "none" */
  readonly hardware?: "none" | "auto";
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}

export interface VideoWriter extends FrameSink {
  readonly path: string;
}

/** Writes frames into a video file; under a temporary name, moved into place by `close()`. */
export function createVideo(_path: string, _options: VideoWriteOptions = {}): Promise<VideoWriter> {
  throw new Error("being built");
}
