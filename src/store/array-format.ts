import { UnsupportedError } from "../core/errors.js";
import { bytesOf, type DType, dtypes } from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkFormat } from "./chunk-format.js";
import { directoryFormat } from "./directory-format.js";
import { infoOfShape, shapeOfInfo } from "./store-metadata.js";

/** What a format of one array a file has to say. */
export interface ArrayFormat {
  readonly name: string;
  /** With its dot. */
  readonly extension: string;
  /** The whole file, in one or more pieces. */
  encode(
    bytes: Uint8Array,
    dtype: DType,
    shape: readonly number[],
  ): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  decode(bytes: Uint8Array, path: string): Promise<NpyArray> | NpyArray;
}

/**
 * A format whose pictures are arrays: any dtype, any number of channels, exactly as given, and read as they are whatever
 * the store's metadata says of them.
 */
export function arrayFormat({ name, extension, encode, decode }: ArrayFormat): ChunkFormat {
  return directoryFormat({
    name,
    extension,
    lossless: true,
    dtypes,
    accepts: (info) => info.color !== "native",
    encode: (image) => encode(bytesOf(image), image.dtype, shapeOfInfo(image)),
    decode: async (bytes, path) => {
      const { dtype, shape, data } = await decode(bytes, path);
      if (shape.length < 2 || shape.length > 3) {
        const known = ["(h, w)", "(h, w, channels)"];
        throw new UnsupportedError("array shape", `(${shape.join(", ")}) in ${path}`, known);
      }
      return { ...infoOfShape(shape, dtype), data };
    },
  });
}
