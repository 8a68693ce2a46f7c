import { tiff as codec } from "../images/tiff.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

/** TIFF pictures, one file a frame: gray, BGR or BGRA, 8 or 16 bit or float, lossless. */
export const tif = directoryFormat({
  name: "tif",
  extension: ".tif",
  lossless: true,
  dtypes: ["uint8", "uint16", "float32"],
  ...codecPictures(codec),
});
