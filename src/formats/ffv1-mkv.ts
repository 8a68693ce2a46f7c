import type { ImageInfo } from "../core/image.js";
import { videoFormat } from "../store/video-format.js";
import { leastSideOf, optionsOf, type StoreVideo, settingsFor } from "../video/store-encoding.js";

const video: StoreVideo = { container: "mkv", codec: "ffv1" };
// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("../video/store-video.js");

/**
 * FFV1 (RFC 9043) in Matroska, for archives: lossless, half the bytes, every frame stands alone and carries check sums.
 * Gray and BGR of 8 and 16 bit, BGRA of 8, any size. Python reads all of them as 8 bit, without alpha.
 */
export const ffv1Mkv = videoFormat({
  name: "ffv1/mkv",
  extension: ".mkv",
  lossless: true,
  holds,
  leastSide: leastSideOf(video),
  encoderOptions: optionsOf(video),
  settings: (info, asked) => settingsFor(video, info, asked),
  open: async (path, as) => (await ffmpeg()).openStoreVideo(path, as),
  create: async (path, info, settings) => (await ffmpeg()).createStoreVideo(path, info, video, settings),
  mend: async (from, to, most) => (await ffmpeg()).mendVideo(from, to, most, video.container),
});

function holds({ dtype, color }: ImageInfo): boolean {
  if (dtype === "uint8") return color === "gray" || color === "bgr" || color === "bgra";
  return dtype === "uint16" && (color === "gray" || color === "bgr");
}
