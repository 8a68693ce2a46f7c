import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { type Interpolation, interpolationWeights, tapsOf } from "./interpolation.js";
import type { Samples } from "./store-row.js";
import { bytesWarper, tapsBytesRow } from "./warp-bytes.js";

/** x' = a x + b y + c, y' = d x + e y + f, of pixel centres at whole numbers. */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Turns by `angle` degrees counter-clockwise and scales about a point, which goes to another one. */
export function turnMatrix(
  angle: number,
  scale: number,
  [x, y]: readonly [x: number, y: number],
  [toX, toY]: readonly [x: number, y: number],
): AffineMatrix {
  const cos = Math.cos((angle * Math.PI) / 180) * scale;
  const sin = Math.sin((angle * Math.PI) / 180) * scale;
  return [cos, sin, toX - cos * x - sin * y, -sin, cos, toY + sin * x - cos * y];
}

function inverse([a, b, c, d, e, f]: AffineMatrix): AffineMatrix {
  const factor = 1 / (a * e - b * d);
  const [ia, ib, id, ie] = [e * factor, -b * factor, -d * factor, a * factor];
  return [ia, ib, -ia * c - ib * f, id, ie, -id * c - ie * f];
}

/** Where the pixels of one row that comes out lie in the picture, in 32nds of a pixel (or whole pixels for nearest). */
interface Places {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/**
 * Moves a picture as OpenCV's `warpAffine` does, places rounded to 1/32 of a pixel as there. uint8 is equal to it to the bit
 * with nearest and linear, and within 1 with cubic and Lanczos.
 * @param forward where a pixel goes.
 * @param border the samples of what lies outside.
 */
export function affineWarper(
  info: ImageInfo,
  out: ImageInfo,
  forward: AffineMatrix,
  interpolation: Interpolation,
  border: readonly number[],
): (image: Image) => Image {
  return warper(info, out, forward, interpolation, border, true);
}

/** The same without vectors: what the kernel must give. */
export function affineWarperPlain(
  info: ImageInfo,
  out: ImageInfo,
  forward: AffineMatrix,
  interpolation: Interpolation,
  border: readonly number[],
): (image: Image) => Image {
  return warper(info, out, forward, interpolation, border, false);
}

function warper(
  info: ImageInfo,
  out: ImageInfo,
  forward: AffineMatrix,
  interpolation: Interpolation,
  border: readonly number[],
  mayUseVectors: boolean,
): (image: Image) => Image {
  const [a, b, c, d, e, f] = inverse(forward);
  const columns = Float64Array.from({ length: out.width }, (_, x) => x * 1024);
  const [acrossX, acrossY] = [columns.map((x) => nearestEven(a * x)), columns.map((x) => nearestEven(d * x))];
  const reach =
    1024 *
    Math.max(
      ...[[a, b, c] as const, [d, e, f] as const].map(
        ([x, y, z]) => Math.abs(x) * out.width + Math.abs(y) * out.height + Math.abs(z),
      ),
    );
  const isNear = reach < 2 ** 30;
  const [nearX, nearY] = [Int32Array.from(acrossX, limited), Int32Array.from(acrossY, limited)];
  const isNearest = interpolation === "nearest";
  const [half, shift] = isNearest ? [512, 10] : [16, 5];
  const startOf = (y: number): readonly [x: number, y: number] => [
    nearestEven((b * y + c) * 1024) + half,
    nearestEven((e * y + f) * 1024) + half,
  ];
  if (isNear && mayUseVectors) {
    const starts = Int32Array.from(Array.from({ length: out.height }, (_, y) => startOf(y)).flat());
    const places = { acrossX: nearX, acrossY: nearY, starts };
    const fast = bytesWarper(info, out, places, interpolation, border);
    if (fast) return fast;
  }
  const { white } = sampleRange(info);
  const warpRow = isNearest
    ? nearestRow
    : interpolation === "linear"
      ? isFloat(info.dtype) || (info.channels !== 1 && info.channels !== 3)
        ? linearRow
        : wholeLinearRow
      : info.dtype === "uint8" && white === 255
        ? tapsBytesRow(interpolation)
        : tapsRow(interpolation, isFloat(info.dtype) ? undefined : white);
  return (image) => {
    const made = blankImage(out);
    const places: Places = { x: new Int32Array(out.width), y: new Int32Array(out.width) };
    for (let y = 0; y < out.height; y++) {
      const [startX, startY] = startOf(y);
      if (isNear) {
        placeNear(nearX, startX, shift, places.x);
        placeNear(nearY, startY, shift, places.y);
      } else {
        placeFar(acrossX, startX, shift, places.x);
        placeFar(acrossY, startY, shift, places.y);
      }
      warpRow(image, places, border, made.data as Samples, y * out.width * info.channels);
    }
    return made;
  };
}

type WarpRow = (image: Image, places: Places, border: readonly number[], to: Samples, at: number) => void;

const nearestRow: WarpRow = ({ data, width, height, channels }, places, border, to, at) => {
  const from = data as Samples;
  for (let i = 0, k = at; i < places.x.length; i++) {
    const x = places.x[i]!;
    const y = places.y[i]!;
    const isInside = x >= 0 && x < width && y >= 0 && y < height;
    const source = (y * width + x) * channels;
    if (channels === 1) {
      to[k++] = isInside ? from[source]! : border[0]!;
      continue;
    }
    for (let c = 0; c < channels; c++) to[k++] = isInside ? from[source + c]! : border[c]!;
  }
};

/** Of integers, one or three channels. */
const wholeLinearRow: WarpRow = (image, places, border, to, at) => {
  const { width, height, channels } = image;
  const from = image.data as Uint8Array;
  const line = width * channels;
  const { x: placesX, y: placesY } = places;
  for (let i = 0, k = at; i < placesX.length; i++, k += channels) {
    const x = placesX[i]! >> 5;
    const y = placesY[i]! >> 5;
    if (x < -1 || x >= width || y < -1 || y >= height) {
      for (let c = 0; c < channels; c++) to[k + c] = border[c]!;
      continue;
    }
    if (x < 0 || x >= width - 1 || y < 0 || y >= height - 1) {
      const one = { x: placesX.subarray(i, i + 1), y: placesY.subarray(i, i + 1) };
      linearRow(image, one, border, to, k);
      continue;
    }
    const fx = placesX[i]! & 31;
    const fy = placesY[i]! & 31;
    const d = Math.imul(fx, fy);
    const c = (fy << 5) - d;
    const b = (fx << 5) - d;
    const a = 1024 - b - c - d;
    const s = Math.imul(y, line) + Math.imul(x, channels);
    const t = s + line;
    if (channels === 1) {
      const upper = Math.imul(from[s]!, a) + Math.imul(from[s + 1]!, b);
      to[k] = (upper + Math.imul(from[t]!, c) + Math.imul(from[t + 1]!, d) + 512) >> 10;
      continue;
    }
    const first = Math.imul(from[s]!, a) + Math.imul(from[s + 3]!, b);
    to[k] = (first + Math.imul(from[t]!, c) + Math.imul(from[t + 3]!, d) + 512) >> 10;
    const second = Math.imul(from[s + 1]!, a) + Math.imul(from[s + 4]!, b);
    to[k + 1] = (second + Math.imul(from[t + 1]!, c) + Math.imul(from[t + 4]!, d) + 512) >> 10;
    const third = Math.imul(from[s + 2]!, a) + Math.imul(from[s + 5]!, b);
    to[k + 2] = (third + Math.imul(from[t + 2]!, c) + Math.imul(from[t + 5]!, d) + 512) >> 10;
  }
};

const linearRow: WarpRow = (image, places, border, to, at) => {
  const { width, height, channels } = image;
  const from = image.data as Samples;
  // Weights of 1024 in all; whole numbers are rounded, halves up.
  const [half, unit] = from instanceof Float32Array ? [0, 1 / 1024] : [512, 1 / 1024];
  const line = width * channels;
  const sample = sampler(image, border);
  for (let i = 0, k = at; i < places.x.length; i++) {
    const x = places.x[i]! >> 5;
    const y = places.y[i]! >> 5;
    const fx = places.x[i]! & 31;
    const fy = places.y[i]! & 31;
    const a = (32 - fx) * (32 - fy);
    const b = fx * (32 - fy);
    const c = (32 - fx) * fy;
    const d = fx * fy;
    if (x >= 0 && x < width - 1 && y >= 0 && y < height - 1) {
      for (let s = y * line + x * channels, end = s + channels; s < end; s++) {
        const upper = from[s]! * a + from[s + channels]! * b;
        to[k++] = (upper + from[s + line]! * c + from[s + line + channels]! * d + half) * unit;
      }
    } else {
      for (let channel = 0; channel < channels; channel++) {
        const upper = weighted(sample(x, y, channel), a) + weighted(sample(x + 1, y, channel), b);
        const lower = weighted(sample(x, y + 1, channel), c) + weighted(sample(x + 1, y + 1, channel), d);
        to[k++] = (upper + lower + half) * unit;
      }
    }
  }
};

function placeNear(across: Int32Array, start: number, shift: number, places: Int32Array): void {
  for (let x = 0; x < places.length; x++) places[x] = (start + across[x]!) >> shift;
}

function placeFar(across: Float64Array, start: number, shift: number, places: Int32Array): void {
  for (let x = 0; x < places.length; x++) places[x] = limited(start + across[x]!) >> shift;
}

/** Places far away stay far away, whatever an integer holds. */
function limited(place: number): number {
  return place < -(2 ** 31) ? -(2 ** 31) : place > 2 ** 31 - 1 ? 2 ** 31 - 1 : place;
}

/** A border of NaN does not touch pixels that it has no share in. */
function weighted(sample: number, weight: number): number {
  return weight === 0 ? 0 : sample * weight;
}

function sampler(
  { data, width, height, channels }: Image,
  border: readonly number[],
): (x: number, y: number, channel: number) => number {
  const from = data as Samples;
  return (x, y, channel) =>
    x >= 0 && x < width && y >= 0 && y < height
      ? from[(y * width + x) * channels + channel]!
      : border[channel]!;
}

function tapsRow(kind: "cubic" | "lanczos", white: number | undefined): WarpRow {
  const taps = tapsOf[kind];
  const table = Float64Array.from(
    Array.from({ length: 32 }, (_, share) => interpolationWeights(kind, share / 32)).flat(),
  );
  return (image, places, border, to, at) => {
    const { width, height, channels } = image;
    const from = image.data as Samples;
    const sample = sampler(image, border);
    for (let i = 0, k = at; i < places.x.length; i++) {
      const x = (places.x[i]! >> 5) + 1 - taps / 2;
      const y = (places.y[i]! >> 5) + 1 - taps / 2;
      const wx = (places.x[i]! & 31) * taps;
      const wy = (places.y[i]! & 31) * taps;
      const isInside = x >= 0 && y >= 0 && x + taps <= width && y + taps <= height;
      const isOutside = x + taps <= 0 || y + taps <= 0 || x >= width || y >= height;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        if (isOutside) sum = border[c]!;
        else if (isInside) {
          for (let row = 0; row < taps; row++) {
            let s = ((y + row) * width + x) * channels + c;
            let part = 0;
            for (let tap = 0; tap < taps; tap++, s += channels) part += from[s]! * table[wx + tap]!;
            sum += part * table[wy + row]!;
          }
        } else {
          for (let row = 0; row < taps; row++) {
            for (let tap = 0; tap < taps; tap++) {
              sum += weighted(sample(x + tap, y + row, c), table[wx + tap]! * table[wy + row]!);
            }
          }
        }
        to[k++] = white === undefined ? sum : Math.min(white, Math.max(0, sum + 0.5));
      }
    }
  };
}

/** The nearest whole number, halves to even. */
function nearestEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}
