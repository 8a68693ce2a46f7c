import { jpeg as codec } from "../images/jpeg.js";
import { codecPictures, directoryFormat } from "../store/directory-format.js";

/** JPEG pictures, one file a frame: gray or BGR, 8 bit, lossy. `quality` is 1 … 100, 95 unless told. */
export const jpg = directoryFormat({
  name: "jpg",
  extension: ".jpg",
  lossless: false,
  dtypes: ["uint8"],
  quality: { least: 1, most: 100, usual: 95 },
  ...codecPictures(codec),
});
