import { evenRounded } from "../../core/even-rounding.js";
import { blurBench, blurBytesPlain } from "./blur-bytes.js";
import type { BytesFilter, Shape } from "./filter-shape.js";
import { workbench } from "./wasm.js";

/**
 * Adds to each byte `amount` times what its blurred twin lacks, rounded half to even in single precision, where that differs
 * by `threshold` or more; limited to 0-255.
 * @param weights as `blurBytes` takes them.
 * @param threshold 0 to 256, whole.
 */
export function sharpenBytes(
  shape: Shape,
  weights: Int16Array,
  amount: number,
  threshold: number,
): BytesFilter {
  const bytes = shape.width * shape.height * shape.channels;
  const { layout, blur } = blurBench(shape, weights, { sharp: bytes });
  if (!workbench(layout)) return sharpenBytesPlain(shape, weights, amount, threshold);
  return (data) => {
    const bench = workbench(layout)!;
    bench.put(layout.src, data);
    blur(bench);
    bench.kernels.sharpenBytes(layout.src, layout.dst, layout.sharp, bytes, amount, threshold);
    return bench.take(layout.sharp, bytes);
  };
}

/** The same without vectors: what the kernels must give. */
export function sharpenBytesPlain(
  shape: Shape,
  weights: Int16Array,
  amount: number,
  threshold: number,
): BytesFilter {
  const blur = blurBytesPlain(shape, weights);
  const times = Math.fround(amount);
  const gains = Int32Array.from({ length: 511 }, (_, i) =>
    Math.abs(i - 255) < threshold ? 0 : evenRounded(Math.fround((i - 255) * times)),
  );
  return (data) => {
    const blurred = blur(data);
    const out = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i++) {
      out[i] = Math.max(0, Math.min(255, data[i]! + gains[data[i]! - blurred[i]! + 255]!));
    }
    return out;
  };
}
