import { blankImage, type Image } from "../../core/image.js";
import { layOut, workbench } from "./wasm.js";

/** Pixels that are moved at once. */
const strip = 8192;

/**
 * Adds to the three colours of every pixel what its gray has gained, limited to 0-255; alpha stays. Bytes.
 * @param before gray as it was; `after` as it is to be.
 */
export function shiftColors(image: Image, before: Uint8Array, after: Uint8Array): Image {
  const { channels } = image;
  const layout = layOut({ src: strip * channels, dst: strip * channels, before: strip, after: strip });
  const bench = workbench(layout);
  if (!bench) return shiftColorsPlain(image, before, after);
  const from = image.data as Uint8Array;
  const to = new Uint8Array(from.length);
  for (let at = 0; at < before.length; at += strip) {
    const count = Math.min(strip, before.length - at);
    bench.put(layout.src, from.subarray(at * channels, (at + count) * channels));
    bench.put(layout.before, before.subarray(at, at + count));
    bench.put(layout.after, after.subarray(at, at + count));
    bench.kernels.shiftPixels(layout.src, layout.dst, layout.before, layout.after, count, channels);
    to.set(new Uint8Array(bench.buffer, layout.dst, count * channels), at * channels);
  }
  return { ...image, data: to };
}

/** The same without vectors: what the kernel must give. */
export function shiftColorsPlain(image: Image, before: Uint8Array, after: Uint8Array): Image {
  const out = blankImage(image);
  const from = image.data as Uint8Array;
  // The array itself limits.
  const to = new Uint8ClampedArray(out.data.buffer);
  for (let pixel = 0, at = 0; pixel < before.length; pixel++) {
    const step = after[pixel]! - before[pixel]!;
    for (let c = 0; c < image.channels; c++, at++) to[at] = from[at]! + (c < 3 ? step : 0);
  }
  return out;
}
