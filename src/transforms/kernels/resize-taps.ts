import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { interpolationWeights, tapsOf } from "./interpolation.js";
import { rowStore, type Samples } from "./store-row.js";

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
  const store = rowStore(isFloat(info.dtype), sampleRange(info).white);
  return (image) => {
    const made = blankImage(out);
    const from = image.data as Samples;
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
      sumRows(rows, down.weights.subarray(y * down.taps, (y + 1) * down.taps), sum);
      store(sum, made.data as Samples, y * count, count);
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

function sumRows(rows: readonly Float32Array[], weights: Float32Array, sum: Float32Array): void {
  for (let at = 0; at < rows.length; at += 2) {
    const [a, b] = [rows[at]!, rows[at + 1]!];
    const [wa, wb] = [weights[at]!, weights[at + 1]!];
    if (at === 0) for (let i = 0; i < sum.length; i++) sum[i] = a[i]! * wa + b[i]! * wb;
    else for (let i = 0; i < sum.length; i++) sum[i]! += a[i]! * wa + b[i]! * wb;
  }
}
