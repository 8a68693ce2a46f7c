import type { DType } from "../core/image.js";
import { npyDescr } from "../core/npy.js";
import { hostIsLittle } from "./sample-order.js";

/** Which version of Zarr's format. */
export type ZarrVersion = 2 | 3;

/** An array that is written. */
export interface WrittenArray {
  /** Its folder in the group. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly dtype: DType;
  /** What its axes are called. */
  readonly axes: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** How its chunks are packed, as the version spells it; undefined if they are not. */
  readonly compressor: Readonly<Record<string, unknown>> | undefined;
}

/** A file of metadata by its name. */
export type MetadataFile = readonly [name: string, text: string];

/** Where a chunk of an array lies. */
export function chunkKey(version: ZarrVersion, name: string, place: readonly number[]): string {
  return version === 2 ? `${name}/${place.join(".")}` : `${name}/c/${place.join("/")}`;
}

/** The metadata of an array: version 2 with xarray's names of axes, version 3 with its own. */
export function arrayMetadata(version: ZarrVersion, array: WrittenArray): MetadataFile[] {
  const { name, shape, chunks, dtype, axes, attributes, compressor } = array;
  if (version === 2) {
    const facts = { zarr_format: 2, shape, chunks, dtype: npyDescr(dtype), compressor: compressor ?? null };
    return [
      [
        `${name}/.zarray`,
        json({ ...facts, fill_value: 0, order: "C", filters: null, dimension_separator: "." }),
      ],
      [`${name}/.zattrs`, json({ ...attributes, _ARRAY_DIMENSIONS: axes })],
    ];
  }
  const bytes = { name: "bytes", configuration: { endian: hostIsLittle ? "little" : "big" } };
  const facts = {
    ...{ zarr_format: 3, node_type: "array", shape, data_type: dtype, attributes, dimension_names: axes },
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: dtype.startsWith("complex") ? [0, 0] : dtype === "bool" ? false : 0,
    codecs: [bytes, ...(compressor ? [compressor] : [])],
  };
  return [[`${name}/zarr.json`, json(facts)]];
}

/** The metadata of the group that holds the arrays. */
export function groupMetadata(version: ZarrVersion): MetadataFile[] {
  if (version === 2) return [[".zgroup", json({ zarr_format: 2 })]];
  return [["zarr.json", json({ zarr_format: 3, node_type: "group", attributes: {} })]];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
