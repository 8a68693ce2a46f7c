import { videoFormat } from "../store/video-format.js";
import { optionsOf, type StoreVideo, settingsFor } from "../video/store-encoding.js";

const video: StoreVideo = { container: "avi", codec: "mjpeg", quality: 2 };
// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("../video/store-video.js");

/** Motion JPEG in AVI: every frame stands alone, 8 bit, lossy. `quality` is 1 (best) … 31, 2 unless told. */
export const mjpegAvi = videoFormat({
  name: "mjpeg/avi",
  aliases: ["mjpeg"],
  extension: ".avi",
  lossless: false,
  encoderOptions: optionsOf(video),
  settings: (info, asked) => settingsFor(video, info, asked),
  open: async (path, as) => (await ffmpeg()).openStoreVideo(path, as),
  create: async (path, info, settings) => (await ffmpeg()).createStoreVideo(path, info, video, settings),
  mend: async (from, to, most) => (await ffmpeg()).mendVideo(from, to, most, video.container),
});
