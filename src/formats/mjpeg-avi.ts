import { videoFormat } from "../store/video-format.js";

/** Motion JPEG in AVI: every frame stands alone, 8 bit, lossy. `quality` is 1 (best) … 31, 2 unless told. */
export const mjpegAvi = videoFormat({
  name: "mjpeg/avi",
  aliases: ["mjpeg"],
  extension: ".avi",
  lossless: false,
  // FFmpeg is large: it is loaded when the first video is opened.
  open: async (path) => {
    const { openVideo } = await import("../video/open-video.js");
    return openVideo(path, { as: "bgr", rotation: "none", cacheBytes: 2 ** 26 });
  },
  create: async (path, _info, { quality = 2 }) => {
    const { createVideo } = await import("../video/video-writer.js");
    return createVideo(path, { container: "avi", codec: "mjpeg", pixelFormat: "yuvj420p", quality });
  },
});
