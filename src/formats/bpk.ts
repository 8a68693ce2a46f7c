import { UnsupportedError } from "../core/errors.js";
import { bytesOf, type Color, dtypes, type Image } from "../core/image.js";
import { decodeBloscpack, encodeBloscpack } from "../images/bloscpack.js";
import { directoryFormat } from "../store/directory-format.js";

/** Bloscpack arrays, one compressed file a frame: any dtype, any number of channels, exactly as given. */
export const bpk = directoryFormat({
  name: "bpk",
  extension: ".bpk",
  lossless: true,
  dtypes,
  accepts: (info) => info.color !== "native",
  encode: (image) => {
    const { width, height, channels, dtype, color } = image;
    const shape = color === "gray" ? [height, width] : [height, width, channels];
    return encodeBloscpack(bytesOf(image), dtype, shape);
  },
  decode: decodeArray,
});

const colorOfChannels: Record<number, Color> = { 1: "gray", 3: "bgr", 4: "bgra" };

/** The array as it is, whatever the store's metadata says of it. */
async function decodeArray(bytes: Uint8Array, path: string): Promise<Image> {
  const { dtype, shape, data } = await decodeBloscpack(bytes, path);
  const [height, width, channels = 1] = shape;
  if (height === undefined || width === undefined || shape.length > 3) {
    throw new UnsupportedError("array shape", `(${shape.join(", ")}) in ${path}`, [
      "(h, w)",
      "(h, w, channels)",
    ]);
  }
  return { width, height, channels, dtype, color: colorOfChannels[channels] ?? "none", data };
}
