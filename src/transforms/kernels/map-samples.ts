import type { Image, ImageInfo } from "../../core/image.js";
import { blankImage } from "../../core/image.js";
import { colorChannels } from "../need-picture.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { type Line, toneBytes } from "./tone-bytes.js";

/** What a sample becomes, whichever channel and pixel it is of. */
export type SampleMap = (sample: number) => number;

/** For every value of an integer dtype what it becomes: rounded (halves up), limited to the range. */
export function toneTable(info: ImageInfo, map: SampleMap): Uint8Array | Uint16Array {
  const { white } = sampleRange(info);
  const table = info.dtype === "uint8" ? new Uint8Array(256) : new Uint16Array(65_536);
  for (let value = 0; value < table.length; value++) {
    // A number that is none becomes 0, as it does in a typed array.
    const mapped = Math.floor(map(value) + 0.5);
    table[value] = mapped > white ? white : mapped > 0 ? mapped : 0;
  }
  return table;
}

/**
 * Maps the samples of uint8, uint16 and float32 pictures; alpha is kept. All values of integers are reckoned beforehand.
 * @param line what the map is, if it is a straight line: bytes are reckoned then, where that gives the same.
 */
export function sampleMapper(info: ImageInfo, map: SampleMap, line?: Line): (image: Image) => Image {
  if (isFloat(info.dtype)) return (image) => mapFloats(image, map);
  return tableMapper(info, toneTable(info, map), line);
}

/**
 * Looks all samples but alpha up in a table.
 * @param table of `toneTable`'s length.
 */
export function tableMapper(
  info: ImageInfo,
  table: Uint8Array | Uint16Array,
  line?: Line,
): (image: Image) => Image {
  if (table instanceof Uint8Array) {
    const tone = toneBytes(table, line, colorChannels(info) !== info.channels);
    if (tone) return (image) => ({ ...image, data: tone(image.data as Uint8Array) });
  }
  return (image) => mapThroughTablePlain(image, table);
}

/** Pictures with fewer bytes are looked up sooner than a table of pairs is made for them. */
const worthPairs = 2 ** 18;

/** As `tableMapper`, for a table that is used once. */
export function mapThroughTable(image: Image, table: Uint8Array | Uint16Array, line?: Line): Image {
  const isWorthIt = table instanceof Uint8Array && image.data.length >= worthPairs;
  return isWorthIt ? tableMapper(image, table, line)(image) : mapThroughTablePlain(image, table);
}

/** The same without vectors: what the kernels must give. */
export function mapThroughTablePlain(image: Image, table: Uint8Array | Uint16Array): Image {
  const isAllMapped = colorChannels(image) === image.channels;
  const out = blankImage(image);
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  if (isAllMapped) {
    for (let i = 0; i < from.length; i++) to[i] = table[from[i]!]!;
  } else {
    for (let i = 0; i < from.length; i += 4) {
      to[i] = table[from[i]!]!;
      to[i + 1] = table[from[i + 1]!]!;
      to[i + 2] = table[from[i + 2]!]!;
      to[i + 3] = from[i + 3]!;
    }
  }
  return out;
}

function mapFloats(image: Image, map: SampleMap): Image {
  const out = blankImage(image);
  const from = image.data as Float32Array;
  const to = out.data as Float32Array;
  const { channels } = image;
  const mapped = colorChannels(image);
  if (mapped === channels) for (let i = 0; i < from.length; i++) to[i] = map(from[i]!);
  else {
    for (let i = 0; i < from.length; i += channels) {
      for (let c = 0; c < channels; c++) to[i + c] = c < mapped ? map(from[i + c]!) : from[i + c]!;
    }
  }
  return out;
}
