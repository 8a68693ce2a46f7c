import type { Shape } from "./filter-shape.js";
import { inBands } from "./in-bands.js";

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
  if (channels > 4) return undefined;
  const line = width * channels;
  return inBands({
    ...{ rowsIn: 2 * height, lineIn: 2 * line, lineOut: line, step: 2, scratch: 4 * line },
    run: ({ halveBytes }, { src, dst, scratch }, rows) =>
      halveBytes(src, dst, width, rows / 2, channels, scratch),
  });
}
