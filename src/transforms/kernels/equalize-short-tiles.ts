import { equalizeTiles, type TileEqualizer, tableScale } from "./equalize-tiles.js";
import type { TileGrid } from "./tile-grid.js";
import { layOut, workbench } from "./wasm.js";

/** Equalizes shorts by tiles, with vectors where there are any. @param values as in `equalizeTiles`; a multiple of 8. */
export function equalizeShortTiles(grid: TileGrid, limit: number, values: number): TileEqualizer {
  const { across, down, tileWidth, tileHeight, columns, rows, cellOfColumn, cellOfRow } = grid;
  const [width, height] = [cellOfColumn.length, cellOfRow.length];
  const whole = Math.ceil(width / 4) * 4;
  const bytes = width * height * 2;
  const layout = layOut({
    ...{ src: bytes, dst: bytes, columns: columns.byteLength, rows: rows.byteLength },
    ...{ counts: values * 4, tables: across * down * values * 2 },
    ...{ leftTables: whole * 4, rightTables: whole * 4, rightShares: whole * 4 },
    ...{ upperTables: height * 4, lowerTables: height * 4, lowerShares: height * 4 },
  });
  if (values % 8 !== 0 || !workbench(layout)) return equalizeTiles(grid, limit, values, Uint16Array);
  const table = values * 2;
  const before = (cells: Int32Array, step: number): Int32Array =>
    cells.map((cell) => Math.max(0, cell - 1) * step);
  const after = (cells: Int32Array, tiles: number, step: number): Int32Array =>
    cells.map((cell) => Math.min(tiles - 1, cell) * step);
  const padded = (offsets: Int32Array): Int32Array => {
    const long = new Int32Array(whole);
    long.set(offsets);
    return long;
  };
  const buffers = [
    [layout.columns, columns],
    [layout.rows, rows],
    [layout.leftTables, padded(before(cellOfColumn, table))],
    [layout.rightTables, padded(after(cellOfColumn, across, table))],
    [layout.rightShares, grid.rightShares],
    [layout.upperTables, before(cellOfRow, across * table)],
    [layout.lowerTables, after(cellOfRow, down, across * table)],
    [layout.lowerShares, grid.lowerShares],
  ] as const;
  const { most, scale } = tableScale(tileWidth * tileHeight, values, limit);
  return (data) => {
    const { kernels, put, take } = workbench(layout)!;
    const { src, dst, counts, tables } = layout;
    put(src, data);
    for (const [address, samples] of buffers) put(address, samples);
    for (let tile = 0; tile < across * down; tile++) {
      const [left, top] = [(tile % across) * tileWidth, Math.floor(tile / across) * tileHeight];
      const corner = [left, top, tileWidth, tileHeight] as const;
      kernels.countShorts(src, width, layout.columns, layout.rows, ...corner, counts, values - 1);
      kernels.spreadShorts(counts, values, most, scale, tables + tile * table);
    }
    const columnsOf = [layout.leftTables, layout.rightTables, layout.rightShares] as const;
    const rowsOf = [layout.upperTables, layout.lowerTables, layout.lowerShares] as const;
    kernels.applyShorts(src, dst, width, height, tables, values - 1, ...columnsOf, ...rowsOf);
    return new Uint16Array(take(dst, bytes).buffer);
  };
}
