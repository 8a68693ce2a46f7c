import { freshBytes } from "./fresh-bytes.js";
import { type Kernels, type Layout, layOut, workbench } from "./wasm.js";

/** Bytes that go in at once, more or less: with what comes out they stay in the processor's cache. */
const bandBytes = 2 ** 17;

/** A kernel that makes rows of bytes of rows of bytes. */
export interface RowKernel {
  /** Rows that go in, and bytes of each. */
  readonly rowsIn: number;
  readonly lineIn: number;
  /** Bytes of a row that comes out. */
  readonly lineOut: number;
  /** Rows that go in for one that comes out. @default 1 */
  readonly step?: number;
  /** Rows above and below that are looked at, too; those beyond an edge are the kernel's own affair. @default 0 */
  readonly reach?: number;
  /** Bytes that the kernel needs besides. */
  readonly scratch: number;
  /** Makes rows of all that went in, those that are reached for included. */
  run(kernels: Kernels, places: Layout<"src" | "dst" | "scratch">, rowsIn: number): void;
}

/**
 * Runs such a kernel over a picture, some rows at a time: what goes in is copied once and what comes out once, and both
 * copies are of what is in the cache.
 * @returns undefined where there are no vectors.
 */
export function inBands(kernel: RowKernel): ((data: Uint8Array) => Uint8Array) | undefined {
  const { rowsIn, lineIn, lineOut, step = 1, reach = 0, scratch } = kernel;
  const rowsOut = Math.floor(rowsIn / step);
  const most = Math.min(rowsOut, Math.max(1, 4 * reach, Math.floor(bandBytes / (step * lineIn))));
  const room = most * step + 2 * reach;
  const layout = layOut({ src: room * lineIn, dst: (room / step + 1) * lineOut, scratch });
  if (!workbench(layout)) return undefined;
  return (data) => {
    const { kernels, buffer, put } = workbench(layout)!;
    const to = freshBytes(rowsOut * lineOut);
    for (let row = 0; row < rowsOut; row += most) {
      const count = Math.min(most, rowsOut - row);
      const first = Math.max(0, row * step - reach);
      const end = Math.min(rowsIn, (row + count) * step + reach);
      put(layout.src, data.subarray(first * lineIn, end * lineIn));
      kernel.run(kernels, layout, end - first);
      // Rows that were only reached for are left out.
      const skipped = layout.dst + ((row * step - first) / step) * lineOut;
      to.set(new Uint8Array(buffer, skipped, count * lineOut), row * lineOut);
    }
    return to;
  };
}
