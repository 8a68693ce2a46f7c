import type { RedSite } from "../../core/pixels/bayer.js";
import { freshBytes } from "./fresh-bytes.js";
import { layOut, workbench } from "./wasm.js";

/** Bytes that come out at once, more or less: they stay in the processor's cache. */
const bandBytes = 2 ** 16;

/**
 * BGR of a Bayer mosaic of bytes with vectors: what the decoder in core/pixels/bayer.ts gives.
 * @returns undefined where there are no vectors, and for pictures whose pixels all lie at an edge.
 */
export function demosaicBytes(
  width: number,
  height: number,
  red: RedSite,
): ((data: Uint8Array) => Uint8Array) | undefined {
  if (width < 3 || height < 3) return undefined;
  const line = 3 * width;
  const band = Math.max(1, Math.floor(bandBytes / line));
  const layout = layOut({ src: (band + 2) * width, dst: band * line });
  if (!workbench(layout)) return undefined;
  return (data) => {
    const { kernels, buffer, put } = workbench(layout)!;
    const to = freshBytes(height * line);
    for (let row = 1; row < height - 1; row += band) {
      const rows = Math.min(band, height - 1 - row);
      put(layout.src, data.subarray((row - 1) * width, (row + rows + 1) * width));
      const isRed = (row & 1) === red.row;
      const column = isRed ? red.column : red.column ^ 1;
      kernels.demosaicBytes(layout.src + width, layout.dst, width, rows, column, isRed ? 1 : 0);
      to.set(new Uint8Array(buffer, layout.dst, rows * line), row * line);
    }
    to.copyWithin(0, line, 2 * line);
    to.copyWithin((height - 1) * line, (height - 2) * line);
    return to;
  };
}
