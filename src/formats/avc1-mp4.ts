import { videoFormat } from "../store/video-format.js";

/** H.264 in MP4: small, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 18 unless told. */
export const avc1Mp4 = videoFormat({
  name: "avc1/mp4",
  extension: ".mp4",
  lossless: false,
  // FFmpeg is large: it is loaded when the first video is opened.
  open: async (path) => {
    const { openVideo } = await import("../video/open-video.js");
    return openVideo(path, { as: "bgr", rotation: "none", cacheBytes: 2 ** 26 });
  },
  create: async (path, info, { quality = 18 }) => {
    const { LiveVideo } = await import("../video/live-video.js");
    return LiveVideo.create(path, info, { container: "mp4", codec: "h264", pixelFormat: "yuv420p", quality });
  },
  mend: async (from, to, most) => {
    const { mendVideo } = await import("../video/mend-video.js");
    return mendVideo(from, to, most, "mp4");
  },
});
