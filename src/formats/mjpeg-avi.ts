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
  create: async (path, info, { quality = 2 }) => {
    const { LiveVideo } = await import("../video/live-video.js");
    return LiveVideo.create(path, info, {
      container: "avi",
      codec: "mjpeg",
      pixelFormat: "yuvj420p",
      quality,
    });
  },
  mend: async (from, to, most) => {
    const { mendVideo } = await import("../video/mend-video.js");
    return mendVideo(from, to, most, "avi");
  },
});
