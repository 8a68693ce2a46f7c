import { join } from "node:path";
import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import { isDType } from "../../core/image.js";
import { hostIsLittle } from "../../images/sample-order.js";
import type { ChunkCodec, Shards, ZarrArray } from "./array.js";
import { blosc, checksum, gzip, zstd } from "./codecs.js";
import { fillSample } from "./fill.js";
import { isObject, type JsonObject, lengthsOf } from "./json.js";

const bytesCodecs: { readonly [name: string]: ChunkCodec } = { gzip, zstd, blosc, crc32c: checksum };
const knownCodecs = ["bytes", "transpose", ...Object.keys(bytesCodecs), "sharding_indexed"];

interface NamedThing {
  readonly name: string;
  readonly configuration: JsonObject;
}

/**
 * An array of Zarr 3 (https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html).
 * @param metadata of its `zarr.json`.
 * @throws {FileFormatError} if they make no sense; {UnsupportedError} for samples, grids and codecs not read here.
 */
export function arrayOfVersion3(folder: string, metadata: JsonObject): ZarrArray {
  const path = join(folder, "zarr.json");
  const shape = lengthsOf(metadata.shape, "shape", 0, path);
  const dtype = metadata.data_type;
  if (typeof dtype !== "string" || !isDType(dtype)) {
    const asked = isObject(dtype) ? dtype.name : dtype;
    throw new UnsupportedError("Zarr samples", `${asked} in ${path}`, ["numbers"]);
  }
  const grid = named(metadata.chunk_grid, path);
  if (grid.name !== "regular")
    throw new UnsupportedError("Zarr grid", `${grid.name} in ${path}`, ["regular"]);
  const outer = lengthsOf(grid.configuration.chunk_shape, "chunk shape", 1, path);
  if (outer.length !== shape.length)
    throw new FileFormatError(path, "its chunks have other axes than its shape");
  const transformers = metadata.storage_transformers;
  if (Array.isArray(transformers) && transformers.length > 0) {
    throw new UnsupportedError("Zarr storage transformer", `${named(transformers[0], path).name} in ${path}`);
  }
  const codecs = codecList(metadata.codecs, path);
  const sharding = codecs.find(({ name }) => name === "sharding_indexed");
  const shards = sharding && shardsOf(sharding, outer, codecs, path);
  const inner = shards ? codecList(sharding.configuration.codecs, path) : codecs;
  const chunks = shards ? lengthsOf(sharding.configuration.chunk_shape, "chunk shape", 1, path) : outer;
  if (
    shards &&
    (chunks.length !== outer.length || outer.some((length, axis) => length % chunks[axis]! !== 0))
  ) {
    throw new FileFormatError(
      path,
      `shards of ${outer.join("x")} do not hold whole chunks of ${chunks.join("x")}`,
    );
  }
  const names = metadata.dimension_names;
  return {
    ...{ folder, version: 3, shape, chunks, dtype, shards, ...pipelineOf(inner, shape.length, path) },
    fill: fillSample(metadata.fill_value, dtype, path),
    keyOf: keysOf(metadata.chunk_key_encoding, path),
    attributes: isObject(metadata.attributes) ? metadata.attributes : {},
    axisNames: Array.isArray(names)
      ? names.map((name) => (typeof name === "string" ? name : null))
      : undefined,
  };
}

/** Extensions are an object with a name, or the name alone. */
function named(value: unknown, path: string): NamedThing {
  if (typeof value === "string") return { name: value, configuration: {} };
  if (isObject(value) && typeof value.name === "string") {
    return { name: value.name, configuration: isObject(value.configuration) ? value.configuration : {} };
  }
  throw new FileFormatError(path, "its metadata lack a name where one should be");
}

function codecList(value: unknown, path: string): NamedThing[] {
  if (!Array.isArray(value)) throw new FileFormatError(path, "its codecs are no list");
  return value.map((one) => named(one, path));
}

/** What is done to the axes, to samples, and then to bytes. */
function pipelineOf(
  list: readonly NamedThing[],
  axes: number,
  path: string,
): Pick<ZarrArray, "order" | "littleEndian" | "codecs"> {
  let order = Array.from({ length: axes }, (_, axis) => axis);
  let littleEndian = hostIsLittle;
  let hasBytes = false;
  const codecs: ChunkCodec[] = [];
  for (const { name, configuration } of list) {
    const codec = Object.hasOwn(bytesCodecs, name) ? bytesCodecs[name] : undefined;
    if (name === "transpose" && !hasBytes) {
      const turn = transposition(configuration.order, axes, path);
      order = turn.map((axis) => order[axis]!);
    } else if (name === "bytes" && !hasBytes) {
      hasBytes = true;
      littleEndian = configuration.endian !== "big";
    } else if (codec && hasBytes) codecs.push(codec);
    else throw new UnsupportedError("Zarr codec", `${name} in ${path}`, knownCodecs);
  }
  if (!hasBytes) throw new FileFormatError(path, "its codecs never make bytes");
  return { order, littleEndian, codecs };
}

function transposition(order: unknown, axes: number, path: string): number[] {
  // Drafts had the letters.
  if (order === "C" || order === "F") {
    const all = Array.from({ length: axes }, (_, axis) => axis);
    return order === "C" ? all : all.reverse();
  }
  const turn = lengthsOf(order, "transposition", 0, path);
  if (turn.length === axes && new Set(turn).size === axes && turn.every((axis) => axis < axes)) return turn;
  throw new FileFormatError(path, "a transposition of axes that are not there");
}

function shardsOf(
  { configuration }: NamedThing,
  shape: readonly number[],
  codecs: readonly NamedThing[],
  path: string,
): Shards {
  if (codecs.length > 1) {
    const other = codecs.find(({ name }) => name !== "sharding_indexed");
    throw new UnsupportedError(
      "Zarr codecs",
      `sharding_indexed beside ${other?.name ?? "another"} in ${path}`,
    );
  }
  const index = pipelineOf(codecList(configuration.index_codecs, path), shape.length + 1, path);
  const isPlain = index.codecs.every(({ adds }) => adds !== undefined) && index.littleEndian;
  if (!isPlain)
    throw new UnsupportedError("Zarr shard index", `a packed one in ${path}`, ["bytes", "crc32c"]);
  return { shape, indexAtEnd: configuration.index_location !== "start", indexCodecs: index.codecs };
}

function keysOf(value: unknown, path: string): ZarrArray["keyOf"] {
  const { name, configuration } = named(value, path);
  if (name !== "default" && name !== "v2") {
    throw new UnsupportedError("Zarr chunk keys", `${name} in ${path}`, ["default", "v2"]);
  }
  const usual = name === "default" ? "/" : ".";
  const separator =
    configuration.separator === "." || configuration.separator === "/" ? configuration.separator : usual;
  if (name === "default") return (place) => ["c", ...place].join(separator);
  return (place) => (place.length === 0 ? "0" : place.join(separator));
}
