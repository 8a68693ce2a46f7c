import type { BytesFilter, Shape } from "./filter-shape.js";
import { reflectedRow } from "./reflected.js";
import { type Layout, layOut, type Workbench, workbench } from "./wasm.js";

/**
 * Convolves bytes with a row of weights, across and down, edges reflected: OpenCV's `GaussianBlur`, to the bit.
 * @param weights of 256ths, an odd number of them, symmetric, none below 0; their sum is 256.
 */
export function blurBytes(shape: Shape, weights: Int16Array): BytesFilter {
  const { layout, blur } = blurBench(shape, weights, {});
  if (!workbench(layout)) return blurBytesPlain(shape, weights);
  const bytes = shape.width * shape.height * shape.channels;
  return (data) => {
    const bench = workbench(layout)!;
    bench.put(layout.src, data);
    blur(bench);
    return bench.take(layout.dst, bytes);
  };
}

/** Blurs what lies at `src` of the layout into `dst`, for those who have more to do there. */
export interface BlurBench<Extra extends string> {
  readonly layout: Layout<"src" | "dst" | Extra>;
  blur(bench: Workbench): void;
}

/** @param extra buffers of the caller's, in bytes. */
export function blurBench<Extra extends string>(
  { width, height, channels }: Shape,
  weights: Int16Array,
  extra: { readonly [E in Extra]: number },
): BlurBench<Extra> {
  const bytes = width * height * channels;
  const size = weights.length;
  const row = width * channels * 2;
  const layout = layOut({
    ...extra,
    src: bytes,
    dst: bytes,
    weights: (size + 1) * 2,
    ring: size * (row + 64),
    padded: row + size * channels * 2,
    taps: (size + 1) * 4,
  });
  const evenly = Int16Array.from([...weights, 0]);
  return {
    layout,
    blur({ kernels, put }) {
      put(layout.weights, evenly);
      const { src, dst, ring, padded, taps } = layout;
      kernels.blurBytes(src, dst, width, height, channels, layout.weights, size, ring, padded, taps);
    },
  };
}

/** The same without vectors: what the kernel must give. */
export function blurBytesPlain({ width, height, channels }: Shape, weights: Int16Array): BytesFilter {
  const radius = (weights.length - 1) / 2;
  const columns = reflectedRow(-radius, width + 2 * radius, width);
  const rows = reflectedRow(-radius, height + 2 * radius, height);
  const samples = width * channels;
  return (data) => {
    const across = new Uint16Array(data.length);
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++, at++) {
          let sum = 0;
          for (let k = 0; k < weights.length; k++) {
            sum += data[y * samples + columns[x + k]! * channels + c]! * weights[k]!;
          }
          across[at] = sum;
        }
      }
    }
    const out = new Uint8Array(data.length);
    for (let y = 0, at = 0; y < height; y++) {
      for (let i = 0; i < samples; i++, at++) {
        let sum = 32768;
        for (let k = 0; k < weights.length; k++) sum += across[rows[y + k]! * samples + i]! * weights[k]!;
        out[at] = sum >>> 16;
      }
    }
    return out;
  };
}
