import { pgm as codec } from "../images/pnm.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

/** PGM pictures, one file a frame: gray, 8 or 16 bit, uncompressed. */
export const pgm = directoryFormat({
  name: "pgm",
  extension: ".pgm",
  lossless: true,
  dtypes: ["uint8", "uint16"],
  ...codecPictures(codec),
});
