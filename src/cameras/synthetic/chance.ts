/**
 * A number from 0 to below 1 that follows from its arguments alone, so that what happens to one frame does not depend on
 * which others were fetched. The mixing is SplitMix32's finalizer.
 */
export function chance(seed: number, count: number, purpose: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35);
  mixed = mix(mixed ^ Math.floor(count / 2 ** 32));
  return (mix(mixed ^ count) >>> 0) / 2 ** 32;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
