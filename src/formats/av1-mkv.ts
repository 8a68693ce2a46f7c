import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** AV1 in Matroska: smallest, slow, 8 bit, lossy. `quality` is the CRF, 0 (best) … 63, 24 unless told. */
export const av1Mkv = videoFormat({
  name: "av1/mkv",
  extension: ".mkv",
  lossless: false,
  ...codedAs({ container: "mkv", codec: "av1", quality: 24 }),
});
