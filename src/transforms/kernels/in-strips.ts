import type { AnyTypedArray } from "../../core/image.js";
import { freshBytes } from "./fresh-bytes.js";
import { type Kernels, type Layout, layOut, workbench } from "./wasm.js";

/** Bytes that go in, or come out, at once: both stay in the processor's cache. */
const largestStrip = 2 ** 15;

/** A kernel that makes pixels of pixels, each by itself. */
export interface PixelKernel {
  /** Bytes of a pixel that goes in, and of one that comes out. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** What the kernel looks up. */
  readonly table?: Uint8Array | Uint16Array | Float32Array;
  /** The last pixels go in first: for kernels that turn their strip round. */
  readonly isBackwards?: boolean;
  run(kernels: Kernels, places: Layout<"src" | "dst" | "table">, count: number): void;
}

/**
 * Runs such a kernel over all pixels of a picture. What goes in is copied once and what comes out once, and both copies are of
 * what is in the cache.
 * @returns undefined where there are no vectors.
 */
export function inStrips(kernel: PixelKernel): ((data: AnyTypedArray) => Uint8Array) | undefined {
  const { bytesIn, bytesOut, table, isBackwards = false } = kernel;
  const strip = largestStrip / 2 ** Math.ceil(Math.log2(Math.max(bytesIn, bytesOut)));
  const layout = layOut({ table: table?.byteLength ?? 0, src: strip * bytesIn, dst: strip * bytesOut });
  if (!workbench(layout)) return undefined;
  return (data) => {
    const { kernels, buffer, put } = workbench(layout)!;
    if (table) put(layout.table, table);
    const from = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const pixels = from.length / bytesIn;
    const to = freshBytes(pixels * bytesOut);
    const source = new Uint8Array(buffer, layout.src, strip * bytesIn);
    const target = new Uint8Array(buffer, layout.dst, strip * bytesOut);
    for (let at = 0; at < pixels; at += strip) {
      const count = Math.min(strip, pixels - at);
      const first = isBackwards ? pixels - at - count : at;
      source.set(from.subarray(first * bytesIn, (first + count) * bytesIn));
      kernel.run(kernels, layout, count);
      to.set(count === strip ? target : target.subarray(0, count * bytesOut), at * bytesOut);
    }
    return to;
  };
}
