import type { Image } from "../../core/image.js";
import type { Numbers } from "./percentiles.js";

/** The samples as numbers: half floats decoded, 64-bit integers as the nearest double. Others without a copy. */
export function sampleNumbers({ dtype, data }: Image): Numbers {
  if (dtype === "float16") return Float32Array.from(data as Uint16Array, halfFloat);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data;
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
