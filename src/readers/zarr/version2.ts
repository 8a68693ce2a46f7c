import { join } from "node:path";
import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import { readNpyDescr } from "../../core/npy.js";
import type { ChunkCodec, ZarrArray } from "./array.js";
import { blosc, delta, gzip, lz4, shuffle, zlib, zstd } from "./codecs.js";
import { fillSample } from "./fill.js";
import { isObject, type JsonObject, lengthsOf, readJson } from "./json.js";

const compressors: { readonly [id: string]: ChunkCodec } = { zlib, gzip, zstd, blosc, lz4 };

/**
 * An array of Zarr 2 (https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html).
 * @param metadata of its `.zarray`.
 * @throws {FileFormatError} if they make no sense; {UnsupportedError} for samples, compressors and filters not read here.
 */
export async function arrayOfVersion2(folder: string, metadata: JsonObject): Promise<ZarrArray> {
  const path = join(folder, ".zarray");
  if (metadata.zarr_format !== 2) {
    throw new UnsupportedError("Zarr version", `${metadata.zarr_format} in ${path}`, ["2", "3"]);
  }
  const shape = lengthsOf(metadata.shape, "shape", 0, path);
  const chunks = lengthsOf(metadata.chunks, "chunk shape", 1, path);
  if (chunks.length !== shape.length)
    throw new FileFormatError(path, "its chunks have other axes than its shape");
  const descr = typeof metadata.dtype === "string" ? metadata.dtype : "a record";
  const { dtype, littleEndian } = readNpyDescr(descr);
  if (dtype === undefined) throw new UnsupportedError("Zarr samples", `${descr} in ${path}`, ["numbers"]);
  const axes = shape.map((_, axis) => axis);
  const separator = metadata.dimension_separator === "/" ? "/" : ".";
  const attributes = (await readJson(join(folder, ".zattrs"))) ?? {};
  const names = attributes._ARRAY_DIMENSIONS;
  return {
    ...{ folder, version: 2, shape, chunks, dtype, littleEndian, attributes, shards: undefined },
    order: metadata.order === "F" ? axes.reverse() : axes,
    codecs: [...filtersOf(metadata, path), ...compressorOf(metadata.compressor, path)],
    fill: fillSample(metadata.fill_value, dtype, path),
    keyOf: (place) => (place.length === 0 ? "0" : place.join(separator)),
    axisNames: Array.isArray(names) ? names.map(String) : undefined,
  };
}

function compressorOf(compressor: unknown, path: string): ChunkCodec[] {
  if (compressor === null || compressor === undefined) return [];
  const id = isObject(compressor) ? String(compressor.id) : "?";
  const codec = Object.hasOwn(compressors, id) ? compressors[id] : undefined;
  if (codec) return [codec];
  throw new UnsupportedError("Zarr compressor", `${id} in ${path}`, ["none", ...Object.keys(compressors)]);
}

function filtersOf({ filters }: JsonObject, path: string): ChunkCodec[] {
  if (filters === null || filters === undefined) return [];
  if (!Array.isArray(filters)) throw new FileFormatError(path, "its filters are no list");
  return filters.map((filter) => {
    const { id, dtype, astype = dtype, elementsize = 4 } = isObject(filter) ? filter : {};
    if (id === "shuffle" && Number.isSafeInteger(elementsize) && Number(elementsize) > 0) {
      return shuffle(Number(elementsize));
    }
    const samples = readNpyDescr(String(dtype));
    if (id === "delta" && samples.dtype && astype === dtype && !/bool|float16|complex/.test(samples.dtype)) {
      return delta(samples.dtype, samples.littleEndian);
    }
    const compressor = Object.hasOwn(compressors, String(id)) ? compressors[String(id)] : undefined;
    if (compressor) return compressor;
    const asked = id === "delta" ? `delta of ${dtype} as ${astype}` : `${id}`;
    throw new UnsupportedError("Zarr filter", `${asked} in ${path}`, ["delta", "shuffle"]);
  });
}
