import type { Limits } from "../value-limits.js";
import { inStrips } from "./in-strips.js";
import type { Numbers } from "./percentiles.js";

/**
 * Samples between the limits as 0 to 255, those beyond them as 0 or 255: NumPy's `rint(interp(data, limits, (0, 255)))`.
 * NaN becomes 0. If the limits are equal, or there are none, all up to them is 0 and all above is 255.
 */
export function scaleToBytes(data: Numbers, [least, most]: Limits): Uint8Array {
  const fast = withVectors(data, least, most);
  return fast ?? scaleToBytesPlain(data, [least, most]);
}

function withVectors(data: Numbers, least: number, most: number): Uint8Array | undefined {
  const isFloat = data instanceof Float32Array;
  if (!(most > least) || !(isFloat || data instanceof Uint16Array)) return undefined;
  const scale = 255 / (most - least);
  // Single precision is near enough where nothing between the limits leaves its range, and the least is the same in it.
  const isSingle =
    Math.fround(least) === least && Math.max(-least, most) < 2 ** 120 && most - least > 2 ** -100;
  const kernel = inStrips({
    ...{ bytesIn: isFloat ? 4 : 2, bytesOut: 1 },
    run: ({ scaleFloats, scaleShorts }, { src, dst }, count) =>
      (isFloat ? scaleFloats : scaleShorts)(src, dst, count, least, scale, isSingle ? 1 : 0),
  });
  return kernel?.(data);
}

/** The same without vectors: what the kernels must give. */
export function scaleToBytesPlain(data: Numbers, [least, most]: Limits): Uint8Array {
  // The array itself rounds, halves to even, and limits; in one instruction.
  const bytes = new Uint8ClampedArray(data.length);
  if (!(most > least)) {
    for (let i = 0; i < data.length; i++) bytes[i] = data[i]! > least ? 255 : 0;
  } else if (least === 0 && most === 255 && data instanceof Uint8Array) {
    bytes.set(data);
  } else {
    const scale = 255 / (most - least);
    for (let i = 0; i < data.length; i++) bytes[i] = (data[i]! - least) * scale;
  }
  return new Uint8Array(bytes.buffer);
}
