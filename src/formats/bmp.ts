import { bmp as codec } from "../images/bmp.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

/** BMP pictures, one file a frame: gray, BGR or BGRA, 8 bit, uncompressed. */
export const bmp = directoryFormat({
  name: "bmp",
  extension: ".bmp",
  lossless: true,
  dtypes: ["uint8"],
  ...codecPictures(codec),
});
