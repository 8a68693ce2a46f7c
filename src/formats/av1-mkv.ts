import { videoFormat } from "../store/video-format.js";
import { leastSideOf, optionsOf, type StoreVideo, settingsFor } from "../video/store-encoding.js";

const video: StoreVideo = { container: "mkv", codec: "av1", quality: 24 };
// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("../video/store-video.js");

/** AV1 in Matroska: smallest, slow, 8 bit, lossy. `quality` is the CRF, 0 (best) … 63, 24 unless told. */
export const av1Mkv = videoFormat({
  name: "av1/mkv",
  extension: ".mkv",
  lossless: false,
  leastSide: leastSideOf(video),
  encoderOptions: optionsOf(video),
  settings: (info, asked) => settingsFor(video, info, asked),
  open: async (path, as) => (await ffmpeg()).openStoreVideo(path, as),
  create: async (path, info, settings) => (await ffmpeg()).createStoreVideo(path, info, video, settings),
  mend: async (from, to, most) => (await ffmpeg()).mendVideo(from, to, most, video.container),
});
