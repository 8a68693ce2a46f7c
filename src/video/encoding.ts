import { UnsupportedError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import { hardwareOptions } from "./hardware-encoding.js";
import type { RateOptions } from "./rate-options.js";

/** The codecs that Marey writes. `h264-rgb` is lossless H.264 of the RGB samples themselves. */
export type VideoCodec = "h264" | "h265" | "av1" | "mjpeg" | "ffv1" | "raw" | "h264-rgb";

export type VideoContainer = "mp4" | "mkv" | "mov" | "avi";

interface CodecFacts {
  /** FFmpeg's software encoder. */
  readonly encoder: string;
  /** FFmpeg's hardware encoders that take pictures from main memory, the likeliest first. */
  readonly hardware: readonly string[];
  readonly containers: readonly VideoContainer[];
  readonly isIntra: boolean;
  /** Pixels of the shortest side that its encoder takes. A smaller picture is an error to some; SVT-AV1 never ends. */
  readonly leastSide: number;
}

const video = ["mp4", "mkv", "mov", "avi"] as const;

export const codecs: { readonly [C in VideoCodec]: CodecFacts } = {
  h264: {
    encoder: "libx264",
    hardware: ["h264_nvenc", "h264_qsv", "h264_videotoolbox", "h264_amf"],
    containers: video,
    isIntra: false,
    leastSide: 1,
  },
  h265: {
    encoder: "libx265",
    hardware: ["hevc_nvenc", "hevc_qsv", "hevc_videotoolbox", "hevc_amf"],
    containers: ["mp4", "mkv", "mov"],
    isIntra: false,
    leastSide: 16,
  },
  av1: {
    encoder: "libsvtav1",
    hardware: ["av1_nvenc", "av1_qsv", "av1_amf"],
    containers: ["mp4", "mkv"],
    isIntra: false,
    leastSide: 32,
  },
  mjpeg: { encoder: "mjpeg", hardware: [], containers: video, isIntra: true, leastSide: 1 },
  ffv1: { encoder: "ffv1", hardware: [], containers: ["mkv", "avi", "mov"], isIntra: true, leastSide: 2 },
  raw: { encoder: "rawvideo", hardware: [], containers: ["avi", "mkv"], isIntra: true, leastSide: 1 },
  "h264-rgb": {
    encoder: "libx264rgb",
    hardware: [],
    containers: ["mp4", "mkv", "mov"],
    isIntra: false,
    leastSide: 1,
  },
};

const extensions: Record<string, VideoContainer> = {
  mp4: "mp4",
  m4v: "mp4",
  mkv: "mkv",
  mov: "mov",
  avi: "avi",
};

/** The container that a file name asks for. @throws {UnsupportedError} if it is none that is written. */
export function containerOf(path: string): VideoContainer {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const container = extensions[extension];
  if (!container)
    throw new UnsupportedError(
      "video file name",
      path,
      Object.keys(extensions).map((e) => `.${e}`),
    );
  return container;
}

/** The container's usual codec. */
export function usualCodec(container: VideoContainer): VideoCodec {
  return container === "avi" ? "mjpeg" : "h264";
}

/** @throws {UnsupportedError} if the codec is unknown or the container cannot hold it. */
export function checkCodec(codec: VideoCodec, container: VideoContainer): CodecFacts {
  const facts = codecs[codec] as CodecFacts | undefined;
  if (!facts) throw new UnsupportedError("video codec", codec, Object.keys(codecs));
  if (!facts.containers.includes(container)) {
    throw new UnsupportedError("container for this codec", `${codec} in ${container}`, facts.containers);
  }
  return facts;
}

/** How a picture is laid out for an encoder. */
export interface CodedFormat {
  /** FFmpeg's name. */
  readonly pixelFormat: string;
  /** Samples use the full range 0 … 255 (tagged so), not 16 … 235. */
  readonly isFullRange: boolean;
}

/**
 * The layouts of raw samples that a container can name, so that they are read back as what they are. FFmpeg writes
 * others too, and then reads them as something else, or not at all.
 */
const rawFormats: { readonly [container: string]: readonly string[] } = {
  avi: ["gray", "bgr24", "bgra"],
  mkv: ["gray", "gray16le", "rgb48le"],
};

/** @throws {UnsupportedError} if frames in that pixel format could not be read back from that container. */
export function checkPixelFormat(pixelFormat: string, codec: VideoCodec, container: VideoContainer): void {
  if (codec === "raw" && !rawFormats[container]?.includes(pixelFormat)) {
    throw new UnsupportedError(`pixel format of raw ${container}`, pixelFormat, rawFormats[container]);
  }
}

/**
 * The pixel format in which frames of that shape lose the least in that codec.
 *
 * Gray goes untouched into the luma plane, full range and tagged so, with neutral chroma where the codec wants chroma:
 * every player shows it, and lossless settings give it back to the bit; in AV1 it takes the limited range. Colour becomes 4:2:0 as players expect, BT.601
 * and tagged so; 4:4:4 where the size is odd, since 4:2:0 would cut a row or column.
 * @throws {UnsupportedError} if the codec cannot hold such frames.
 */
export function codedFormatFor(info: ImageInfo, codec: VideoCodec, container: VideoContainer): CodedFormat {
  const { dtype, color } = info;
  const { leastSide } = codecs[codec];
  if (Math.min(info.width, info.height) < leastSide) {
    throw new UnsupportedError(`frames for codec ${codec}`, describeImage(info), [
      `${leastSide}x${leastSide} and larger`,
    ]);
  }
  const isOdd = info.width % 2 === 1 || info.height % 2 === 1;
  const full = (pixelFormat: string): CodedFormat => ({ pixelFormat, isFullRange: true });
  const bits = dtype === "uint8" ? 8 : dtype === "uint16" ? (info.bits ?? 16) : 0;
  if (codec === "raw") {
    const pixelFormat = rawFormat(color, bits);
    if (rawFormats[container]?.includes(pixelFormat)) return full(pixelFormat);
    throw new UnsupportedError(`frames for raw ${container}`, describeImage(info), advice(codec));
  }
  if (bits > 0 && color === "gray") {
    const format = grayFormat(codec, bits, isOdd);
    // Decoders of AV1 give no sign of the full range that FFmpeg's plain conversion looks for: OpenCV would stretch it.
    if (format) return { pixelFormat: format, isFullRange: codec !== "av1" };
  }
  if (bits > 0 && (color === "bgr" || color === "rgb")) {
    if (codec === "ffv1") return full(bits === 8 ? "bgr0" : "gbrp16le");
    if (codec === "h264-rgb" && bits === 8) return full("bgr24");
    if (codec === "mjpeg" && bits === 8) return full("yuvj420p");
    if ((codec === "h264" || codec === "h265") && bits === 8) {
      return { pixelFormat: isOdd ? "yuv444p" : "yuv420p", isFullRange: false };
    }
    if (codec === "h264" || codec === "h265") {
      return { pixelFormat: isOdd ? "yuv444p10le" : "yuv420p10le", isFullRange: false };
    }
    if (codec === "av1" && !isOdd) {
      return { pixelFormat: bits === 8 ? "yuv420p" : "yuv420p10le", isFullRange: false };
    }
  }
  if (bits === 8 && (color === "bgra" || color === "rgba") && codec === "ffv1") {
    return full("bgra");
  }
  throw new UnsupportedError(`frames for codec ${codec}`, describeImage(info), advice(codec));
}

function rawFormat(color: ImageInfo["color"], bits: number): string {
  if (bits === 0) return "none";
  if (color === "gray") return bits === 8 ? "gray" : "gray16le";
  if (color === "bgr" || color === "rgb") return bits === 8 ? "bgr24" : "rgb48le";
  return bits === 8 && (color === "bgra" || color === "rgba") ? "bgra" : "none";
}

function grayFormat(codec: VideoCodec, bits: number, isOdd: boolean): string | undefined {
  if (codec === "ffv1") return bits === 8 ? "gray" : `gray${bits <= 10 ? 10 : bits <= 12 ? 12 : 16}le`;
  if (codec === "mjpeg") return bits === 8 ? "yuvj420p" : undefined;
  if (codec === "h264-rgb") return undefined;
  if (bits === 8) return isOdd ? (codec === "av1" ? undefined : "yuv444p") : "yuv420p";
  if (bits <= 10 && codec !== "av1") return "gray10le";
  return bits <= 12 && codec === "h265" ? "gray12le" : undefined;
}

function advice(codec: VideoCodec): readonly string[] {
  if (codec === "ffv1") return ["uint8 and uint16, gray, bgr, rgb; uint8 bgra, rgba"];
  if (codec === "h264-rgb") return ["uint8 bgr, rgb"];
  if (codec === "raw") {
    return ["avi: uint8 gray, bgr, rgb, bgra, rgba", "mkv: uint8 gray; uint16 gray, bgr, rgb"];
  }
  return ["uint8 gray, bgr, rgb; for 16 bit use ffv1"];
}

const presets = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
] as const;

/**
 * The encoder's options by FFmpeg's names.
 * @throws {RangeError} if a value is outside what the codec has; {UnsupportedError} for an unknown preset.
 */
export function encoderOptions(codec: VideoCodec, encoder: string, options: RateOptions): [string, string][] {
  const preset = options.preset ?? "veryfast";
  if (!(presets as readonly string[]).includes(preset)) throw new UnsupportedError("preset", preset, presets);
  const quality = checkRange(
    "quality",
    options.quality,
    0,
    codec === "av1" ? 63 : codec === "mjpeg" ? 31 : 51,
  );
  const qp = checkRange("qp", options.qp, 0, 51);
  if (qp !== undefined && quality !== undefined) throw new RangeError("quality and qp exclude each other");
  if (qp !== undefined && codec !== "h264" && codec !== "h265") {
    throw new UnsupportedError("option for this codec", `qp of ${codec}`, ["h264", "h265"]);
  }
  const gop = checkRange("gop", options.gop, 1, 100_000) ?? (codecs[codec].isIntra ? 1 : 12);
  const bFrames = checkRange("bFrames", options.bFrames, 0, options.isLive ? 0 : 16) ?? 0;
  const set: [string, string][] = [["g", String(gop)]];
  if (encoder === "libx264" || encoder === "libx264rgb") {
    const constant = codec === "h264-rgb" || quality === 0 ? 0 : qp;
    set.push(
      ["preset", preset],
      ["bf", String(bFrames)],
      constant === undefined ? ["crf", String(quality ?? 18)] : ["qp", String(constant)],
    );
    if (options.isLive) set.push(["tune", "zerolatency"]);
  } else if (encoder === "libx265") {
    const rate = quality === 0 ? ":lossless=1" : qp === undefined ? "" : `:qp=${qp}`;
    set.push(["preset", preset], ["tag", "hvc1"]);
    if (qp === undefined) set.push(["crf", String(quality ?? 20)]);
    set.push(["x265-params", `log-level=none:bframes=${bFrames}:keyint=${gop}${rate}`]);
    if (options.isLive) set.push(["tune", "zerolatency"]);
  } else if (encoder === "libsvtav1") {
    set.push(
      ["preset", String(12 - presets.indexOf(preset as (typeof presets)[number]))],
      ["crf", String(quality ?? 24)],
    );
    if (options.isLive) set.push(["svtav1-params", "pred-struct=1:lookahead=0"]);
  } else if (encoder === "mjpeg") {
    // FFmpeg's scale: 1 (best) … 31, in units of 118.
    set.push(["flags", "+qscale"], ["global_quality", String(Math.max(1, quality ?? 3) * 118)]);
    if (options.isLive) set.push(["thread_type", "slice"]);
  } else if (encoder === "ffv1") {
    set.push(["level", "3"], ["slicecrc", "1"], ["slices", "4"]);
  } else if (codec !== "raw") {
    set.push(["bf", String(bFrames)], ...hardwareOptions(encoder, options));
  }
  return set.filter(([name]) => name !== "tag");
}

function checkRange(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`);
  }
  return value;
}

/** Frames a second as a fraction that containers like: 30000/1001 for 29.97. @throws {RangeError} if not above 0. */
export function rateAsFraction(fps: number): { readonly num: number; readonly den: number } {
  if (!(fps > 0) || !Number.isFinite(fps)) throw new RangeError(`fps must be above 0, got ${fps}`);
  const ntsc = Math.round(fps * 1.001);
  if (!Number.isInteger(fps) && Math.abs(ntsc / 1.001 - fps) < 0.005) return { num: ntsc * 1000, den: 1001 };
  const den = Number.isInteger(fps) ? 1 : 1000;
  const num = Math.max(1, Math.round(fps * den));
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
