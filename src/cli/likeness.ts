import type { Image } from "../core/image.js";

/**
 * Peak signal-to-noise ratio of two pictures of the same shape, in decibels; Infinity for equal ones. Above 30 they
 * look alike, below 20 they are different pictures.
 */
export function likeness(a: Image, b: Image): number {
  if (a.data.length !== b.data.length) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = Number(a.data[i]) - Number(b.data[i]);
    sum += difference * difference;
  }
  const peak = a.dtype === "uint16" ? 65535 : 255;
  return sum === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((peak * peak * a.data.length) / sum);
}
