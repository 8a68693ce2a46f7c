import { evenRounded } from "../../core/even-rounding.js";

/** @returns how many weights OpenCV gives a Gaussian of that width: 3 sigma on either side for bytes, 4 for others. */
export function gaussianSize(sigma: number, bytes: boolean): number {
  return evenRounded(sigma * (bytes ? 3 : 4) * 2 + 1) | 1;
}

/** The width that OpenCV gives a Gaussian of so many weights. */
export function sigmaOfSize(size: number): number {
  return 0.15 * size + 0.35;
}

/** Weights of a Gaussian; their sum is 1. @param size odd. */
export function gaussianWeights(size: number, sigma: number): Float64Array {
  const radius = (size - 1) / 2;
  const scale = -0.125 / (sigma * sigma);
  const half = Float64Array.from({ length: radius }, (_, i) => Math.exp((1 - size + 2 * i) ** 2 * scale));
  const share = 1 / (half.reduce((sum, weight) => sum + weight, 0) * 2 + 1);
  const weights = new Float64Array(size);
  for (let i = 0; i < radius; i++) weights[i] = weights[size - 1 - i] = half[i]! * share;
  weights[radius] = share;
  return weights;
}

/**
 * The same in whole parts of `one`, the sum of all: what one rounding loses the next gets, as in OpenCV's
 * `getGaussianKernelFixedPoint_ED`.
 */
export function wholeWeights(size: number, sigma: number, one: number): Float64Array {
  const exact = gaussianWeights(size, sigma);
  const weights = new Float64Array(size);
  const radius = (size - 1) / 2;
  let [lost, sum] = [0, 0];
  for (let i = 0; i < radius; i++) {
    const wanted = exact[i]! * one + lost;
    const weight = evenRounded(wanted);
    lost = wanted - weight;
    weights[i] = weights[size - 1 - i] = weight;
    sum += weight;
  }
  weights[radius] = one - 2 * sum;
  return weights;
}

/** Weights for `blurBytes`: whole 256ths. */
export function gaussianBytes(size: number, sigma: number): Int16Array {
  return Int16Array.from(wholeWeights(size, sigma, 256));
}

/** Weights for shorts, of whole 65536ths as OpenCV has them; their sum is 1. */
export function gaussianShorts(size: number, sigma: number): Float64Array {
  return wholeWeights(size, sigma, 65536).map((weight) => weight / 65536);
}
