/** How the driver has laid a frame out. */
export interface Geometry {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** Rows without what stands between them. What has nothing between is given as it is, without a copy. */
export function compactRows(bytes: Uint8Array, row: number, rows: number, stride: number): Uint8Array {
  if (stride === row) return bytes.byteLength === row * rows ? bytes : bytes.subarray(0, row * rows);
  const out = new Uint8Array(row * rows);
  for (let y = 0; y < rows; y++) out.set(bytes.subarray(y * stride, y * stride + row), y * row);
  return out;
}

/** Samples of two bytes each. */
export function deepSamples(
  bytes: Uint8Array,
  { width, height, stride }: Geometry,
  isBig: boolean,
): Uint16Array {
  const rows = compactRows(bytes, width * 2, height, stride);
  const isAligned = rows.byteOffset % 2 === 0;
  const own = isAligned ? rows : rows.slice();
  const samples = new Uint16Array(own.buffer, own.byteOffset, width * height);
  if (!isBig) return samples;
  return samples.map((value) => (value >>> 8) | (value << 8));
}

/** Four samples of 10 bits in five bytes, as MIPI CSI-2 packs them: the high bits of each, then the low bits of all. */
export function unpackTens(bytes: Uint8Array, { width, height, stride }: Geometry): Uint16Array {
  const out = new Uint16Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const group = y * stride + (x >> 2) * 5;
      out[to++] = (bytes[group + (x & 3)]! << 2) | ((bytes[group + 4]! >> (2 * (x & 3))) & 3);
    }
  }
  return out;
}

/** Two samples of 12 bits in three bytes, as MIPI CSI-2 packs them: the high bits of each, then the low bits of both. */
export function unpackTwelves(bytes: Uint8Array, { width, height, stride }: Geometry): Uint16Array {
  const out = new Uint16Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const group = y * stride + (x >> 1) * 3;
      out[to++] = (bytes[group + (x & 1)]! << 4) | ((bytes[group + 2]! >> (4 * (x & 1))) & 15);
    }
  }
  return out;
}
