import { UnsupportedError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import { codedFormatFor, containerOf, usualCodec, type VideoCodec, type VideoContainer } from "./encoding.js";
import { isBt601, isFullRange, type PictureTags } from "./ffmpeg/lent-picture.js";
import type { LentFrames } from "./lent-frames.js";
import type { VideoReader } from "./video-reader.js";
import type { VideoWriteOptions } from "./video-writer.js";

/**
 * The frames of a video as planes that go into another as they are, nothing reckoned in between; undefined where its pictures
 * have to become others on their way. See `keepsPlanes`.
 * @param path of the other, which `options` will be written with; what is amiss with them is told by whoever writes it.
 */
export function videoPlanes(
  video: VideoReader,
  path: string,
  options: VideoWriteOptions,
): LentFrames | undefined {
  const frames = video.lent();
  // Hardware takes pictures that are laid out in its own way.
  if (!frames || options.hardware === "auto") return undefined;
  try {
    const container = options.container ?? containerOf(path);
    const codec = options.codec ?? usualCodec(container);
    const { pixelFormat = codedFormatFor(video.info, codec, container).pixelFormat } = options;
    const target = { codec, container, pixelFormat };
    return keepsPlanes(video.info, frames.tags, target) ? frames : undefined;
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

/** What is to be written. */
export interface PlanesTarget {
  readonly codec: VideoCodec;
  readonly container: VideoContainer;
  /** FFmpeg's name. */
  readonly pixelFormat: string;
}

/** Planar YUV without alpha, and gray: what decoders and encoders lay out alike. */
const plainPlanes = /^(yuv4(20|22|44)p|gray)(10le|12le)?$/;

/**
 * Whether decoded pictures can go to the encoder as they are, and be seen then as they were: the file is to have the very pixel
 * format that they have, and can say what their samples mean (range, matrix).
 *
 * H.264 and H.265 say it in their own headers, in any container. AV1's full range is not heeded by all that read it. JPEG is
 * BT.601 at full range and cannot say anything else; planes at limited range are brought to it, and chroma stays where it is.
 * FFV1 leaves it to the container, of which Matroska does.
 */
export function keepsPlanes(
  { width, height }: Pick<ImageInfo, "width" | "height">,
  picture: PictureTags,
  { codec, container, pixelFormat }: PlanesTarget,
): boolean {
  const found = picture.pixelFormat.replace(/^yuvj/, "yuv");
  if (!plainPlanes.test(found) || pixelFormat.replace(/^yuvj/, "yuv") !== found) return false;
  const isOdd = width % 2 === 1 || height % 2 === 1;
  if (isOdd && /^yuv42/.test(found)) return false;
  if (codec === "h264" || codec === "h265") return true;
  if (codec === "av1") return !isFullRange(picture);
  if (codec === "mjpeg") return isBt601(picture);
  return codec === "ffv1" && container === "mkv";
}
