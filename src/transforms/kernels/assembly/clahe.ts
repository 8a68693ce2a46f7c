import { count, countEight } from "./count";
import { rounded } from "./rounding";

/**
 * Counts the values of each tile. Tiles may reach beyond the picture; `columns` and `rows` (i32) tell which column and row
 * stands there. Four tables in turn, so that the same value twice does not wait for itself.
 * @param counts u32, 256 a tile.
 * @param scratch 4096 bytes.
 */
export function countTiles(
  src: usize,
  width: i32,
  columns: usize,
  rows: usize,
  tileWidth: i32,
  tileHeight: i32,
  across: i32,
  down: i32,
  counts: usize,
  scratch: usize,
): void {
  for (let ty = 0; ty < down; ty++) {
    for (let tx = 0; tx < across; tx++) {
      memory.fill(scratch, 0, 4096);
      const left = tx * tileWidth;
      const right = left + tileWidth;
      const inside = min(right, width);
      for (let y = ty * tileHeight, end = y + tileHeight; y < end; y++) {
        const row = src + <usize>(load<i32>(rows + (<usize>y << 2)) * width);
        let x = left;
        for (; x + 8 <= inside; x += 8) countEight(load<u64>(row + x), scratch);
        for (; x < right; x++) count(scratch, load<u8>(row + load<i32>(columns + (<usize>x << 2))));
      }
      for (let i: usize = 0; i < 1024; i += 16) {
        const sum = i32x4.add(
          i32x4.add(v128.load(scratch + i), v128.load(scratch + i, 1024)),
          i32x4.add(v128.load(scratch + i, 2048), v128.load(scratch + i, 3072)),
        );
        v128.store(counts + i, sum);
      }
      counts += 1024;
    }
  }
}

/**
 * Puts the tables of the four tiles around each cell side by side, four bytes a value: one look-up finds all four.
 * @param tables 256 bytes a tile.
 * @param cells 1024 bytes a cell, (across + 1) x (down + 1) of them.
 */
export function packCells(tables: usize, across: i32, down: i32, cells: usize): void {
  for (let cy = 0; cy <= down; cy++) {
    const above = tables + (<usize>(max(cy - 1, 0) * across) << 8);
    const below = tables + (<usize>(min(cy, down - 1) * across) << 8);
    for (let cx = 0; cx <= across; cx++) {
      const left = <usize>max(cx - 1, 0) << 8;
      const right = <usize>min(cx, across - 1) << 8;
      for (let i: usize = 0; i < 256; i += 16) {
        const a = v128.load(above + left + i);
        const b = v128.load(above + right + i);
        const c = v128.load(below + left + i);
        const d = v128.load(below + right + i);
        const abLow = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const abHigh = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const cdLow = i8x16.shuffle(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const cdHigh = i8x16.shuffle(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        v128.store(cells, i16x8.shuffle(abLow, cdLow, 0, 8, 1, 9, 2, 10, 3, 11));
        v128.store(cells, i16x8.shuffle(abLow, cdLow, 4, 12, 5, 13, 6, 14, 7, 15), 16);
        v128.store(cells, i16x8.shuffle(abHigh, cdHigh, 0, 8, 1, 9, 2, 10, 3, 11), 32);
        v128.store(cells, i16x8.shuffle(abHigh, cdHigh, 4, 12, 5, 13, 6, 14, 7, 15), 48);
        cells += 64;
      }
    }
  }
}

/**
 * Looks every pixel up in the tables of the four tiles around it, and weighs what it finds.
 * @param cellOfColumn i32: bytes from a row's first cell to that of the column; up to a multiple of 16 columns.
 * @param rightShares f32: how near each column is to the tile on its right, 0-1; `lowerShares` the same for each row.
 * @param cellOfRow i32: bytes from the first cell to the first of the row.
 */
export function applyCells(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  cells: usize,
  cellOfColumn: usize,
  rightShares: usize,
  cellOfRow: usize,
  lowerShares: usize,
): void {
  const one = f32x4.splat(1);
  for (let y = 0; y < height; y++) {
    const lower = v128.load32_splat(lowerShares + (<usize>y << 2));
    const upper = f32x4.sub(one, lower);
    const row = cells + load<i32>(cellOfRow + (<usize>y << 2));
    // What is written beyond the end of a row is overwritten by the next one.
    for (let x: usize = 0; x < <usize>width; x += 16) {
      const pixels = v128.load(src + x);
      const low = i16x8.extend_low_i8x16_u(pixels);
      const high = i16x8.extend_high_i8x16_u(pixels);
      const at = x << 2;
      const p0 = four(i32x4.extend_low_i16x8_u(low), cellOfColumn + at, rightShares + at, row, upper, lower);
      const p1 = four(i32x4.extend_high_i16x8_u(low), cellOfColumn + at + 16, rightShares + at + 16, row, upper, lower);
      const p2 = four(i32x4.extend_low_i16x8_u(high), cellOfColumn + at + 32, rightShares + at + 32, row, upper, lower);
      const p3 = four(i32x4.extend_high_i16x8_u(high), cellOfColumn + at + 48, rightShares + at + 48, row, upper, lower);
      v128.store(
        dst + x,
        i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(p0, p1), i16x8.narrow_i32x4_s(p2, p3)),
      );
    }
    src += width;
    dst += width;
  }
}

// @ts-ignore: decorator
@inline
function four(pixels: v128, cellOfColumn: usize, rightShares: usize, row: usize, upper: v128, lower: v128): v128 {
  const at = i32x4.add(i32x4.shl(pixels, 2), v128.load(cellOfColumn));
  const found = i32x4.replace_lane(
    i32x4.replace_lane(
      i32x4.replace_lane(
        v128.load32_zero(row + i32x4.extract_lane(at, 0)),
        1,
        load<i32>(row + i32x4.extract_lane(at, 1)),
      ),
      2,
      load<i32>(row + i32x4.extract_lane(at, 2)),
    ),
    3,
    load<i32>(row + i32x4.extract_lane(at, 3)),
  );
  const byte = i32x4.splat(255);
  const a = f32x4.convert_i32x4_s(v128.and(found, byte));
  const b = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(found, 8), byte));
  const c = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(found, 16), byte));
  const d = f32x4.convert_i32x4_s(i32x4.shr_u(found, 24));
  const right = v128.load(rightShares);
  const left = f32x4.sub(f32x4.splat(1), right);
  const top = f32x4.add(f32x4.mul(a, left), f32x4.mul(b, right));
  const bottom = f32x4.add(f32x4.mul(c, left), f32x4.mul(d, right));
  const mixed = f32x4.add(f32x4.mul(top, upper), f32x4.mul(bottom, lower));
  return rounded(mixed);
}
