import type { Mask } from "./coverage.js";

/** Widened by `radius` pixels in all directions: the highest coverage of the square around each pixel. */
export function spreadMask(mask: Mask, radius: number): Mask {
  if (radius <= 0) return mask;
  const [width, height] = [mask.width + 2 * radius, mask.height + 2 * radius];
  const across = new Uint8Array(width * mask.height);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const value = mask.data[y * mask.width + x]!;
      if (value === 0) continue;
      const start = y * width + x;
      for (let i = start; i <= start + 2 * radius; i++) if (across[i]! < value) across[i] = value;
    }
  }
  const data = new Uint8Array(width * height);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < width; x++) {
      const value = across[y * width + x]!;
      if (value === 0) continue;
      for (let row = y; row <= y + 2 * radius; row++) {
        const i = row * width + x;
        if (data[i]! < value) data[i] = value;
      }
    }
  }
  return { left: mask.left - radius, top: mask.top - radius, width, height, data };
}
