import { lazyTable } from "./lazy-table.js";
import { pixelDecoder } from "./pixel-decoder.js";
import { roundHalfEven } from "./rounding.js";
import { byteGammaTable, gammaBySpline, gammaSplineTable } from "./srgb-gamma.js";
import { xyzToRgb } from "./xyz.js";

// CIE 1976 L*a*b* and L*u*v* under D65, to sRGB. Bytes go through 14-bit fixed point, floats through singles, both in
// OpenCV's order of operations.
const single = Math.fround;
const base = 1 << 14;
const whiteX = 0.950456;
const whiteZ = 1.088754;

/** L* a* b*. In 8 bits L* is scaled to 255, and a* and b* are shifted by 128. */
export const lab = pixelDecoder({
  takes: ["3 channels of uint8 or float32"],
  channels: [3],
  dtypes: ["uint8", "float32"],
  fill: ({ data, dtype }, out) => {
    if (dtype === "uint8") fillLabBytes(data as Uint8Array, out as Uint8Array);
    else fillLabFloats(data as Float32Array, out as Float32Array);
  },
});

/** L* u* v*. In 8 bits L* is 0 … 100, u* -134 … 220 and v* -140 … 122, each scaled to 255. */
export const luv = pixelDecoder({
  takes: ["3 channels of uint8 or float32"],
  channels: [3],
  dtypes: ["uint8", "float32"],
  fill: ({ data, dtype }, out) => {
    if (dtype === "uint8") fillLuvBytes(data as Uint8Array, out as Uint8Array);
    else fillLuvFloats(data as Float32Array, out as Float32Array);
  },
});

/** For L* in 8 bits: Y, and its cube root as f(Y), both in 14-bit fixed point. */
const lightness = lazyTable(() => {
  const y = new Int32Array(256);
  const root = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    if (i <= 20) {
      y[i] = roundHalfEven(single((i * base * 180) / (17 * 29 ** 3)));
      const linear = single(single(16 / 116) + single((i * 5) / (3 * 17 * 29)));
      root[i] = roundHalfEven(single(base * linear));
    } else {
      const f = single(single((i * 100 * base) / (255 * 116)) + single((16 * base) / 116));
      root[i] = roundHalfEven(f);
      y[i] = roundHalfEven(single(single(single(f * f) * f) / base ** 2));
    }
  }
  return { y, root };
});

/** X or Z of their f, in fixed point; `lowestRoot` stands first. */
const lowestRoot = -8145;
const cubes = lazyTable(() =>
  Int32Array.from({ length: (base * 9) / 4 }, (_, at) => {
    const i = at + lowestRoot;
    if (i <= 3390) return Math.trunc((i * 108) / 841) - 290; // 290: the linear part at f = 16 / 116
    return Math.trunc((Math.trunc((i * i) / base) * i) / base);
  }),
);

/** Rows of a matrix from XYZ (as shares of white, if there are any) to red, green and blue, in 12-bit fixed point. */
function fixedMatrix(white: readonly [number, number, number]): Int32Array {
  return Int32Array.from(xyzToRgb.flatMap((row) => row.map((w, i) => roundHalfEven(4096 * w * white[i]!))));
}

/** Where a sum of 14 + 12 bits stands in the table of 12. */
function light(sum: number): number {
  const value = (sum + 8192) >> 14;
  return value < 0 ? 0 : value > 4095 ? 4095 : value;
}

const labMatrix = fixedMatrix([whiteX, 1, whiteZ]);

function fillLabBytes(source: Uint8Array, target: Uint8Array): void {
  const { y: lumas, root } = lightness();
  const gamma = byteGammaTable();
  const cube = cubes();
  const [rx, ry, rz, gx, gy, gz, bx, by, bz] = labMatrix as unknown as number[];
  for (let i = 0; i < target.length; i += 3) {
    const l = source[i]!;
    const f = root[l]!;
    // (a - 128) / 500 and (b - 128) / 200 of the base, as products and shifts.
    const a = ((5 * source[i + 1]! * 53_687 + 128) >> 13) - 4194;
    const b = ((source[i + 2]! * 41_943 + 16) >> 9) - 10_484;
    const x = cube[f + a - lowestRoot]!;
    const y = lumas[l]!;
    const z = cube[f - b - lowestRoot]!;
    target[i] = gamma[light(bx! * x + by! * y + bz! * z)]!;
    target[i + 1] = gamma[light(gx! * x + gy! * y + gz! * z)]!;
    target[i + 2] = gamma[light(rx! * x + ry! * y + rz! * z)]!;
  }
}

/** u' and v' of white, times 13, in singles. */
const sum = single(whiteX + 15 + whiteZ * 3);
const perSum = single(1 / sum);
const whiteU = single(single(perSum * 52) * single(whiteX));
const whiteV = single(perSum * 117);

/** Scaled by L* and u* or v*, both in 8 bits: 9 * (u* + 13 L* u'white) and 1 / (4 (v* + 13 L* v'white)). */
const chroma = lazyTable(() => {
  const u = new Int32Array(65_536);
  const v = new Int32Array(65_536);
  for (let l = 0; l < 256; l++) {
    const lightness = single((l * 100) / 255);
    for (let i = 0; i < 256; i++) {
      const uStar = single(single(single(i * 354) / 255) - 134);
      u[l * 256 + i] = roundHalfEven(single(single(9 * single(uStar + single(lightness * whiteU))) * 16));
      const vStar = single(single(single(i * 262) / 255) - 140);
      const quotient = single(0.25 / single(vStar + single(lightness * whiteV)));
      v[l * 256 + i] = roundHalfEven(single(Math.min(0.25, Math.max(-0.25, quotient)) * base * 1024));
    }
  }
  return { u, v };
});

const luvMatrix = fixedMatrix([1, 1, 1]);

function fillLuvBytes(source: Uint8Array, target: Uint8Array): void {
  const lumas = lightness().y;
  const gamma = byteGammaTable();
  const { u: us, v: vs } = chroma();
  const [rx, ry, rz, gx, gy, gz, bx, by, bz] = luvMatrix as unknown as number[];
  const clamp = (value: number): number => (value < 0 ? 0 : value > 2 * base ? 2 * base : value);
  for (let i = 0; i < target.length; i += 3) {
    const l = source[i]!;
    const y = lumas[l]!;
    const u = us[l * 256 + source[i + 1]!]!;
    const v = vs[l * 256 + source[i + 2]!]!;
    // Sums of up to 48 bits, exact in doubles, and cut to 32 where OpenCV's are.
    const product = u * v;
    const x = clamp(Math.floor((y * Math.floor(product / base)) / base));
    const rest = Math.floor((12 * 13 * 100 * 16 * l * v - product * 85) / base) - 5 * 255 * base;
    const scaled = Math.floor((y * rest) / base) | 0;
    const z = clamp((scaled >> 8) + (scaled >> 16));
    target[i] = gamma[light(bx! * x + by! * y + bz! * z)]!;
    target[i + 1] = gamma[light(gx! * x + gy! * y + gz! * z)]!;
    target[i + 2] = gamma[light(rx! * x + ry! * y + rz! * z)]!;
  }
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

const floatLabMatrix = Float32Array.from(xyzToRgb.flatMap(([x, y, z]) => [x * whiteX, y, z * whiteZ]));

function fillLabFloats(source: Float32Array, target: Float32Array): void {
  const spline = gammaSplineTable();
  const bend = single(6 / 29);
  const offset = single(16 / 116);
  const slope = single(7.787);
  const perSlope = single(1 / slope);
  const cube = (f: number): number =>
    f <= bend ? single(single(f - offset) * perSlope) : single(single(f * f) * f);
  const rgb = (row: number, x: number, y: number, z: number): number => {
    const [cx, cy, cz] = [floatLabMatrix[row]!, floatLabMatrix[row + 1]!, floatLabMatrix[row + 2]!];
    return gammaBySpline(clip(single(single(cx * x) + single(single(cy * y) + single(cz * z)))), spline);
  };
  for (let i = 0; i < target.length; i += 3) {
    const l = source[i]!;
    const low = single(l * single(1 / single(903.3)));
    const isLow = l <= 8;
    const f = isLow ? single(single(slope * low) + offset) : single(single(l + 16) * single(1 / 116));
    const y = isLow ? low : single(single(f * f) * f);
    const x = cube(single(single(source[i + 1]! * single(1 / 500)) + f));
    const z = cube(single(single(source[i + 2]! * single(-1 / 200)) + f));
    target[i] = rgb(6, x, y, z);
    target[i + 1] = rgb(3, x, y, z);
    target[i + 2] = rgb(0, x, y, z);
  }
}

const floatLuvMatrix = Float32Array.from(xyzToRgb.flat());

function fillLuvFloats(source: Float32Array, target: Float32Array): void {
  const spline = gammaSplineTable();
  const rgb = (row: number, x: number, y: number, z: number): number => {
    const [cx, cy, cz] = [floatLuvMatrix[row]!, floatLuvMatrix[row + 1]!, floatLuvMatrix[row + 2]!];
    const share = single(single(z * cz) + single(single(x * cx) + cy));
    return gammaBySpline(clip(single(share * y)), spline);
  };
  for (let i = 0; i < target.length; i += 3) {
    const l = source[i]!;
    const f = single(single(l + 16) * single(1 / 116));
    const y = l >= 8 ? single(single(f * f) * f) : single(l * single(1 / single(903.296296)));
    const u = single(3 * single(single(l * whiteU) + source[i + 1]!));
    const quotient = single(0.25 / single(single(l * whiteV) + source[i + 2]!));
    const v = Math.max(-0.25, Math.min(0.25, quotient));
    // X and Z as multiples of Y.
    const x = single(single(3 * u) * v);
    const z = single(single(single(single(l * 156) - u) * v) - 5);
    target[i] = rgb(6, x, y, z);
    target[i + 1] = rgb(3, x, y, z);
    target[i + 2] = rgb(0, x, y, z);
  }
}
