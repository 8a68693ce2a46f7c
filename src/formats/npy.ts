import { UnsupportedError } from "../core/errors.js";
import { bytesOf, type Color, dtypes, type Image } from "../core/image.js";
import { decodeNpy, encodeNpyHeader } from "../core/npy.js";
import { directoryFormat } from "../store/directory-format.js";

/** NumPy arrays, one file a frame: any dtype, any number of channels, exactly as given. */
export const npy = directoryFormat({
  name: "npy",
  extension: ".npy",
  lossless: true,
  dtypes,
  accepts: (info) => info.color !== "native",
  encode: (image) => {
    const { width, height, channels, dtype, color } = image;
    const shape = color === "gray" ? [height, width] : [height, width, channels];
    return [encodeNpyHeader(dtype, shape), bytesOf(image)];
  },
  decode: decodeArray,
});

const colorOfChannels: Record<number, Color> = { 1: "gray", 3: "bgr", 4: "bgra" };

/** The array as it is, whatever the store's metadata says of it. */
function decodeArray(bytes: Uint8Array, path: string): Image {
  const { dtype, shape, data } = decodeNpy(bytes, path);
  const [height, width, channels = 1] = shape;
  if (height === undefined || width === undefined || shape.length > 3) {
    throw new UnsupportedError("array shape", `(${shape.join(", ")}) in ${path}`, [
      "(h, w)",
      "(h, w, channels)",
    ]);
  }
  return { width, height, channels, dtype, color: colorOfChannels[channels] ?? "none", data };
}
