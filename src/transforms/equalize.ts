import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { grayPicture } from "./kernels/gray-picture.js";
import { histogram } from "./kernels/histogram.js";
import { mapThroughTable } from "./kernels/map-samples.js";
import { shiftColors } from "./kernels/shift-colors.js";
import { needPicture, plainColors } from "./need-picture.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

/**
 * Equalises the histogram of each picture: OpenCV's `equalizeHist`, to the bit, for gray of 8 bits; for more bits the same
 * with as many levels. In colour the luma is equalised and every channel moves by as much as its pixel's luma, which is
 * what equalising Y of YCrCb gives; limited to the range.
 */
export const equalize = pictureTransform<Record<never, never>>(
  { name: "equalize", summary: "equalises the histogram of each picture", options: {} },
  (_, info) => {
    needPicture("equalize", info, plainColors, ["uint8", "uint16"]);
    const { white } = sampleRange(info);
    return {
      info,
      apply: (image) => {
        const luma = grayPicture(image);
        const samples = luma.data as Uint8Array;
        const table = levels(histogram(samples, white + 1), samples.length, info);
        if (image.color === "gray") return mapThroughTable(image, table);
        if (white !== 255) return moved(image, samples, table, white);
        return shiftColors(image, samples, mapThroughTable(luma, table).data as Uint8Array);
      },
    };
  },
);

function levels(counts: Uint32Array, total: number, info: ImageInfo): Uint8Array | Uint16Array {
  const table = info.dtype === "uint8" ? new Uint8Array(256) : new Uint16Array(65_536);
  const last = counts.length - 1;
  const first = counts.findIndex((count) => count > 0);
  if (counts[first] === total) return table.fill(first);
  // In single precision and with halves to even, as OpenCV reckons.
  const scale = Math.fround(last / Math.fround(total - counts[first]!));
  let sum = 0;
  for (let value = first + 1; value <= last; value++) {
    sum += counts[value]!;
    table[value] = Math.min(last, halvesToEven(Math.fround(sum * scale)));
  }
  table.fill(table[last]!, last + 1);
  return table;
}

function halvesToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

function moved(image: Image, luma: Uint8Array, table: Uint8Array | Uint16Array, white: number): Image {
  const out = blankImage(image);
  const { channels } = image;
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += channels) {
    const old = luma[pixel]!;
    const step = table[old]! - old;
    for (let c = 0; c < 3; c++) {
      const sample = from[at + c]! + step;
      to[at + c] = sample < 0 ? 0 : sample > white ? white : sample;
    }
    if (channels === 4) to[at + 3] = from[at + 3]!;
  }
  return out;
}
