import { videoFormat } from "../store/video-format.js";
import { leastSideOf, optionsOf, type StoreVideo, settingsFor } from "../video/store-encoding.js";

const video: StoreVideo = { container: "mp4", codec: "h265", quality: 20 };
// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("../video/store-video.js");

/** H.265 in MP4: smaller than H.264 and slower, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 20 unless told. */
export const hevcMp4 = videoFormat({
  name: "hevc/mp4",
  extension: ".mp4",
  lossless: false,
  leastSide: leastSideOf(video),
  encoderOptions: optionsOf(video),
  settings: (info, asked) => settingsFor(video, info, asked),
  open: async (path, as) => (await ffmpeg()).openStoreVideo(path, as),
  create: async (path, info, settings) => (await ffmpeg()).createStoreVideo(path, info, video, settings),
  mend: async (from, to, most) => (await ffmpeg()).mendVideo(from, to, most, video.container),
});
