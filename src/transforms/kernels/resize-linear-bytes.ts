import type { Image, ImageInfo } from "../../core/image.js";
import { freshBytes } from "./fresh-bytes.js";
import { layOut, workbench } from "./wasm.js";

/** Places along one side: for each the pixel on the left (or above), and the weights of 2048 of it and the next one. */
interface Pairs {
  readonly first: Int32Array;
  readonly weights: Int32Array;
}

/**
 * Bilinear resizing of bytes in the fixed point that OpenCV's `INTER_LINEAR` reckons with: weights of 2048, cut to 4 bits
 * less between the sides. Equal to it to the bit.
 */
export function linearBytesResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  return withVectors(info, out) ?? linearBytesResizerPlain(info, out);
}

function withVectors(info: ImageInfo, out: ImageInfo): ((image: Image) => Image) | undefined {
  const { channels } = info;
  if (![1, 3, 4].includes(channels) || info.width < 2) return undefined;
  const [line, count] = [info.width * channels, out.width * channels];
  const across = pairs(info.width, out.width, true);
  const down = pairs(info.height, out.height, false);
  const bottom = info.height - 1;
  const rows = Int32Array.from({ length: 2 * out.height }, (_, i) =>
    Math.min(bottom, Math.max(0, down.first[i >> 1]! + (i & 1))),
  );
  const bands = bandsOf(rows, line, count);
  const most = Math.max(...bands.map(({ first, end }) => end - first));
  const mostOut = Math.max(...bands.map(({ top, stop }) => stop - top));
  const layout = layOut({
    ...{ src: most * line, dst: mostOut * count, first: 4 * out.width, weights: 4 * out.width },
    ...{ rows: 8 * out.height, shares: 8 * out.height, ring: 2 * (2 * count + 64) },
  });
  if (!workbench(layout)) return undefined;
  const first = across.first.map((pixel) => pixel * channels);
  const weights = Int16Array.from(across.weights);
  return (image) => {
    const { kernels, buffer, put } = workbench(layout)!;
    const data = image.data as Uint8Array;
    const to = freshBytes(count * out.height);
    // Whole vectors of places are read: those behind the last are the first pixel.
    put(layout.first, new Int32Array(out.width + 8));
    put(layout.first, first);
    put(layout.weights, weights);
    put(layout.rows, rows);
    put(layout.shares, down.weights);
    const { src, dst, ring } = layout;
    for (const { top, stop, ...taken } of bands) {
      put(src, data.subarray(taken.first * line, taken.end * line));
      kernels.resizeLinear(
        // Where the picture would begin if all of it lay there.
        ...[src - taken.first * line, dst, line, out.width, stop - top, channels],
        ...[layout.first, layout.weights, layout.rows + 8 * top, layout.shares + 8 * top, ring],
      );
      to.set(new Uint8Array(buffer, dst, (stop - top) * count), top * count);
    }
    return { ...out, data: to };
  };
}

/** Bytes that go in and come out at once, more or less: they stay in the processor's cache. */
const bandBytes = 2 ** 17;

/** Rows that come out at once, from `top` to `stop`, and those that go in for them, from `first` to `end`. */
interface Band {
  readonly top: number;
  readonly stop: number;
  readonly first: number;
  readonly end: number;
}

/** @param rows two for each row that comes out, which never go back. */
function bandsOf(rows: Int32Array, lineIn: number, lineOut: number): Band[] {
  const height = rows.length / 2;
  const perRow = (rows[rows.length - 1]! / height) * lineIn + lineOut;
  const step = Math.max(8, Math.floor(bandBytes / perRow));
  const bands: Band[] = [];
  for (let top = 0; top < height; top += step) {
    const stop = Math.min(height, top + step);
    bands.push({ top, stop, first: rows[2 * top]!, end: rows[2 * stop - 1]! + 1 });
  }
  return bands;
}

/** The same without vectors: what the kernel must give. */
export function linearBytesResizerPlain(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  const { channels } = info;
  const across = pairs(info.width, out.width, true);
  const down = pairs(info.height, out.height, false);
  const count = out.width * channels;
  const line = info.width * channels;
  const filterRow = channels === 3 ? filterTriples : channels === 1 ? filterSingles : filterMany;
  return (image) => {
    const from = image.data as Uint8Array;
    const to = new Uint8Array(out.height * count);
    const rows = [new Int32Array(count), new Int32Array(count)] as [Int32Array, Int32Array];
    const kept = [-1, -1] as [number, number];
    const filtered = (row: number): Int32Array => {
      const place = row & 1;
      if (kept[place] !== row) filterRow(from, row * line, across, rows[place]!, channels, info.width);
      kept[place] = row;
      return rows[place]!;
    };
    for (let y = 0; y < out.height; y++) {
      const above = Math.min(info.height - 1, Math.max(0, down.first[y]!));
      const below = Math.min(info.height - 1, Math.max(0, down.first[y]! + 1));
      mixRows(
        filtered(above),
        filtered(below),
        down.weights[2 * y]!,
        down.weights[2 * y + 1]!,
        to,
        y * count,
      );
    }
    return { ...out, data: to };
  };
}

/** @param isClamped whether places beyond the edge are at the edge, and none is right of the last but one. */
function pairs(from: number, to: number, isClamped: boolean): Pairs {
  const first = new Int32Array(to);
  const weights = new Int32Array(2 * to);
  const scale = 1 / (to / from);
  for (let place = 0; place < to; place++) {
    // In single precision, as OpenCV finds its places.
    let share = Math.fround((place + 0.5) * scale - 0.5);
    let pixel = Math.floor(share);
    share = Math.fround(share - pixel);
    if (isClamped && pixel < 0) [pixel, share] = [0, 0];
    if (isClamped && pixel >= from - 1) [pixel, share] = [Math.max(0, from - 2), from > 1 ? 1 : 0];
    first[place] = pixel;
    weights[2 * place] = rounded(Math.fround(1 - share) * 2048);
    weights[2 * place + 1] = rounded(share * 2048);
  }
  return { first, weights };
}

/** Halves to even. */
function rounded(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** One row, its sums kept 4 bits shorter, as they are needed next. */
type FilterRow = (
  from: Uint8Array,
  start: number,
  pairs: Pairs,
  out: Int32Array,
  channels: number,
  width: number,
) => void;

const filterSingles: FilterRow = (from, start, { first, weights }, out, _, width) => {
  const next = width > 1 ? 1 : 0;
  for (let x = 0; x < first.length; x++) {
    const at = start + first[x]!;
    const sum = Math.imul(from[at]!, weights[2 * x]!) + Math.imul(from[at + next]!, weights[2 * x + 1]!);
    out[x] = sum >> 4;
  }
};

const filterTriples: FilterRow = (from, start, { first, weights }, out, _, width) => {
  const next = width > 1 ? 3 : 0;
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const at = start + first[x]! * 3;
    const a = weights[2 * x]!;
    const b = weights[2 * x + 1]!;
    out[to] = (Math.imul(from[at]!, a) + Math.imul(from[at + next]!, b)) >> 4;
    out[to + 1] = (Math.imul(from[at + 1]!, a) + Math.imul(from[at + next + 1]!, b)) >> 4;
    out[to + 2] = (Math.imul(from[at + 2]!, a) + Math.imul(from[at + next + 2]!, b)) >> 4;
  }
};

const filterMany: FilterRow = (from, start, { first, weights }, out, channels, width) => {
  const next = width > 1 ? channels : 0;
  for (let x = 0, to = 0; x < first.length; x++) {
    const [a, b] = [weights[2 * x]!, weights[2 * x + 1]!];
    for (let at = start + first[x]! * channels, end = at + channels; at < end; at++) {
      out[to++] = (Math.imul(from[at]!, a) + Math.imul(from[at + next]!, b)) >> 4;
    }
  }
};

function mixRows(
  upper: Int32Array,
  lower: Int32Array,
  a: number,
  b: number,
  to: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < upper.length; i++) {
    to[at + i] = ((Math.imul(upper[i]!, a) >> 16) + (Math.imul(lower[i]!, b) >> 16) + 2) >> 2;
  }
}
