import type { BytesFilter, Shape } from "./filter-shape.js";
import { reflectedRow } from "./reflected.js";
import { layOut, workbench } from "./wasm.js";

/**
 * The mean of a square of bytes around each pixel, rounded; edges are reflected: OpenCV's `blur`, to the bit.
 * @param size odd, up to 255.
 */
export function boxBytes(shape: Shape, size: number): BytesFilter {
  return withVectors(shape, size) ?? boxBytesPlain(shape, size);
}

function withVectors({ width, height, channels }: Shape, size: number): BytesFilter | undefined {
  const bytes = width * height * channels;
  const layout = layOut({
    src: bytes,
    dst: bytes,
    sums: (width + size) * channels * 2,
    running: (width + size) * channels * 4,
  });
  if (!workbench(layout)) return undefined;
  return (data) => {
    const bench = workbench(layout)!;
    bench.put(layout.src, data);
    bench.kernels.boxBytes(
      layout.src,
      layout.dst,
      width,
      height,
      channels,
      size,
      layout.sums,
      layout.running,
    );
    return bench.take(layout.dst, bytes);
  };
}

/** The same without vectors: what the kernel must give. */
export function boxBytesPlain(shape: Shape, size: number): BytesFilter {
  const means = boxMeans(shape, size);
  return (data) => {
    const out = new Uint8Array(data.length);
    means(data, (at, mean) => {
      out[at] = mean + 0.5;
    });
    return out;
  };
}

/** Gives the mean of a square around each sample, not rounded, for samples of any kind. Edges are reflected. */
export function boxMeans(
  { width, height, channels }: Shape,
  size: number,
): (data: Uint8Array | Uint16Array | Float32Array, give: (at: number, mean: number) => void) => void {
  const radius = (size - 1) / 2;
  const columns = reflectedRow(-radius, width + 2 * radius, width);
  const rows = reflectedRow(-radius, height + 2 * radius, height);
  const samples = width * channels;
  const share = 1 / (size * size);
  return (data, give) => {
    const sums = new Float64Array(samples);
    const add = (row: number, sign: number): void => {
      for (let i = 0, at = row * samples; i < samples; i++, at++) sums[i]! += sign * data[at]!;
    };
    for (let k = 0; k < size - 1; k++) add(rows[k]!, 1);
    for (let y = 0; y < height; y++) {
      add(rows[y + size - 1]!, 1);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < size - 1; k++) sum += sums[columns[k]! * channels + c]!;
        for (let x = 0, at = y * samples + c; x < width; x++, at += channels) {
          sum += sums[columns[x + size - 1]! * channels + c]!;
          give(at, sum * share);
          sum -= sums[columns[x]! * channels + c]!;
        }
      }
      add(rows[y]!, -1);
    }
  };
}
