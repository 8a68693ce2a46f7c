import { layOut, workbench } from "./wasm.js";

/** How often each value occurs. @param size one more than the largest value there can be; larger ones count as that. */
export function histogram(data: Uint8Array | Uint16Array, size: number): Uint32Array {
  if (data instanceof Uint8Array && size === 256) return countWithVectors(data) ?? byteHistogram(data);
  const counts = new Uint32Array(size);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    counts[value < size ? value : size - 1]!++;
  }
  return counts;
}

/** Bytes that are counted at once. */
const strip = 2 ** 16;

function countWithVectors(data: Uint8Array): Uint32Array | undefined {
  const layout = layOut({ src: strip, tables: 4096 });
  const bench = workbench(layout);
  if (!bench) return undefined;
  const tables = new Uint32Array(bench.buffer, layout.tables, 1024);
  tables.fill(0);
  for (let at = 0; at < data.length; at += strip) {
    const part = data.subarray(at, at + strip);
    bench.put(layout.src, part);
    bench.kernels.countBytes(layout.src, part.length, layout.tables);
  }
  return Uint32Array.from(
    { length: 256 },
    (_, value) => tables[value]! + tables[value + 256]! + tables[value + 512]! + tables[value + 768]!,
  );
}

/** The same without vectors. Four at a time, so that runs of one value need not wait for their own last count. */
export function byteHistogram(data: Uint8Array): Uint32Array {
  const [a, b, c, d] = [0, 1, 2, 3].map(() => new Uint32Array(256)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const even = data.length & ~3;
  for (let i = 0; i < even; i += 4) {
    a[data[i]!]!++;
    b[data[i + 1]!]!++;
    c[data[i + 2]!]!++;
    d[data[i + 3]!]!++;
  }
  for (let i = even; i < data.length; i++) a[data[i]!]!++;
  for (let value = 0; value < 256; value++) a[value]! += b[value]! + c[value]! + d[value]!;
  return a;
}
