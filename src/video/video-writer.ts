import { randomBytes } from "node:crypto";
import { access, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  ClosedError,
  EncodeError,
  ExistsError,
  FrameMismatchError,
  MareyError,
  NotFoundError,
  UnsupportedError,
} from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { describeMismatch, type ImageInfo } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import { createEncodedFile, type EncodedFile } from "./encoded-file.js";
import {
  checkCodec,
  checkPixelFormat,
  codecs,
  containerOf,
  encoderOptions,
  rateAsFraction,
  usualCodec,
  type VideoCodec,
  type VideoContainer,
} from "./encoding.js";

export type { VideoCodec, VideoContainer } from "./encoding.js";

export interface VideoWriteOptions {
  /** Found from the extension when absent. */
  readonly container?: VideoContainer;
  /** @default "h264", in avi "mjpeg" */
  readonly codec?: VideoCodec;
  /** Frames a second: the distance of frames, or with `times` only what players are told. @default 25 */
  readonly fps?: number;
  /**
   * Give each frame its own time (variable rate), to the microsecond, counted from the first frame; Matroska keeps
   * milliseconds. Times have to rise. Not in avi. @default false
   */
  readonly times?: boolean;
  /** Frames from keyframe to keyframe. @default 12 for h264, h265, av1; 1 for all others */
  readonly gop?: number;
  /** B-frames between two others. @default 0 */
  readonly bFrames?: number;
  /**
   * Smaller is better. h264: CRF 0 (lossless) … 51, default 18; h265: likewise, default 20; av1: 0 … 63, default 24;
   * mjpeg: 1 … 31, default 3. ffv1, raw and h264-rgb are lossless.
   */
  readonly quality?: number;
  /** h264 and h265: the same quantiser for all frames, 0 … 51, in the place of `quality`. */
  readonly qp?: number;
  /** x264's and x265's names: ultrafast … veryslow. @default "veryfast" */
  readonly preset?: string;
  /** FFmpeg's name: yuv420p, yuv444p, yuv420p10le … @default what loses least; see `codedFormatFor` */
  readonly pixelFormat?: string;
  /** Encoder threads; 0 lets the encoder choose. @default 0 */
  readonly threads?: number;
  /** `auto`: the first hardware encoder that really opens, or the software one if none does. @default "none" */
  readonly hardware?: "none" | "auto";
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}

/** Ticks a second of files with a variable rate. */
const MICROSECONDS = 1_000_000;

/**
 * Writes frames into a video file. It is written under a temporary name in the same folder and moved into place by
 * `close()`, when it is whole. Size and dtype are those of the first frame.
 * @throws {ExistsError} if the file is there already; {UnsupportedError} for a container, codec or preset that is not
 *   known; {RangeError} for a value out of range.
 */
export async function createVideo(path: string, options: VideoWriteOptions = {}): Promise<VideoWriter> {
  const container = options.container ?? containerOf(path);
  const codec = options.codec ?? usualCodec(container);
  checkCodec(codec, container);
  if (options.pixelFormat !== undefined) checkPixelFormat(options.pixelFormat, codec, container);
  encoderOptions(codec, codecs[codec].encoder, options);
  rateAsFraction(options.fps ?? 25);
  if (options.times && container === "avi") {
    throw new UnsupportedError("variable frame rate in container", "avi", ["mp4", "mkv", "mov"]);
  }
  const target = resolve(path);
  if (!options.overwrite && (await exists(target))) {
    throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
  }
  if (!(await exists(dirname(target)))) throw new NotFoundError(dirname(path), "no such folder");
  return new VideoWriter(target, container, codec, options);
}

/** A video file that is being written. Made by `createVideo`. */
export class VideoWriter implements FrameSink {
  readonly path: string;
  readonly #container: VideoContainer;
  readonly #codec: VideoCodec;
  readonly #options: VideoWriteOptions;
  readonly #temporary: string;
  #info: ImageInfo | undefined;
  #file: EncodedFile | undefined;
  #encoderName = "";
  #frames = 0;
  #firstTime = 0;
  #lastPts = -1;
  /** The frame that is being encoded. */
  #pending: Promise<void> = Promise.resolve();
  #failure: EncodeError | undefined;
  #isClosed = false;

  /** @internal Use `createVideo`. */
  constructor(path: string, container: VideoContainer, codec: VideoCodec, options: VideoWriteOptions) {
    this.path = path;
    this.#container = container;
    this.#codec = codec;
    this.#options = options;
    const unique = randomBytes(4).toString("hex");
    this.#temporary = join(dirname(path), `.${basename(path)}.${unique}.part`);
  }

  /** FFmpeg's name of the encoder at work; empty before the first frame. */
  get encoder(): string {
    return this.#encoderName;
  }

  /** Resolves when the frame has been copied: it is encoded while the caller makes the next one. */
  async write(frame: Frame): Promise<void> {
    if (this.#isClosed) throw new ClosedError(this.path);
    const { image } = frame;
    if (this.#info) {
      const mismatch = describeMismatch(this.#info, image);
      if (mismatch) throw new FrameMismatchError(...(mismatch.split(", got ") as [string, string]));
    } else await this.#start(image, frame.time);
    await this.#pending;
    if (this.#failure) throw this.#failure;
    const pts = this.#ptsOf(frame);
    const distance = Math.max(1, pts - this.#lastPts);
    this.#lastPts = pts;
    this.#frames++;
    const { encoder, muxer } = this.#file!;
    this.#pending = encoder
      .encode(image, pts, (packet) => muxer.write(packet, this.#options.times ? distance : 1))
      .catch((cause: Error) => {
        this.#failure = new EncodeError(this.path, `frame ${this.#frames - 1}: ${cause.message}`, { cause });
      });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#pending;
      if (this.#failure) throw this.#failure;
      if (!this.#file) {
        throw new EncodeError(this.path, "no frame was written, and a video without frames has no size");
      }
      const { encoder, muxer } = this.#file;
      await encoder.finish((packet) => muxer.write(packet, 1));
      await muxer.finish();
      await this.#release();
      await syncFile(this.#temporary);
      if (!this.#options.overwrite && (await exists(this.path))) {
        throw new ExistsError(this.path, "it was made while this one was being written");
      }
      await rename(this.#temporary, this.path);
    } catch (error) {
      await this.#discard();
      throw error instanceof MareyError
        ? error
        : new EncodeError(this.path, (error as Error).message, { cause: error });
    }
  }

  async abort(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pending;
    await this.#discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(info: ImageInfo, time: number): Promise<void> {
    const { times, ...options } = this.#options;
    try {
      this.#file = await createEncodedFile(this.#temporary, info, {
        ...options,
        container: this.#container,
        codec: this.#codec,
        ...(times && { ticks: MICROSECONDS }),
      });
    } catch (cause) {
      await rm(this.#temporary, { force: true });
      if (cause instanceof MareyError) throw cause;
      throw new EncodeError(this.path, (cause as Error).message, { cause });
    }
    this.#info = info;
    this.#firstTime = time;
    this.#encoderName = this.#file.name;
  }

  #ptsOf(frame: Frame): number {
    if (!this.#options.times) return this.#frames;
    const pts = Math.round((frame.time - this.#firstTime) * MICROSECONDS);
    if (!(pts > this.#lastPts)) {
      const found = `frame ${this.#frames} has the time ${frame.time}, which is not later than the one before`;
      throw new EncodeError(this.path, `${found}; without true times it can be written`);
    }
    return pts;
  }

  async #release(): Promise<void> {
    await this.#file?.muxer.close();
    this.#file?.encoder.close();
    this.#file = undefined;
  }

  async #discard(): Promise<void> {
    await this.#release();
    await rm(this.#temporary, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
