import type { ImageInfo } from "../core/image.js";
import { videoFormat } from "../store/video-format.js";
import { codedAs } from "../video/coded-as.js";
import type { StoreVideo } from "../video/store-encoding.js";

/** Gray is the luma, full range and tagged so; colour is coded as the RGB that it is. */
const videoOf = ({ color }: Pick<ImageInfo, "color">): StoreVideo => ({
  container: "mkv",
  codec: color === "gray" ? "h264" : "h264-rgb",
});

/**
 * H.264 without loss in Matroska: gray, Bayer mosaics and BGR of 8 bit, any size. Twice as fast as FFV1. A scene that
 * stands still is nearly as small, and as a mosaic much smaller: FFV1 knows only the pixels beside, which are of other
 * colours. Browsers and hardware do not play it.
 */
export const h264LosslessMkv = videoFormat({
  name: "h264-lossless/mkv",
  extension: ".mkv",
  lossless: true,
  holds: ({ dtype, color }) => dtype === "uint8" && (color === "gray" || color === "bgr"),
  ...codedAs(videoOf),
});
