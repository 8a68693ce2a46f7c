import { convolveRows } from "./convolve-rows.js";
import type { SamplesFilter, Shape } from "./filter-shape.js";
import { layOut, workbench } from "./wasm.js";

/**
 * Convolves shorts with a row of weights, across and down, edges reflected: OpenCV's `GaussianBlur`, to the bit.
 * @param weights whole 65536ths as `gaussianShorts` gives them; their sum is 1.
 */
export function blurShorts(shape: Shape, weights: Float64Array): SamplesFilter<Uint16Array> {
  const { width, height, channels } = shape;
  const bytes = width * height * channels * 2;
  const size = weights.length;
  const row = width * channels;
  const layout = layOut({
    src: bytes,
    dst: bytes,
    weights: size * 4,
    ring: size * (row * 4 + 64),
    padded: (row + size * channels) * 2,
    taps: size * 4,
  });
  if (!workbench(layout)) return blurShortsPlain(shape, weights);
  const parts = Uint32Array.from(weights, (weight) => weight * 65536);
  return (data) => {
    const { kernels, put, take } = workbench(layout)!;
    const { src, dst, ring, padded, taps } = layout;
    put(src, data);
    put(layout.weights, parts);
    kernels.blurShorts(src, dst, width, height, channels, layout.weights, size, ring, padded, taps);
    return new Uint16Array(take(dst, bytes).buffer);
  };
}

/** The same without vectors: what the kernel must give. Doubles hold all of its 48 bits. */
export function blurShortsPlain(shape: Shape, weights: Float64Array): SamplesFilter<Uint16Array> {
  const convolve = convolveRows(shape, weights);
  return (data) => Uint16Array.from(convolve(data), (value) => value + 0.5);
}
