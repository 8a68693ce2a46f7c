import { UnsupportedError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import {
  codecs,
  codedFormatFor,
  encoderOptions,
  rateAsFraction,
  type VideoCodec,
  type VideoContainer,
} from "./encoding.js";

/** What the videos of one store format have in common. */
export interface StoreVideo {
  readonly container: VideoContainer;
  readonly codec: VideoCodec;
  /** Unless told; undefined for lossless formats, which have none. */
  readonly quality?: number;
}

/** What may be asked for; each means what it means to `createVideo`. */
export interface StoreVideoOptions {
  readonly quality?: number;
  readonly qp?: number;
  readonly gop?: number;
  readonly preset?: string;
  readonly fps?: number;
  readonly pixelFormat?: string;
  readonly threads?: number;
  readonly hardware?: "none" | "auto";
}

/** Frames from keyframe to keyframe: any frame is near one, and a video is not much larger for it. */
const usualGop = 30;
/** Real times are in the index; 25 is what imgstore writes. */
const usualRate = 25;

/** Without loss, more than the quickest costs a camera's frame rate: "veryfast" takes five times as long for a seventh less. */
function usualPreset({ quality }: StoreVideo): string {
  return quality === undefined ? "ultrafast" : "veryfast";
}

/** Layouts of 8-bit samples that programs which open such a store can be expected to decode. */
const layouts: { readonly [C in VideoCodec]?: readonly string[] } = {
  h264: ["yuv420p", "yuv422p", "yuv444p", "gray"],
  h265: ["yuv420p", "yuv422p", "yuv444p", "gray"],
  av1: ["yuv420p"],
  mjpeg: ["yuvj420p", "yuvj422p", "yuvj444p"],
};

/** Names of the options that mean something to such videos. */
export function optionsOf({ codec, quality }: StoreVideo): readonly (keyof StoreVideoOptions)[] {
  const { isIntra, hardware } = codecs[codec];
  const isLossless = quality === undefined;
  return [
    ...(isLossless ? [] : (["quality", "pixelFormat"] as const)),
    ...(isLossless || (codec !== "h264" && codec !== "h265") ? [] : (["qp"] as const)),
    ...(isIntra ? [] : (["gop", "preset"] as const)),
    ...(isLossless || hardware.length === 0 ? [] : (["hardware"] as const)),
    "fps",
    "threads",
  ];
}

/**
 * All that such frames are encoded with, what was not asked for included. No B-frames, ever: a camera's frames go out
 * in the order they come in.
 * @throws {RangeError} if a value is out of range; {UnsupportedError} if a preset or pixel format is not known.
 */
export function settingsFor(video: StoreVideo, info: ImageInfo, asked: StoreVideoOptions): StoreVideoOptions {
  const { container, codec, quality } = video;
  const { isIntra, encoder } = codecs[codec];
  const { hardware, threads = 0, fps = usualRate } = asked;
  const settings: StoreVideoOptions = {
    ...(quality !== undefined && rateOf(quality, asked)),
    ...(!isIntra && { gop: asked.gop ?? usualGop, preset: asked.preset ?? usualPreset(video) }),
    fps,
    pixelFormat: asked.pixelFormat ?? codedFormatFor(info, codec, container).pixelFormat,
    ...(threads !== 0 && { threads }),
    ...(hardware === "auto" && { hardware }),
  };
  encoderOptions(codec, encoder, settings);
  rateAsFraction(fps);
  if (!Number.isInteger(threads) || threads < 0 || threads > 64) {
    throw new RangeError(`threads must be an integer from 0 to 64, got ${threads}`);
  }
  if (asked.pixelFormat !== undefined) checkLayout(codec, info, asked.pixelFormat);
  return settings;
}

/** A constant quantiser stands in the place of a quality. */
function rateOf(usual: number, { quality, qp }: StoreVideoOptions): StoreVideoOptions {
  if (qp === undefined) return { quality: quality ?? usual };
  return quality === undefined ? { qp } : { quality, qp };
}

function checkLayout(codec: VideoCodec, info: ImageInfo, pixelFormat: string): void {
  const known = layouts[codec] ?? [];
  const fitting = info.color === "gray" ? known : known.filter((name) => name !== "gray");
  if (!fitting.includes(pixelFormat)) {
    throw new UnsupportedError(`pixel format for ${info.color} ${codec} stores`, pixelFormat, fitting);
  }
}
