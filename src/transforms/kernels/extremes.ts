import type { Numbers } from "./percentiles.js";
import { layOut, workbench } from "./wasm.js";

export type Extremes = readonly [least: number, most: number];

/** Samples that are looked at at once: they stay in the processor's cache. */
const strip = 8192;

/** The least and the largest finite sample; NaN if there are none. */
export function extremes(data: Numbers): Extremes {
  return withVectors(data) ?? extremesPlain(data);
}

function withVectors(data: Numbers): Extremes | undefined {
  const isFloat = data instanceof Float32Array;
  if (data.length === 0 || !(isFloat || data instanceof Uint16Array)) return undefined;
  const layout = layOut({ src: strip * data.BYTES_PER_ELEMENT, lanes: 32 });
  const bench = workbench(layout);
  if (!bench) return undefined;
  const { kernels, buffer } = bench;
  // Half of them the least so far, half of them the largest.
  const lanes = isFloat
    ? new Float32Array(buffer, layout.lanes, 8)
    : new Uint16Array(buffer, layout.lanes, 16);
  const half = lanes.length / 2;
  lanes.fill(isFloat ? Number.POSITIVE_INFINITY : 65_535, 0, half);
  lanes.fill(isFloat ? Number.NEGATIVE_INFINITY : 0, half);
  for (let at = 0; at < data.length; at += strip) {
    const part = data.subarray(at, at + strip);
    bench.put(layout.src, part);
    (isFloat ? kernels.extremesOfFloats : kernels.extremesOfShorts)(layout.src, part.length, layout.lanes);
  }
  const [least, most] = [Math.min(...lanes.subarray(0, half)), Math.max(...lanes.subarray(half))];
  return least <= most ? [least, most] : [Number.NaN, Number.NaN];
}

/** The same without vectors: what the kernels must give. */
export function extremesPlain(data: Numbers): Extremes {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < least && value !== Number.NEGATIVE_INFINITY) least = value;
    if (value > most && value !== Number.POSITIVE_INFINITY) most = value;
  }
  return least <= most ? [least, most] : [Number.NaN, Number.NaN];
}
