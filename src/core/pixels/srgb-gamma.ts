import { lazyTable } from "./lazy-table.js";
import { roundHalfEven } from "./rounding.js";

const single = Math.fround;

/** Linear light to sRGB, both 0 … 1; singles in, singles out. */
function gamma(x: number): number {
  return single(x <= 7827 / 2_500_000 ? x * (323 / 25) : x ** (1 / 2.4) * (1 + 11 / 200) - 11 / 200);
}

/** Linear light in 12 bits to sRGB in 8. */
export const byteGammaTable = lazyTable(() => {
  return Uint8Array.from({ length: 4096 }, (_, i) => roundHalfEven(single(255 * gamma(i / 4096))));
});

const steps = 1024;

/**
 * Linear light, 0 … 1, to sRGB: a cubic spline through 1025 points, as OpenCV computes it in singles. It differs from
 * the formula in the sixth digit.
 */
export function gammaBySpline(light: number, table: Float32Array): number {
  const x = single(light * steps);
  const step = Math.min(Math.max(Math.trunc(x), 0), steps - 1);
  const part = single(x - step);
  const at = step * 4;
  const third = single(single(table[at + 3]! * part) + table[at + 2]!);
  const second = single(single(third * part) + table[at + 1]!);
  return single(single(second * part) + table[at]!);
}

/** Four coefficients for each step, lowest first. */
export const gammaSplineTable = lazyTable(() => {
  const points = Float32Array.from({ length: steps + 1 }, (_, i) => gamma(i / steps));
  const table = new Float32Array(steps * 4);
  for (let i = 1; i < steps; i++) {
    const curve = single(single(single(points[i + 1]! - single(points[i]! * 2)) + points[i - 1]!) * 3);
    const lower = single(1 / single(4 - table[(i - 1) * 4]!));
    table[i * 4] = lower;
    table[i * 4 + 1] = single(single(curve - table[(i - 1) * 4 + 1]!) * lower);
  }
  let next = 0;
  for (let i = steps - 1; i >= 0; i--) {
    const square = single(table[i * 4 + 1]! - single(table[i * 4]! * next));
    const bend = single(single(next + single(square * 2)) / 3);
    table[i * 4 + 1] = single(single(points[i + 1]! - points[i]!) - bend);
    table[i * 4 + 2] = square;
    table[i * 4 + 3] = single(single(next - square) / 3);
    table[i * 4] = points[i]!;
    next = square;
  }
  return table;
});
