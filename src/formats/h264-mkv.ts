import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** H.264 in Matroska: small, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 18 unless told. */
export const h264Mkv = videoFormat({
  name: "h264/mkv",
  extension: ".mkv",
  lossless: false,
  ...codedAs({ container: "mkv", codec: "h264", quality: 18 }),
});
