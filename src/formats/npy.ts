import { decodeNpy, encodeNpyHeader } from "../core/npy.js";
import { arrayFormat } from "../store/array-format.js";

/** NumPy arrays, one file a frame: any dtype, any number of channels, exactly as given. */
export const npy = arrayFormat({
  name: "npy",
  extension: ".npy",
  encode: (bytes, dtype, shape) => [encodeNpyHeader(dtype, shape), bytes],
  decode: decodeNpy,
});
