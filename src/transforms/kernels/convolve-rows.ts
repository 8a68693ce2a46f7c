import type { Shape } from "./filter-shape.js";
import { reflectedRow } from "./reflected.js";

/** The samples that are convolved here; bytes have a kernel of their own (blur-bytes.ts). */
export type ConvolvedSamples = Uint8Array | Uint16Array | Float32Array;

/**
 * Convolves with a symmetric row of weights, across and down, in double precision, and gives what comes out, not
 * rounded. Edges are reflected (BORDER_REFLECT_101).
 */
export function convolveRows(
  { width, height, channels }: Shape,
  weights: Float64Array,
): (data: ConvolvedSamples) => Float64Array {
  const radius = (weights.length - 1) / 2;
  const columns = reflectedRow(-radius, width + 2 * radius, width);
  const rows = reflectedRow(-radius, height + 2 * radius, height);
  const samples = width * channels;
  return (data) => {
    const across = new Float64Array(data.length);
    const padded = new Float64Array((width + 2 * radius) * channels);
    const sums = new Float64Array(samples);
    for (let y = 0; y < height; y++) {
      const row = y * samples;
      for (let x = 0, at = 0; x < columns.length; x++) {
        for (let c = 0; c < channels; c++, at++) padded[at] = data[row + columns[x]! * channels + c]!;
      }
      weighAcross(padded, sums, weights, channels);
      across.set(sums, row);
    }
    const out = new Float64Array(data.length);
    for (let y = 0; y < height; y++) {
      weighDown(across, sums, weights, rows.subarray(y, y + weights.length));
      out.set(sums, y * samples);
    }
    return out;
  };
}

function weighAcross(padded: Float64Array, sums: Float64Array, weights: Float64Array, step: number): void {
  const radius = (weights.length - 1) / 2;
  const [centre, last] = [radius * step, 2 * radius * step];
  const middle = weights[radius]!;
  for (let i = 0; i < sums.length; i++) sums[i] = padded[centre + i]! * middle;
  for (let k = 0, left = 0, right = last; k < radius; k++, left += step, right -= step) {
    const weight = weights[k]!;
    for (let i = 0; i < sums.length; i++) sums[i]! += (padded[left + i]! + padded[right + i]!) * weight;
  }
}

/** @param rows which row stands at each weight. */
function weighDown(data: Float64Array, sums: Float64Array, weights: Float64Array, rows: Int32Array): void {
  const radius = (weights.length - 1) / 2;
  const middle = weights[radius]!;
  for (let i = 0, at = rows[radius]! * sums.length; i < sums.length; i++, at++) sums[i] = data[at]! * middle;
  for (let k = 0; k < radius; k++) {
    const weight = weights[k]!;
    let [above, below] = [rows[k]! * sums.length, rows[weights.length - 1 - k]! * sums.length];
    for (let i = 0; i < sums.length; i++) sums[i]! += (data[above++]! + data[below++]!) * weight;
  }
}
