/** How a value between pixels is found. */
export type Interpolation = "nearest" | "linear" | "cubic" | "lanczos";

export const interpolations = ["nearest", "linear", "cubic", "lanczos"] as const;

/** Pixels in a row that a value between them is made of. */
export const tapsOf = { linear: 2, cubic: 4, lanczos: 8 } as const;

/**
 * The weights of the pixels around a place, the first of them at `1 - taps / 2` from the pixel on its left. Cubic is the
 * convolution of Keys (1981) with a = -0.75, Lanczos the windowed sinc over eight pixels, both as OpenCV has them.
 * @param share of the way to the next pixel, 0 to 1.
 */
export function interpolationWeights(kind: keyof typeof tapsOf, share: number): number[] {
  if (kind === "linear") return [1 - share, share];
  const taps = tapsOf[kind];
  const weights = Array.from({ length: taps }, (_, at) => {
    const distance = Math.abs(at - (taps / 2 - 1) - share);
    return kind === "cubic" ? cubic(distance) : lanczos(distance);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function cubic(x: number): number {
  const a = -0.75;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

function lanczos(x: number): number {
  if (x < 1e-7) return 1;
  const angle = Math.PI * x;
  return x < 4 ? (4 * Math.sin(angle) * Math.sin(angle / 4)) / (angle * angle) : 0;
}
