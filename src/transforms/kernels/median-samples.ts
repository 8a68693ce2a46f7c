import type { DType } from "../../core/image.js";
import type { BytesFilter, SamplesFilter, Shape } from "./filter-shape.js";
import { inBands } from "./in-bands.js";
import { layOut, workbench } from "./wasm.js";

/** The dtypes whose medians are found here. */
export type MedianSamples = Uint8Array | Uint16Array | Float32Array;

/**
 * The median of a square around each sample, edges repeated: OpenCV's `medianBlur`, to the bit.
 * @param size odd; 3 or 5 for other samples than bytes, up to 255 for them.
 */
export function medianSamples(dtype: DType, shape: Shape, size: number): SamplesFilter<MedianSamples> {
  const fast =
    dtype === "float32" ? undefined : size <= 5 ? byNetworks(dtype, shape, size) : byCounts(shape, size);
  return (fast ??
    (size <= 5
      ? medianPlain(shape, size)
      : medianByCountsPlain(shape, size))) as SamplesFilter<MedianSamples>;
}

function byNetworks(
  dtype: DType,
  { width, height, channels }: Shape,
  size: number,
): SamplesFilter<Uint8Array> | SamplesFilter<Uint16Array> | undefined {
  const sampleBytes = dtype === "uint8" ? 1 : 2;
  const line = width * channels * sampleBytes;
  const name = `median${sampleBytes === 1 ? "Bytes" : "Shorts"}${size as 3 | 5}` as const;
  const run = inBands({
    ...{ rowsIn: height, lineIn: line, lineOut: line, reach: (size - 1) / 2 },
    scratch: size * ((width + size) * channels * sampleBytes + 64),
    run: (kernels, { src, dst, scratch }, rows) => kernels[name](src, dst, width, rows, channels, scratch),
  });
  if (!run) return undefined;
  return (data: Uint8Array | Uint16Array) => {
    const out = run(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return (sampleBytes === 1 ? out : new Uint16Array(out.buffer)) as never;
  };
}

function byCounts({ width, height, channels }: Shape, size: number): BytesFilter | undefined {
  const bytes = width * height * channels;
  const layout = layOut({ src: bytes, dst: bytes, coarse: width * 16, fine: width * 256, scratch: 640 });
  if (!workbench(layout)) return undefined;
  return (data) => {
    const { kernels, buffer, put, take } = workbench(layout)!;
    const { src, dst, coarse, fine, scratch } = layout;
    put(src, data);
    for (let c = 0; c < channels; c++) {
      new Uint8Array(buffer, coarse, width * 16).fill(0);
      new Uint8Array(buffer, fine, width * 256).fill(0);
      kernels.medianByCounts(src + c, dst + c, width, height, channels, size, coarse, fine, scratch);
    }
    return take(dst, bytes);
  };
}

/** By sorting each window; the judge of the networks, and for floats. */
export function medianPlain<T extends MedianSamples>(
  { width, height, channels }: Shape,
  size: number,
): SamplesFilter<T> {
  const radius = (size - 1) / 2;
  const window = new Float64Array(size * size);
  return (data) => {
    const out = new (data.constructor as new (length: number) => T)(data.length);
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++, at++) {
          let count = 0;
          for (let dy = -radius; dy <= radius; dy++) {
            const row = Math.max(0, Math.min(height - 1, y + dy)) * width;
            for (let dx = -radius; dx <= radius; dx++) {
              const column = Math.max(0, Math.min(width - 1, x + dx));
              const value = data[(row + column) * channels + c]!;
              let place = count++;
              for (; place > 0 && window[place - 1]! > value; place--) window[place] = window[place - 1]!;
              window[place] = value;
            }
          }
          out[at] = window[(window.length - 1) / 2]!;
        }
      }
    }
    return out;
  };
}

/** By counting the values of a window that moves along the row (Huang and others, 1979). */
export function medianByCountsPlain({ width, height, channels }: Shape, size: number): BytesFilter {
  const radius = (size - 1) / 2;
  const half = (size * size - 1) / 2;
  const counts = new Int32Array(256);
  return (data) => {
    const out = new Uint8Array(data.length);
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < channels; c++) {
        counts.fill(0);
        // How many of the window are below `median`, which moves as the counts do.
        let [median, below] = [0, 0];
        const column = (x: number, change: number): void => {
          const at = Math.max(0, Math.min(width - 1, x)) * channels + c;
          for (let dy = -radius; dy <= radius; dy++) {
            const row = Math.max(0, Math.min(height - 1, y + dy));
            const value = data[row * width * channels + at]!;
            counts[value]! += change;
            if (value < median) below += change;
          }
        };
        for (let x = -radius; x < radius; x++) column(x, 1);
        for (let x = 0; x < width; x++) {
          column(x + radius, 1);
          while (below > half) below -= counts[--median]!;
          while (below + counts[median]! <= half) below += counts[median++]!;
          out[(y * width + x) * channels + c] = median;
          column(x - radius, -1);
        }
      }
    }
    return out;
  };
}
