import { videoFormat } from "../store/video-format.js";

/** H.264 in Matroska: small, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 18 unless told. */
export const h264Mkv = videoFormat({
  name: "h264/mkv",
  extension: ".mkv",
  lossless: false,
  // FFmpeg is large: it is loaded when the first video is opened.
  open: async (path) => {
    const { openVideo } = await import("../video/open-video.js");
    return openVideo(path, { as: "bgr", rotation: "none", cacheBytes: 2 ** 26 });
  },
  create: async (path, _info, { quality = 18 }) => {
    const { createVideo } = await import("../video/video-writer.js");
    return createVideo(path, { container: "mkv", codec: "h264", pixelFormat: "yuv420p", quality });
  },
});
