/** How often each value occurs. @param size one more than the largest value there can be; larger ones count as that. */
export function histogram(data: Uint8Array | Uint16Array, size: number): Uint32Array {
  if (data instanceof Uint8Array && size === 256) return byteHistogram(data);
  const counts = new Uint32Array(size);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    counts[value < size ? value : size - 1]!++;
  }
  return counts;
}

/** Four at a time, so that runs of one value need not wait for their own last count. */
function byteHistogram(data: Uint8Array): Uint32Array {
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
