import { videoFormat } from "../store/video-format.js";
import { optionsOf, type StoreVideo, settingsFor } from "../video/store-encoding.js";

const video: StoreVideo = { container: "mkv", codec: "h264", quality: 18 };
// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("../video/store-video.js");

/** H.264 in Matroska: small, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 18 unless told. */
export const h264Mkv = videoFormat({
  name: "h264/mkv",
  extension: ".mkv",
  lossless: false,
  encoderOptions: optionsOf(video),
  settings: (info, asked) => settingsFor(video, info, asked),
  open: async (path, as) => (await ffmpeg()).openStoreVideo(path, as),
  create: async (path, info, settings) => (await ffmpeg()).createStoreVideo(path, info, video, settings),
  mend: async (from, to, most) => (await ffmpeg()).mendVideo(from, to, most, video.container),
});
