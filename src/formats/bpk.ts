import { decodeBloscpack, encodeBloscpack } from "../images/bloscpack.js";
import { arrayFormat } from "../store/array-format.js";

/** Bloscpack arrays, one compressed file a frame: any dtype, any number of channels, exactly as given. */
export const bpk = arrayFormat({
  name: "bpk",
  extension: ".bpk",
  encode: encodeBloscpack,
  decode: decodeBloscpack,
});
