import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";

/** Motion JPEG in AVI: every frame stands alone, 8 bit, lossy. `quality` is 1 (best) … 31, 2 unless told. */
export const mjpegAvi = videoFormat({
  name: "mjpeg/avi",
  aliases: ["mjpeg"],
  extension: ".avi",
  lossless: false,
  ...codedAs({ container: "avi", codec: "mjpeg", quality: 2 }),
});
