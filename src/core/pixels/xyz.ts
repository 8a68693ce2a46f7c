import { pixelDecoder } from "./pixel-decoder.js";

/** CIE XYZ to linear sRGB under D65: rows are red, green, blue. */
export const xyzToRgb = [
  [3.240479, -1.53715, -0.498535],
  [-0.969256, 1.875991, 0.041556],
  [0.055648, -0.204043, 1.057311],
] as const;

/** CIE XYZ, without gamma. */
export const xyz = pixelDecoder({
  takes: ["3 channels of uint8, uint16 or float32"],
  channels: [3],
  dtypes: ["uint8", "uint16", "float32"],
  fill: ({ data, dtype }, out) => {
    if (dtype === "float32") fillFloat(data as Float32Array, out as Float32Array);
    else fillFixed(data as Uint8Array, out as Uint8Array, dtype === "uint8" ? 255 : 65_535);
  },
});

/** In 12-bit fixed point. */
function fillFixed(source: Uint8Array, target: Uint8Array, most: number): void {
  // This array limits bytes without a branch, which is twice as fast.
  const bytes = new Uint8ClampedArray(target.buffer);
  for (let i = 0; i < target.length; i += 3) {
    const x = source[i]!;
    const y = source[i + 1]!;
    const z = source[i + 2]!;
    const b = (x * 228 - y * 836 + z * 4331 + 2048) >> 12;
    const g = (-x * 3970 + y * 7684 + z * 170 + 2048) >> 12;
    const r = (x * 13_273 - y * 6296 - z * 2042 + 2048) >> 12;
    if (most === 255) {
      bytes[i] = b;
      bytes[i + 1] = g;
      bytes[i + 2] = r;
    } else {
      target[i] = Math.max(0, Math.min(most, b));
      target[i + 1] = Math.max(0, Math.min(most, g));
      target[i + 2] = Math.max(0, Math.min(most, r));
    }
  }
}

function fillFloat(source: Float32Array, target: Float32Array): void {
  const single = Math.fround;
  const [red, green, blue] = xyzToRgb.map((row) => Float32Array.from(row)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const dot = (weights: Float32Array, x: number, y: number, z: number): number =>
    single(x * weights[0]!) + single(single(y * weights[1]!) + single(z * weights[2]!));
  for (let i = 0; i < target.length; i += 3) {
    const x = source[i]!;
    const y = source[i + 1]!;
    const z = source[i + 2]!;
    target[i] = dot(blue, x, y, z);
    target[i + 1] = dot(green, x, y, z);
    target[i + 2] = dot(red, x, y, z);
  }
}
