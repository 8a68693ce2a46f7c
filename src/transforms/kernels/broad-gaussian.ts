import { convolveRows } from "./convolve-rows.js";
import { gaussianSize, gaussianWeights } from "./gaussian-weights.js";

/** A picture of one channel, blurred so much that few of its pixels tell all. */
export interface BroadGaussian {
  readonly mean: number;
  /** Writes row `y`, of the picture's full width, to `row`. */
  fillRow(y: number, row: Float64Array): void;
}

/**
 * A Gaussian of any width in the time of a narrow one: means of squares of about sigma / 8 are blurred, and looked up between
 * their centres. Within 2 % of OpenCV's `GaussianBlur`; edges are reflected.
 */
export function broadGaussian(
  width: number,
  height: number,
  sigma: number,
): (data: Uint8Array | Uint16Array | Float32Array) => BroadGaussian {
  const side = Math.max(1, Math.floor(sigma / 8));
  const [across, down] = [Math.ceil(width / side), Math.ceil(height / side)];
  // Means of squares blur by 1/12 of their side squared, looking up between them by twice that.
  const narrow = side === 1 ? sigma : Math.sqrt((sigma / side) ** 2 - 1 / 4);
  const weights = gaussianWeights(gaussianSize(narrow, false), narrow);
  const blur = convolveRows({ width: across, height: down, channels: 1 }, weights);
  const columns = places(width, side, across);
  const rows = places(height, side, down);
  return (data) => {
    const cells = blur(squareMeans(data, width, height, side, across, down));
    let sum = 0;
    for (let i = 0; i < cells.length; i++) sum += cells[i]!;
    const between = new Float64Array(across);
    return {
      mean: sum / cells.length,
      fillRow(y, row) {
        const above = rows.first[y]! * across;
        const below = rows.second[y]! * across;
        const share = rows.shares[y]!;
        for (let x = 0; x < across; x++) {
          between[x] = cells[above + x]! + (cells[below + x]! - cells[above + x]!) * share;
        }
        for (let x = 0; x < row.length; x++) {
          const left = between[columns.first[x]!]!;
          row[x] = left + (between[columns.second[x]!]! - left) * columns.shares[x]!;
        }
      },
    };
  };
}

/** Between the centres of which two squares each pixel lies, and how near it is to the second. */
function places(
  length: number,
  side: number,
  squares: number,
): { readonly first: Int32Array; readonly second: Int32Array; readonly shares: Float64Array } {
  const at = Float64Array.from({ length }, (_, i) =>
    Math.max(0, Math.min(squares - 1, (i + 0.5) / side - 0.5)),
  );
  return {
    first: Int32Array.from(at, Math.floor),
    second: Int32Array.from(at, Math.ceil),
    shares: at.map((place) => place - Math.floor(place)),
  };
}

/** Squares at the right and lower edge may be smaller. */
function squareMeans(
  data: Uint8Array | Uint16Array | Float32Array,
  width: number,
  height: number,
  side: number,
  across: number,
  down: number,
): Float32Array {
  const means = new Float32Array(across * down);
  const sums = new Float64Array(across);
  for (let row = 0; row < down; row++) {
    const [top, bottom] = [row * side, Math.min(height, (row + 1) * side)];
    sums.fill(0);
    for (let y = top; y < bottom; y++) {
      for (let square = 0, x = 0, at = y * width; square < across; square++) {
        const end = Math.min(width, (square + 1) * side);
        let sum = 0;
        for (; x < end; x++, at++) sum += data[at]!;
        sums[square]! += sum;
      }
    }
    for (let square = 0; square < across; square++) {
      const wide = Math.min(width, (square + 1) * side) - square * side;
      means[row * across + square] = sums[square]! / (wide * (bottom - top));
    }
  }
  return means;
}
