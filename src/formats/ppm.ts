import { toColor } from "../core/color.js";
import { ppm as codec } from "../images/pnm.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

const pictures = codecPictures(codec);

/** PPM pictures, one file a frame: BGR, 8 or 16 bit, uncompressed. Gray frames are stored as colour, as imgstore does. */
export const ppm = directoryFormat({
  name: "ppm",
  extension: ".ppm",
  lossless: true,
  dtypes: ["uint8", "uint16"],
  accepts: ({ color }) => color === "gray" || color === "bgr",
  encode: (image, options) => pictures.encode(toColor(image, "bgr"), options),
  decode: pictures.decode,
});
