/** How two pictures are laid over each other; pImage's and GIMP's names. */
export type BlendMode = (typeof blendModes)[number];

export const blendModes = [
  "normal",
  "soft-light",
  "lighten-only",
  "screen",
  "dodge",
  "addition",
  "darken-only",
  "multiply",
  "hard-light",
  "difference",
  "subtract",
  "grain-extract",
  "grain-merge",
  "divide",
  "overlay",
] as const;

/** What becomes of a sample of the picture below and one of the picture above, both from 0 to 1. */
export type BlendFormula = (base: number, over: number) => number;

/**
 * GIMP 2.8's formulas (GIMP 2.8 manual, "Layer Modes"), from 0 to 1, limited to that. `dodge` and `divide` keep its 256ths,
 * which keep them from dividing by 0. `overlay` is GIMP 2.8's, which equals its soft light.
 */
export const blendFormulas: { readonly [M in BlendMode]: BlendFormula } = {
  normal: (_, over) => over,
  "soft-light": (base, over) => (1 - base) * base * over + base * (1 - (1 - base) * (1 - over)),
  "lighten-only": (base, over) => Math.max(base, over),
  screen: (base, over) => 1 - (1 - base) * (1 - over),
  dodge: (base, over) => Math.min(1, base / (1 - (over * 255) / 256)),
  addition: (base, over) => Math.min(1, base + over),
  "darken-only": (base, over) => Math.min(base, over),
  multiply: (base, over) => base * over,
  "hard-light": (base, over) =>
    over > 0.5 ? 1 - (1 - base) * (1 - (over - 0.5) * 2) : Math.min(1, base * over * 2),
  difference: (base, over) => Math.abs(base - over),
  subtract: (base, over) => Math.max(0, base - over),
  "grain-extract": (base, over) => Math.min(1, Math.max(0, base - over + 0.5)),
  "grain-merge": (base, over) => Math.min(1, Math.max(0, base + over - 0.5)),
  divide: (base, over) => Math.min(1, ((256 / 255) * base) / (1 / 255 + over)),
  overlay: (base, over) => base * (base + 2 * over * (1 - base)),
};
