import type { ImageInfo } from "../core/image.js";
import {
  type CodedFormat,
  codecs,
  codedFormatFor,
  encoderOptions,
  rateAsFraction,
  type VideoCodec,
  type VideoContainer,
} from "./encoding.js";
import { Encoder, type EncoderSettings } from "./ffmpeg/encoder.js";
import { fullRange, isFullRange, type PictureTags } from "./ffmpeg/lent-picture.js";
import { Muxer } from "./ffmpeg/muxer.js";
import { inputFormat } from "./hardware-encoding.js";
import type { RateOptions } from "./rate-options.js";

/** What a video file is encoded with; the options are those of `createVideo`. */
export interface EncodedFileOptions extends RateOptions {
  readonly container: VideoContainer;
  readonly codec: VideoCodec;
  readonly fps?: number | undefined;
  readonly pixelFormat?: string | undefined;
  readonly threads?: number | undefined;
  readonly hardware?: "none" | "auto" | undefined;
  /** Ticks a second, where frames have times of their own. */
  readonly ticks?: number | undefined;
  /** Where decoded pictures are encoded as they are: what they say of themselves. */
  readonly tags?: PictureTags | undefined;
}

/** An encoder and the file that its packets go into; whoever asked for it closes both. */
export interface EncodedFile {
  readonly encoder: Encoder;
  readonly muxer: Muxer;
  /** FFmpeg's name of the encoder at work. */
  readonly name: string;
}

/**
 * Opens an encoder and creates a video file with its header.
 * @param isLive the file can be read at any moment up to its last packet; see `Muxer`.
 * @throws {Error} in FFmpeg's words, or {UnsupportedError} if the codec cannot hold such frames; no file is left open.
 */
export async function createEncodedFile(
  path: string,
  info: ImageInfo,
  options: EncodedFileOptions,
  isLive = false,
): Promise<EncodedFile> {
  const { codec, container, ticks } = options;
  const tags = options.tags && tagsFor(options.tags, codec);
  const coded = tags ? planesOf(tags, codec) : codedFormatFor(info, codec, container);
  const rate = rateAsFraction(options.fps ?? 25);
  const pixelFormat = tags ? coded.pixelFormat : (options.pixelFormat ?? coded.pixelFormat);
  const muxer = new Muxer(path, container, isLive);
  let opened: { encoder: Encoder; name: string } | undefined;
  try {
    opened = await openFirst(encoderNames(options), (name) => ({
      encoder: name,
      width: info.width,
      height: info.height,
      pixelFormat: inputFormat(name, pixelFormat),
      isFullRange: coded.isFullRange,
      tags,
      rate,
      timeBase: ticks === undefined ? { num: rate.den, den: rate.num } : { num: 1, den: ticks },
      threads: options.threads ?? 0,
      options: encoderOptions(codec, name, { ...options, isLive }),
      hasGlobalHeader: muxer.hasGlobalHeader,
    }));
    await muxer.start(opened.encoder.context, tagOf(codec, container, pixelFormat));
    return { ...opened, muxer };
  } catch (error) {
    await muxer.close();
    opened?.encoder.close();
    throw error;
  }
}

/** What the file is to say of pictures that say that: JPEG has no other range than the full one. */
function tagsFor(tags: PictureTags, codec: VideoCodec): PictureTags {
  return codec === "mjpeg" ? fullRange(tags) : tags;
}

/** The format that the pictures have, by the name that the encoder knows. */
function planesOf(tags: PictureTags, codec: VideoCodec): CodedFormat {
  const name = tags.pixelFormat.replace(/^yuvj/, "yuv");
  return {
    pixelFormat: codec === "mjpeg" ? name.replace(/^yuv/, "yuvj") : name,
    isFullRange: isFullRange(tags),
  };
}

function encoderNames({ codec, hardware }: EncodedFileOptions): readonly string[] {
  const { encoder, hardware: others } = codecs[codec];
  return hardware === "auto" ? [...others, encoder] : [encoder];
}

function tagOf(codec: VideoCodec, container: VideoContainer, coded: string): string | number | undefined {
  // Apple's players want this name of H.265.
  if (codec === "h265" && container !== "mkv") return "hvc1";
  // The encoder's own name of packed BGR is one that no reader of AVI knows.
  return codec === "raw" && coded === "bgr24" ? 0 : undefined;
}

/** The first encoder that opens; what kept the others from it is told only if none does. */
async function openFirst(
  names: readonly string[],
  settings: (name: string) => EncoderSettings,
): Promise<{ encoder: Encoder; name: string }> {
  const problems: string[] = [];
  for (const name of names) {
    try {
      return { encoder: await Encoder.open(settings(name)), name };
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throw new Error(problems.join("; "));
}
