import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { interpolationWeights, tapsOf } from "./interpolation.js";
import type { Samples } from "./store-row.js";

/** For each place along one side: the first pixel that counts (it may lie outside) and the weights from there on. */
interface AxisTaps {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

/** How one side is resized; `area` is for growing, where no more than two pixels overlap with one. */
export type TapsKind = keyof typeof tapsOf | "area";

/**
 * Resizes with a few weighted pixels per side, the same number everywhere; not smoothed when shrinking. Pixels beyond the
 * edge are those at the edge. Rows are filtered once each and kept while they are needed.
 */
export function tapsResizer(info: ImageInfo, out: ImageInfo, kind: TapsKind): (image: Image) => Image {
  const across = axisTaps(kind, info.width, out.width);
  const down = axisTaps(kind, info.height, out.height);
  const { channels } = info;
  const count = out.width * channels;
  const margin = across.taps * channels;
  // Bytes that have all 8 bits are limited by their array.
  const { white } = sampleRange(info);
  const limit = isFloat(info.dtype) || (info.dtype === "uint8" && white === 255) ? 0 : white;
  return (image) => {
    const made = blankImage(out);
    const from = image.data as Samples;
    const to =
      made.data instanceof Uint8Array ? new Uint8ClampedArray(made.data.buffer) : (made.data as Uint16Array);
    const padded = new Float32Array(info.width * channels + 2 * margin);
    const kept = Array.from({ length: down.taps }, () => new Float32Array(count));
    const keptRow = new Int32Array(down.taps).fill(-1);
    const sum = new Float32Array(count);
    const filtered = (row: number): Float32Array => {
      const place = row % down.taps;
      if (keptRow[place] !== row) {
        padRow(from, row * info.width * channels, info.width, channels, across.taps, padded);
        filterRow(padded, margin, across, channels, kept[place]!);
        keptRow[place] = row;
      }
      return kept[place]!;
    };
    for (let y = 0; y < out.height; y++) {
      const rows = Array.from({ length: down.taps }, (_, tap) =>
        filtered(Math.min(info.height - 1, Math.max(0, down.first[y]! + tap))),
      );
      const weights = down.weights.subarray(y * down.taps, (y + 1) * down.taps);
      sumRows(rows, weights, sum, to, y * count, limit);
    }
    return made;
  };
}

function axisTaps(kind: TapsKind, from: number, to: number): AxisTaps {
  const taps = kind === "area" ? 2 : tapsOf[kind];
  const first = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  const scale = from / to;
  for (let place = 0; place < to; place++) {
    // In single precision, as OpenCV finds its places.
    const center = Math.fround((place + 0.5) * scale - 0.5);
    const left = kind === "area" ? Math.floor(place * scale) : Math.floor(center);
    first[place] = left + 1 - taps / 2;
    if (kind === "area") {
      // How much of the new pixel lies beyond the next old one's beginning.
      const beyond = Math.min(1, Math.max(0, place + 1 - (left + 1) / scale));
      weights.set([1 - beyond, beyond], place * taps);
    } else weights.set(interpolationWeights(kind, Math.fround(center - left)), place * taps);
  }
  return { taps, first, weights };
}

/** One row as floats, its first and last pixel again on either side. */
function padRow(
  from: Samples,
  start: number,
  width: number,
  channels: number,
  margin: number,
  padded: Float32Array,
): void {
  const count = width * channels;
  const before = margin * channels;
  for (let i = 0; i < count; i++) padded[before + i] = from[start + i]!;
  for (let i = 0; i < before; i++) {
    padded[i] = from[start + (i % channels)]!;
    padded[before + count + i] = from[start + count - channels + (i % channels)]!;
  }
}

function filterRow(
  padded: Float32Array,
  margin: number,
  { taps, first, weights }: AxisTaps,
  channels: number,
  out: Float32Array,
): void {
  if (taps === 4) {
    filterRow4(padded, margin, first, weights, channels, out);
    return;
  }
  for (let x = 0, to = 0; x < first.length; x++) {
    const at = margin + first[x]! * channels;
    for (let c = 0; c < channels; c++, to++) {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += padded[at + tap * channels + c]! * weights[x * taps + tap]!;
      out[to] = sum;
    }
  }
}

function filterRow4(
  padded: Float32Array,
  margin: number,
  first: Int32Array,
  weights: Float32Array,
  channels: number,
  out: Float32Array,
): void {
  for (let x = 0, to = 0, w = 0; x < first.length; x++, w += 4) {
    const [a, b, c, d] = [weights[w]!, weights[w + 1]!, weights[w + 2]!, weights[w + 3]!];
    for (let at = margin + first[x]! * channels, end = at + channels; at < end; at++, to++) {
      out[to] =
        padded[at]! * a +
        padded[at + channels]! * b +
        padded[at + 2 * channels]! * c +
        padded[at + 3 * channels]! * d;
    }
  }
}

/** The weighted sum of the rows, stored as the picture's samples are: bytes are rounded and limited by their array. */
function sumRows(
  rows: readonly Float32Array[],
  weights: Float32Array,
  sum: Float32Array,
  to: Target,
  at: number,
  white: number,
): void {
  const last = rows.length - 4;
  if (last < 0) {
    sumTwo(rows, weights, to, at, white);
    return;
  }
  for (let first = 0; first < last; first += 4) sumFour(rows, weights, first, sum, sum, 0, 0);
  sumFour(rows, weights, last, sum, to, at, white);
}

/** Where rows end up; bytes in an array that rounds and limits by itself. */
type Target = Uint8ClampedArray | Uint16Array | Float32Array;

/** Adds four rows to `sum`, unless they are the first, and stores it. @param white limits integers; 0 where none is needed. */
function sumFour(
  rows: readonly Float32Array[],
  weights: Float32Array,
  first: number,
  sum: Float32Array,
  to: Target,
  at: number,
  white: number,
): void {
  const [a, b, c, d] = [rows[first]!, rows[first + 1]!, rows[first + 2]!, rows[first + 3]!];
  const wa = weights[first]!;
  const wb = weights[first + 1]!;
  const wc = weights[first + 2]!;
  const wd = weights[first + 3]!;
  if (first > 0) {
    for (let i = 0; i < sum.length; i++) {
      const value = sum[i]! + a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd;
      to[at + i] = white === 0 ? value : limited(value, white);
    }
  } else if (white === 0) {
    for (let i = 0; i < sum.length; i++) {
      to[at + i] = a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd;
    }
  } else {
    for (let i = 0; i < sum.length; i++) {
      to[at + i] = limited(a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd, white);
    }
  }
}

function sumTwo(
  [a, b]: readonly Float32Array[],
  weights: Float32Array,
  to: Target,
  at: number,
  white: number,
): void {
  const [wa, wb] = [weights[0]!, weights[1]!];
  for (let i = 0; i < a!.length; i++) {
    const value = a![i]! * wa + b![i]! * wb;
    to[at + i] = white === 0 ? value : limited(value, white);
  }
}

function limited(value: number, white: number): number {
  const up = value + 0.5;
  return up > white ? white : up > 0 ? up : 0;
}
