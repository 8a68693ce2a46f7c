import { arrayOver, bytesOf, imageBytes } from "../core/image.js";
import { bloscHeadBytes, bloscSize, packBlosc, unpackBlosc } from "../images/blosc.js";
import { packedFormat } from "../store/packed-format.js";

/**
 * Frames compressed with Blosc (bit shuffle, Zstandard), one buffer a frame, one after another in one file a chunk. Any
 * dtype, any number of channels, exactly as given. Python's imgstore refuses such a store; NumPy and blosc read it:
 *
 *     index = np.load("000000.npz"); at, size = (int(index[key][7]) for key in ("picture_offset", "picture_size"))
 *     frame = np.frombuffer(blosc.decompress(open("000000.blosc", "rb").read()[at:at + size]), str(index["imgdtype"]))
 *     frame = frame.reshape(index["imgshape"])
 */
export const blosc = packedFormat({
  name: "blosc",
  extension: ".blosc",
  alignment: 1,
  encode: (image) => packBlosc(bytesOf(image)),
  decode: async (bytes, info, path) => {
    const { buffer, byteOffset, length } = await unpackBlosc(bytes, imageBytes(info), path);
    return { ...info, data: arrayOver(info.dtype, buffer, byteOffset, length) };
  },
  measure: {
    bytes: bloscHeadBytes,
    size: (head, info, path) => bloscSize(head, imageBytes(info), path),
  },
});
