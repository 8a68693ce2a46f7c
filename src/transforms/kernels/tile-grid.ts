import { reflectedRow } from "./reflected.js";

/**
 * How a picture is cut into tiles, and between which tiles every pixel lies, in the single precision that OpenCV's CLAHE
 * computes in. A cell is the place between four tiles; there is one more of them than tiles in each direction.
 */
export interface TileGrid {
  readonly across: number;
  readonly down: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Which column of the picture stands at each column of the tiles, which may reach beyond it; the same for rows. */
  readonly columns: Int32Array;
  readonly rows: Int32Array;
  /** The cell that each column of the picture is in, and how near it is to the tile on its right, 0-1. */
  readonly cellOfColumn: Int32Array;
  readonly rightShares: Float32Array;
  readonly cellOfRow: Int32Array;
  readonly lowerShares: Float32Array;
}

export function tileGrid(width: number, height: number, across: number, down: number): TileGrid {
  // OpenCV pads by a whole tile's count in the direction that needs no padding, if the other one does.
  const even = width % across === 0 && height % down === 0;
  const wide = even ? width : width + across - (width % across);
  const high = even ? height : height + down - (height % down);
  const [tileWidth, tileHeight] = [wide / across, high / down];
  const [cellOfColumn, rightShares] = cells(width, tileWidth);
  const [cellOfRow, lowerShares] = cells(height, tileHeight);
  return {
    ...{ across, down, tileWidth, tileHeight, cellOfColumn, rightShares, cellOfRow, lowerShares },
    columns: reflectedRow(0, wide, width),
    rows: reflectedRow(0, high, height),
  };
}

function cells(length: number, tile: number): [Int32Array, Float32Array] {
  const cell = new Int32Array(length);
  const shares = new Float32Array(length);
  const perTile = Math.fround(1 / tile);
  for (let i = 0; i < length; i++) {
    const place = Math.fround(Math.fround(i * perTile) - 0.5);
    const before = Math.floor(place);
    cell[i] = before + 1;
    shares[i] = place - before;
  }
  return [cell, shares];
}
