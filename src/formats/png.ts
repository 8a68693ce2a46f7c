import { png as codec } from "../images/png.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

/** PNG pictures, one file a frame: gray, BGR or BGRA, 8 or 16 bit, lossless. */
export const png = directoryFormat({
  name: "png",
  extension: ".png",
  lossless: true,
  dtypes: ["uint8", "uint16"],
  ...codecPictures(codec),
});
