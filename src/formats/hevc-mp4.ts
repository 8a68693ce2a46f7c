import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** H.265 in MP4: smaller than H.264 and slower, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 20 unless told. */
export const hevcMp4 = videoFormat({
  name: "hevc/mp4",
  extension: ".mp4",
  lossless: false,
  ...codedAs({ container: "mp4", codec: "h265", quality: 20 }),
});
