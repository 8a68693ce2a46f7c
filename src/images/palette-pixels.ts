import type { Palette } from "./median-cut.js";

/**
 * How colours that a palette has not are made up of those that it has: by giving what is off to the pixels beside and
 * below (Floyd and Steinberg 1976), by a fixed pattern of 8 x 8 (Bayer 1973), which stands still where a film does, or
 * not at all.
 */
export type Dither = "floyd-steinberg" | "ordered" | "none";

/** Finds the entries of a palette that pictures are made of. */
export class PalettePixels {
  readonly #colors: Palette;
  /** The nearest entry of each colour of 6 bits a channel; -1 where nobody asked yet. */
  readonly #nearest = new Int16Array(1 << 18).fill(-1);
  /** Where each colour of a palette stands, for palettes that have all there are. */
  readonly #places: Map<number, number> | undefined;

  constructor(colors: Palette, isExact: boolean) {
    this.#colors = colors;
    this.#places = isExact ? new Map() : undefined;
    for (let i = 0; isExact && i < colors.length; i += 3) this.#places!.set(colorAt(colors, i), i / 3);
  }

  /**
   * @param rgb pixels, r, g, b in turn; they are not changed.
   * @returns an entry of the palette for each pixel.
   */
  indices(rgb: Uint8Array, width: number, dither: Dither): Uint8Array {
    if (this.#places) return this.#exact(rgb, this.#places);
    if (dither === "floyd-steinberg") return this.#diffused(rgb, width);
    return this.#plain(rgb, width, dither === "ordered");
  }

  #exact(rgb: Uint8Array, places: ReadonlyMap<number, number>): Uint8Array {
    const out = new Uint8Array(rgb.length / 3);
    let [before, place] = [-1, 0];
    for (let i = 0, to = 0; to < out.length; i += 3) {
      const color = colorAt(rgb, i);
      if (color !== before) [before, place] = [color, places.get(color)!];
      out[to++] = place;
    }
    return out;
  }

  #plain(rgb: Uint8Array, width: number, ordered: boolean): Uint8Array {
    const out = new Uint8Array(rgb.length / 3);
    for (let i = 0, to = 0; to < out.length; i += 3, to++) {
      const shift = ordered ? bayer[((Math.floor(to / width) & 7) << 3) | ((to % width) & 7)]! : 0;
      out[to] = this.#entry(rgb[i]! + shift, rgb[i + 1]! + shift, rgb[i + 2]! + shift);
    }
    return out;
  }

  /** What is off: 7/16 to the right, 3/16, 5/16 and 1/16 to the row below. */
  #diffused(rgb: Uint8Array, width: number): Uint8Array {
    const out = new Uint8Array(rgb.length / 3);
    // Of this row and the next, with a pixel more at either end; in sixteenths.
    let here = new Int32Array((width + 2) * 3);
    let below = new Int32Array((width + 2) * 3);
    for (let to = 0; to < out.length; ) {
      for (let x = 0; x < width; x++, to++) {
        const at = (x + 1) * 3;
        const red = clamp(rgb[to * 3]! + ((here[at]! + 8) >> 4));
        const green = clamp(rgb[to * 3 + 1]! + ((here[at + 1]! + 8) >> 4));
        const blue = clamp(rgb[to * 3 + 2]! + ((here[at + 2]! + 8) >> 4));
        const entry = this.#entry(red, green, blue);
        out[to] = entry;
        for (let c = 0; c < 3; c++) {
          const off = (c === 0 ? red : c === 1 ? green : blue) - this.#colors[entry * 3 + c]!;
          here[at + 3 + c]! += off * 7;
          below[at - 3 + c]! += off * 3;
          below[at + c]! += off * 5;
          below[at + 3 + c]! += off;
        }
      }
      [here, below] = [below, here];
      below.fill(0);
    }
    return out;
  }

  #entry(r: number, g: number, b: number): number {
    const [red, green, blue] = [clamp(r), clamp(g), clamp(b)];
    const cell = ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2);
    const known = this.#nearest[cell]!;
    if (known >= 0) return known;
    const found = this.#search(red, green, blue);
    this.#nearest[cell] = found;
    return found;
  }

  #search(r: number, g: number, b: number): number {
    const colors = this.#colors;
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < colors.length; i += 3) {
      const distance = (colors[i]! - r) ** 2 + (colors[i + 1]! - g) ** 2 + (colors[i + 2]! - b) ** 2;
      if (distance < least) [best, least] = [i / 3, distance];
    }
    return best;
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function colorAt(rgb: Uint8Array, at: number): number {
  return (rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!;
}

/** Bayer's pattern, as shifts of -16 … 15.5. */
const bayer = Float32Array.from({ length: 64 }, (_, i) => {
  const [x, y] = [i & 7, i >> 3];
  let rank = 0;
  for (let bit = 0; bit < 3; bit++) {
    const [xBit, yBit] = [(x >> bit) & 1, (y >> bit) & 1];
    rank = (rank << 2) | ((xBit ^ yBit) << 1) | yBit;
  }
  return rank / 2 - 16;
});
