import type { Shape } from "./filter-shape.js";
import { layOut, workbench } from "./wasm.js";

/**
 * Half as wide and half as high: the mean of four bytes, halves up, with vectors.
 * @param out the shape of what comes out; what goes in has twice its width and height, and at most 4 channels.
 * @returns undefined where there are no vectors; `halved` in resize-area.ts does the same.
 */
export function halveWithVectors({
  width,
  height,
  channels,
}: Shape): ((data: Uint8Array) => Uint8Array) | undefined {
  const bytes = width * height * channels;
  const layout = layOut({ src: 4 * bytes, dst: bytes, sums: 4 * width * channels });
  if (channels > 4 || !workbench(layout)) return undefined;
  return (data) => {
    const bench = workbench(layout)!;
    bench.put(layout.src, data);
    bench.kernels.halveBytes(layout.src, layout.dst, width, height, channels, layout.sums);
    return bench.take(layout.dst, bytes);
  };
}
