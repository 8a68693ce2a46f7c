import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** H.264 in MP4: small, 8 bit, lossy. `quality` is the CRF, 0 (best) … 51, 18 unless told. */
export const avc1Mp4 = videoFormat({
  name: "avc1/mp4",
  extension: ".mp4",
  lossless: false,
  ...codedAs({ container: "mp4", codec: "h264", quality: 18 }),
});
