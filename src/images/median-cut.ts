/** Colours of an animation: r, g, b in turn, at most 256 of them. */
export type Palette = Uint8Array;

/** Bits of each channel by which colours are counted. */
const bits = 5;
const cells = 1 << (3 * bits);
const mostColors = 256;

/**
 * Counts the colours of pictures, to choose a palette for them. As long as there are no more than 256, they are known
 * exactly.
 */
export class ColorCount {
  readonly #counts = new Float64Array(cells);
  readonly #sums = new Float64Array(cells * 3);
  /** Undefined once there are too many. */
  #exact: Set<number> | undefined = new Set();

  /** @param rgb pixels, r, g, b in turn. */
  add(rgb: Uint8Array): void {
    let before = -1;
    for (let i = 0; i < rgb.length; i += 3) {
      const [r, g, b] = [rgb[i]!, rgb[i + 1]!, rgb[i + 2]!];
      const cell = ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);
      this.#counts[cell]!++;
      this.#sums[cell * 3]! += r;
      this.#sums[cell * 3 + 1]! += g;
      this.#sums[cell * 3 + 2]! += b;
      const color = (r << 16) | (g << 8) | b;
      if (color === before || this.#exact === undefined) continue;
      before = color;
      this.#exact.add(color);
      if (this.#exact.size > mostColors) this.#exact = undefined;
    }
  }

  /**
   * The palette, and whether it has every colour that was counted. Where there are too many: median cut (Heckbert 1982)
   * over the counted colours; each entry is the mean of those that it stands for.
   */
  palette(): { readonly colors: Palette; readonly isExact: boolean } {
    if (this.#exact !== undefined) {
      const all = [...this.#exact].sort((a, b) => a - b);
      const colors = Uint8Array.from(all.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
      return { colors, isExact: true };
    }
    const used: number[] = [];
    for (let cell = 0; cell < cells; cell++) if (this.#counts[cell]! > 0) used.push(cell);
    const boxes: Box[] = [this.#box(used)];
    while (boxes.length < mostColors) {
      let widest = -1;
      for (const [i, { spread, cells: inside }] of boxes.entries()) {
        if (inside.length > 1 && (widest < 0 || spread > boxes[widest]!.spread)) widest = i;
      }
      if (widest < 0) break;
      const [box] = boxes.splice(widest, 1);
      boxes.push(...this.#halves(box!));
    }
    return {
      colors: Uint8Array.from(boxes.flatMap(({ cells: inside }) => this.#mean(inside))),
      isExact: false,
    };
  }

  #box(inside: number[]): Box {
    const low = [31, 31, 31];
    const high = [0, 0, 0];
    let count = 0;
    for (const cell of inside) {
      count += this.#counts[cell]!;
      for (let axis = 0; axis < 3; axis++) {
        const value = channelOf(cell, axis);
        low[axis] = Math.min(low[axis]!, value);
        high[axis] = Math.max(high[axis]!, value);
      }
    }
    const lengths = high.map((value, axis) => value - low[axis]!);
    const axis = lengths.indexOf(Math.max(...lengths));
    // Large and much used boxes are cut first: by the count alone, rare colours would get no entry.
    return { cells: inside, axis, count, spread: lengths[axis]! * Math.sqrt(count) };
  }

  /** Both halves have about as many pixels. */
  #halves({ cells: inside, axis, count }: Box): [Box, Box] {
    inside.sort((a, b) => channelOf(a, axis) - channelOf(b, axis) || a - b);
    let at = 0;
    for (let seen = 0; at < inside.length - 1; ) {
      seen += this.#counts[inside[at++]!]!;
      if (seen >= count / 2) break;
    }
    return [this.#box(inside.slice(0, at)), this.#box(inside.slice(at))];
  }

  #mean(inside: readonly number[]): number[] {
    let count = 0;
    const sums = [0, 0, 0];
    for (const cell of inside) {
      count += this.#counts[cell]!;
      for (let axis = 0; axis < 3; axis++) sums[axis]! += this.#sums[cell * 3 + axis]!;
    }
    return sums.map((sum) => Math.round(sum / count));
  }
}

interface Box {
  readonly cells: number[];
  /** The longest side: 0 red, 1 green, 2 blue. */
  readonly axis: number;
  readonly count: number;
  readonly spread: number;
}

function channelOf(cell: number, axis: number): number {
  return (cell >> ((2 - axis) * bits)) & 31;
}
