import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** H.265 in Matroska: smaller than H.264 and slower, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 20 unless told. */
export const hevcMkv = videoFormat({
  name: "hevc/mkv",
  extension: ".mkv",
  lossless: false,
  ...codedAs({ container: "mkv", codec: "h265", quality: 20 }),
});
