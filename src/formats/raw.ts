import { arrayOver, bytesOf } from "../core/image.js";
import { packedFormat } from "../store/packed-format.js";

/**
 * Frames as they are, one after another in one file a chunk, each at a multiple of 4,096 bytes so that it can be mapped
 * into memory and read past the system's cache. Any dtype, any number of channels; nothing is encoded. Python's imgstore
 * refuses such a store; NumPy reads it:
 *
 *     index = np.load("000000.npz"); shape, dtype = index["imgshape"], str(index["imgdtype"])
 *     frame = np.memmap("000000.raw", dtype, "r", int(index["picture_offset"][7]), tuple(shape))
 */
export const raw = packedFormat({
  name: "raw",
  extension: ".raw",
  alignment: 4096,
  encode: bytesOf,
  decode: ({ buffer, byteOffset, length }, info) => ({
    ...info,
    data: arrayOver(info.dtype, buffer, byteOffset, length),
  }),
});
