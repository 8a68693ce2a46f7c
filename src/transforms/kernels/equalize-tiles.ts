import type { TileGrid } from "./tile-grid.js";
import { type Layout, layOut, type Workbench, workbench } from "./wasm.js";

/** Added and taken away, it rounds to the nearest whole number in single precision, halves to the even one. */
const roundingShift = 1.5 * 2 ** 23;

type Integers = Uint8Array | Uint16Array;

/** Contrast-limited adaptive histogram equalization of one channel. */
export type TileEqualizer = (data: Integers) => Integers;

/** Bytes, with vectors where there are any. @param limit times the mean count of a value; 0: none. */
export function equalizeByteTiles(grid: TileGrid, limit: number): TileEqualizer {
  const room = byteTiles(grid, limit, {});
  if (!workbench(room.layout)) return equalizeTiles(grid, limit, 256, Uint8Array);
  const { src, dst } = room.layout;
  const count = grid.cellOfColumn.length * grid.cellOfRow.length;
  return (data) => {
    const bench = workbench(room.layout)!;
    bench.put(src, data);
    room.equalize(bench);
    return bench.take(dst, count);
  };
}

/** Equalizes what lies at `src` of its layout into `dst`, for those who have more to do there. */
export interface ByteTiles<Extra extends string> {
  readonly layout: Layout<"src" | "dst" | Extra>;
  equalize(bench: Workbench): void;
}

/** @param extra buffers of the caller's, in bytes. */
export function byteTiles<Extra extends string>(
  grid: TileGrid,
  limit: number,
  extra: { readonly [E in Extra]: number },
): ByteTiles<Extra> {
  const { across, down, tileWidth, tileHeight, columns, rows, cellOfRow, rightShares, lowerShares } = grid;
  const [width, height] = [grid.cellOfColumn.length, cellOfRow.length];
  const tiles = across * down;
  // What is looked up beyond the end of a row counts for nothing, but must lie in the table.
  const wholeVectors = Math.ceil(width / 16) * 16;
  const cellsOfRow = across + 1;
  const layout = layOut({
    ...extra,
    src: width * height,
    dst: width * height,
    counts: tiles * 1024,
    tables: tiles * 256,
    cells: cellsOfRow * (down + 1) * 1024,
    scratch: 4096,
    columns: columns.byteLength,
    rows: rows.byteLength,
    cellOfColumn: wholeVectors * 4,
    rightShares: wholeVectors * 4,
    cellOfRow: height * 4,
    lowerShares: height * 4,
  });
  const columnOffsets = new Int32Array(wholeVectors);
  columnOffsets.set(grid.cellOfColumn.map((cell) => cell * 1024));
  const rowOffsets = cellOfRow.map((cell) => cell * cellsOfRow * 1024);
  const spread = tableMaker(tileWidth * tileHeight, 256, limit);
  return {
    layout,
    equalize({ kernels, buffer, put }) {
      put(layout.columns, columns);
      put(layout.rows, rows);
      put(layout.cellOfColumn, columnOffsets);
      put(layout.rightShares, rightShares);
      put(layout.cellOfRow, rowOffsets);
      put(layout.lowerShares, lowerShares);
      const { src, dst, counts, tables, cells, scratch } = layout;
      kernels.countTiles(
        ...[src, width, layout.columns, layout.rows, tileWidth, tileHeight, across, down, counts, scratch],
      );
      for (let tile = 0; tile < tiles; tile++) {
        spread(
          new Uint32Array(buffer, counts + tile * 1024, 256),
          new Uint8Array(buffer, tables + tile * 256, 256),
        );
      }
      kernels.packCells(tables, across, down, cells);
      const { cellOfColumn, rightShares: right, cellOfRow: row, lowerShares: lower } = layout;
      kernels.applyCells(src, dst, width, height, cells, cellOfColumn, right, row, lower);
    },
  };
}

/**
 * The same without vectors, for samples of any depth.
 * @param values how many a sample may have; those that are larger count as the largest.
 */
export function equalizeTiles(
  grid: TileGrid,
  limit: number,
  values: number,
  array: typeof Uint8Array | typeof Uint16Array,
): TileEqualizer {
  const { across, down, tileWidth, tileHeight } = grid;
  const spread = tableMaker(tileWidth * tileHeight, values, limit);
  const counts = new Uint32Array(values);
  const tables = new array(across * down * values);
  return (data) => {
    for (let tile = 0; tile < across * down; tile++) {
      counts.fill(0);
      countTile(data, grid, tile % across, Math.floor(tile / across), counts);
      spread(counts, tables.subarray(tile * values, (tile + 1) * values));
    }
    const out = new array(data.length);
    mixTables(data, out, grid, values, tables);
    return out;
  };
}

function countTile(
  data: Integers,
  { tileWidth, tileHeight, columns, rows, cellOfColumn }: TileGrid,
  tx: number,
  ty: number,
  counts: Uint32Array,
): void {
  const width = cellOfColumn.length;
  const most = counts.length - 1;
  for (let y = ty * tileHeight; y < (ty + 1) * tileHeight; y++) {
    const row = rows[y]! * width;
    for (let x = tx * tileWidth; x < (tx + 1) * tileWidth; x++) {
      const value = data[row + columns[x]!]!;
      counts[value < most ? value : most]!++;
    }
  }
}

/** How often a value may count (0: as often as it does), and what a running sum is multiplied with. */
export function tableScale(pixels: number, values: number, limit: number): { most: number; scale: number } {
  return {
    most: limit > 0 ? Math.max(1, Math.trunc((limit * pixels) / values)) : 0,
    scale: Math.fround((values - 1) / Math.fround(pixels)),
  };
}

/** Makes the table of a tile from its counts, which it limits on the way: OpenCV's `CLAHE_CalcLut_Body`. */
function tableMaker(
  pixels: number,
  values: number,
  limit: number,
): (counts: Uint32Array, table: Integers) => void {
  const { most, scale } = tableScale(pixels, values, limit);
  return (counts, table) => {
    if (most > 0) limitCounts(counts, most);
    const f = Math.fround;
    const last = values - 1;
    let sum = 0;
    for (let value = 0; value < values; value++) {
      sum += counts[value]!;
      const found = f(f(f(f(sum) * scale) + roundingShift) - roundingShift);
      table[value] = found < last ? found : last;
    }
  };
}

/** What is above the limit is given to all values alike, and what is left of that to values at equal distances. */
function limitCounts(counts: Uint32Array, most: number): void {
  let over = 0;
  for (let value = 0; value < counts.length; value++) {
    const count = counts[value]!;
    if (count <= most) continue;
    over += count - most;
    counts[value] = most;
  }
  const each = Math.floor(over / counts.length);
  let rest = over - each * counts.length;
  if (each > 0) for (let value = 0; value < counts.length; value++) counts[value]! += each;
  if (rest === 0) return;
  const step = Math.max(1, Math.floor(counts.length / rest));
  for (let value = 0; value < counts.length && rest > 0; value += step, rest--) counts[value]!++;
}

/** Looks every pixel up in the tables of the four tiles around it, and weighs what it finds, in single precision. */
function mixTables(
  data: Integers,
  out: Integers,
  { across, down, cellOfColumn, rightShares, cellOfRow, lowerShares }: TileGrid,
  values: number,
  tables: Integers,
): void {
  const f = Math.fround;
  const most = values - 1;
  const width = cellOfColumn.length;
  const leftTable = cellOfColumn.map((cell) => Math.max(0, cell - 1) * values);
  const rightTable = cellOfColumn.map((cell) => Math.min(across - 1, cell) * values);
  for (let y = 0, at = 0; y < cellOfRow.length; y++) {
    const above = Math.max(0, cellOfRow[y]! - 1) * across * values;
    const below = Math.min(down - 1, cellOfRow[y]!) * across * values;
    const lower = lowerShares[y]!;
    const upper = f(1 - lower);
    for (let x = 0; x < width; x++, at++) {
      const sample = data[at]!;
      const value = sample < most ? sample : most;
      const right = rightShares[x]!;
      const left = f(1 - right);
      const [l, r] = [leftTable[x]! + value, rightTable[x]! + value];
      const top = f(f(tables[above + l]! * left) + f(tables[above + r]! * right));
      const bottom = f(f(tables[below + l]! * left) + f(tables[below + r]! * right));
      out[at] = f(f(f(f(top * upper) + f(bottom * lower)) + roundingShift) - roundingShift);
    }
  }
}
