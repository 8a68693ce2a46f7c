import type { Tile } from "./tiles.js";

/** How large a picture is made in its cell: all of it with margins, so that none are left, to the very cell, or as it is. */
export type Fit = "contain" | "cover" | "stretch" | "none";

export interface MosaicLayout {
  /**
   * `grid`: cells of one size. `row`: side by side, all as high as one of them; `column`: stacked, all as wide. For more than
   * that a mosaic can be a source of another.
   * @default "grid"
   */
  readonly layout?: "grid" | "row" | "column";
  /** Of a grid. @default what brings the whole near to `aspect` and leaves few cells empty */
  readonly columns?: number;
  /** Of a grid. @default as many as it takes */
  readonly rows?: number;
  /** Width by height that a grid is to have. @default 16 / 9 */
  readonly aspect?: number;
  /** Pixels of each cell of a grid; a row takes the height, a column the width. @default those of the largest source, of `sizeOf` */
  readonly cellWidth?: number;
  readonly cellHeight?: number;
  /** Of a row its height, of a column its width is that of this source, by rank. @default 0 */
  readonly sizeOf?: number;
  /** The whole is made smaller until it fits. */
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  /** Of a grid. @default "contain" */
  readonly fit?: Fit;
  /** Pixels around all. @default 0 */
  readonly border?: number;
  /** Pixels between two cells. @default 0 */
  readonly padding?: number;
  /** Pixels above each cell for its title. @default 0 */
  readonly titleHeight?: number;
}

/** Where a source stands. */
export interface MosaicCell {
  /** Its part of the canvas. */
  readonly cell: Tile;
  /** Above it; of no height where there are no titles. */
  readonly title: Tile;
  readonly fit: Fit;
}

export interface MosaicPlan {
  /** Pixels of the canvas; both even, as video codecs want them. */
  readonly width: number;
  readonly height: number;
  readonly cells: readonly MosaicCell[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Plans where sources stand. Pure.
 * @throws {RangeError} for options that make no sense: too few columns and rows, no pixel left.
 */
export function layMosaic(sizes: readonly Size[], options: MosaicLayout = {}): MosaicPlan {
  const { layout = "grid", border = 0, padding = 0, titleHeight = 0 } = options;
  if (sizes.length === 0) throw new RangeError("a mosaic needs a source");
  const across = layout === "row" ? sizes.length : layout === "column" ? 1 : columnsOf(sizes, options);
  const down = Math.ceil(sizes.length / across);
  const fit = layout === "grid" ? (options.fit ?? "contain") : "stretch";
  const whole = layout === "grid" ? gridSizes(sizes, options) : snapSizes(sizes, layout, options);
  // What does not grow or shrink: margins and titles.
  const fixed = {
    width: 2 * border + (across - 1) * padding,
    height: 2 * border + (down - 1) * padding + down * titleHeight,
  };
  const scale = Math.min(
    1,
    shrink(sum(columnWidths(whole, across)), fixed.width, options.maxWidth, "maxWidth"),
    shrink(sum(rowHeights(whole, across)), fixed.height, options.maxHeight, "maxHeight"),
  );
  const cells = whole.map(({ width, height }) => ({
    width: Math.max(1, Math.floor(width * scale)),
    height: Math.max(1, Math.floor(height * scale)),
  }));
  const [widths, heights] = [columnWidths(cells, across), rowHeights(cells, across)];
  const placed = cells.map(({ width, height }, at): MosaicCell => {
    const [column, row] = [at % across, Math.floor(at / across)];
    const left = border + sum(widths.slice(0, column)) + column * padding;
    const top = border + sum(heights.slice(0, row)) + row * (padding + titleHeight);
    return {
      cell: { left, top: top + titleHeight, width, height },
      title: { left, top, width, height: titleHeight },
      fit,
    };
  });
  return {
    width: even(fixed.width + sum(widths)),
    height: even(fixed.height + sum(heights)),
    cells: placed,
  };
}

function even(pixels: number): number {
  return pixels + (pixels % 2);
}

function shrink(pixels: number, fixed: number, most: number | undefined, name: string): number {
  if (most === undefined) return 1;
  if (most > fixed) return (most - fixed) / pixels;
  throw new RangeError(`${name} ${most} leaves no pixel beside borders, padding and titles of ${fixed}`);
}

/** All of one size. */
function gridSizes(sizes: readonly Size[], { cellWidth, cellHeight }: MosaicLayout): Size[] {
  const width = cellWidth ?? Math.max(...sizes.map((size) => size.width));
  const height = cellHeight ?? Math.max(...sizes.map((size) => size.height));
  return sizes.map(() => ({ width, height }));
}

/** All of one height or one width, each with its own aspect. */
function snapSizes(
  sizes: readonly Size[],
  layout: "row" | "column",
  { sizeOf = 0, cellWidth, cellHeight }: MosaicLayout,
): Size[] {
  const model = sizes[sizeOf];
  if (model === undefined) throw new RangeError(`sizeOf ${sizeOf} is none of the ${sizes.length} sources`);
  return sizes.map(({ width, height }) => {
    if (layout === "row") {
      const common = cellHeight ?? model.height;
      return { width: Math.round((width * common) / height), height: common };
    }
    const common = cellWidth ?? model.width;
    return { width: common, height: Math.round((height * common) / width) };
  });
}

function columnsOf(sizes: readonly Size[], options: MosaicLayout): number {
  const count = sizes.length;
  const { columns, rows, aspect = 16 / 9 } = options;
  if (columns !== undefined && rows !== undefined && columns * rows < count) {
    throw new RangeError(`${columns} columns and ${rows} rows have no room for ${count} sources`);
  }
  if (columns !== undefined) return Math.min(columns, count);
  if (rows !== undefined) return Math.ceil(count / rows);
  const { width, height } = gridSizes(sizes, options)[0]!;
  const distance = (across: number): number => {
    const down = Math.ceil(count / across);
    const empty = (across * down - count) / count;
    return Math.abs(Math.log((across * width) / (down * height) / aspect)) + empty;
  };
  const all = Array.from({ length: count }, (_, at) => at + 1);
  return all.reduce((best, across) => (distance(across) < distance(best) ? across : best), 1);
}

function columnWidths(sizes: readonly Size[], across: number): number[] {
  const widths: number[] = [];
  for (const [at, { width }] of sizes.entries()) {
    widths[at % across] = Math.max(widths[at % across] ?? 0, width);
  }
  return widths;
}

function rowHeights(sizes: readonly Size[], across: number): number[] {
  const heights: number[] = [];
  for (const [at, { height }] of sizes.entries()) {
    const row = Math.floor(at / across);
    heights[row] = Math.max(heights[row] ?? 0, height);
  }
  return heights;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
