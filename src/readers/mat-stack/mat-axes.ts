import type { ArrayAxes } from "../../images/array-axes.js";

/**
 * The meaning of a MATLAB array's axes, as far as its shape tells:
 * - 3 axes: `hwc` (one picture) if the last is 3 long; `thw` if its pictures would be far nearer to square (twice) than
 *   those of `hwt`; otherwise `hwt`, as MATLAB's own functions have it.
 * - 4 axes: `thwc` if the last is 3 long and the third is not 1, 3 or 4; otherwise `hwct`.
 */
export function matAxes(shape: readonly number[]): ArrayAxes {
  const [a, b, c, d] = shape as [number, number, number, number];
  if (shape.length === 2) return "hw";
  if (shape.length === 4) return d === 3 && ![1, 3, 4].includes(c) ? "thwc" : "hwct";
  if (c === 3) return "hwc";
  return elongation(b, c) * 2 <= elongation(a, b) ? "thw" : "hwt";
}

function elongation(height: number, width: number): number {
  return Math.max(height, width) / Math.min(height, width);
}
