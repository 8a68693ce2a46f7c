import type { Image, ImageInfo } from "../../core/image.js";
import { blankImage } from "../../core/image.js";
import { colorChannels } from "../need-picture.js";
import { isFloat, sampleRange } from "../sample-range.js";

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

/** Maps the samples of uint8, uint16 and float32 pictures; alpha is kept. All values of integers are reckoned beforehand. */
export function sampleMapper(info: ImageInfo, map: SampleMap): (image: Image) => Image {
  if (isFloat(info.dtype)) return (image) => mapFloats(image, map);
  return tableMapper(info, toneTable(info, map));
}

/**
 * Looks all samples but alpha up in a table. Bytes are looked up two at a time, in a table of pairs.
 * @param table of `toneTable`'s length.
 */
export function tableMapper(info: ImageInfo, table: Uint8Array | Uint16Array): (image: Image) => Image {
  if (table instanceof Uint8Array && colorChannels(info) === info.channels) {
    const pairs = pairTable(table);
    return (image) => ({ ...image, data: lookUpBytes(image.data as Uint8Array, table, pairs) });
  }
  return (image) => mapThroughTable(image, table);
}

/** Pictures with fewer bytes are looked up sooner than a table of pairs is made for them. */
const worthPairs = 2 ** 18;

/** As `tableMapper`, for a table that is used once. */
export function mapThroughTable(image: Image, table: Uint8Array | Uint16Array): Image {
  const isAllMapped = colorChannels(image) === image.channels;
  if (table instanceof Uint8Array && isAllMapped && image.data.length >= worthPairs) {
    return tableMapper(image, table)(image);
  }
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

/** For two bytes that lie next to each other what they become. The same on machines of either byte order. */
function pairTable(table: Uint8Array): Uint16Array {
  const pairs = new Uint16Array(65_536);
  for (let high = 0, at = 0; high < 256; high++) {
    const top = table[high]! << 8;
    for (let low = 0; low < 256; low++) pairs[at++] = top | table[low]!;
  }
  return pairs;
}

function lookUpBytes(from: Uint8Array, table: Uint8Array, pairs: Uint16Array): Uint8Array {
  const to = new Uint8Array(from.length);
  const words = from.byteOffset % 4 === 0 ? from.length >> 2 : 0;
  const source = new Uint32Array(from.buffer, words === 0 ? 0 : from.byteOffset, words);
  const target = new Uint32Array(to.buffer, 0, words);
  for (let i = 0; i < words; i++) {
    const four = source[i]!;
    target[i] = pairs[four & 0xffff]! | (pairs[four >>> 16]! << 16);
  }
  for (let i = words * 4; i < from.length; i++) to[i] = table[from[i]!]!;
  return to;
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
