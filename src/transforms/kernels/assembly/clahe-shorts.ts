import { rounded } from "./rounding";

/** As `countTiles`, of one tile and of shorts. @param counts u32, `last` + 1 of them; larger samples count as `last`. */
export function countShorts(
  src: usize,
  width: i32,
  columns: usize,
  rows: usize,
  left: i32,
  top: i32,
  tileWidth: i32,
  tileHeight: i32,
  counts: usize,
  last: i32,
): void {
  memory.fill(counts, 0, (<usize>last + 1) << 2);
  for (let y = top; y < top + tileHeight; y++) {
    const row = src + (<usize>(load<i32>(rows + (<usize>y << 2)) * width) << 1);
    for (let x = left; x < left + tileWidth; x++) {
      const value = min(<i32>load<u16>(row + (<usize>load<i32>(columns + (<usize>x << 2)) << 1)), last);
      const at = counts + (<usize>value << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
}

/**
 * Limits counts, gives what is above the limit to all, and makes the table of their running sums.
 * @param values a multiple of 8.
 * @param most the limit; 0 for none.
 * @param scale from a running sum to what stands in the table (u16).
 */
export function spreadShorts(counts: usize, values: i32, most: i32, scale: f32, table: usize): void {
  const bytes = <usize>values << 2;
  let each = 0;
  if (most > 0) {
    const limit = i32x4.splat(most);
    let over = i32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const count = v128.load(counts + i);
      const kept = i32x4.min_s(count, limit);
      over = i32x4.add(over, i32x4.sub(count, kept));
      v128.store(counts + i, kept);
    }
    const sum =
      i32x4.extract_lane(over, 0) + i32x4.extract_lane(over, 1) + i32x4.extract_lane(over, 2) + i32x4.extract_lane(over, 3);
    each = sum / values;
    let rest = sum - each * values;
    if (rest > 0) {
      const step = max(values / rest, 1);
      for (let value = 0; value < values && rest > 0; value += step, rest--) {
        const at = counts + (<usize>value << 2);
        store<u32>(at, load<u32>(at) + 1);
      }
    }
  }
  const more = i32x4.splat(each);
  const times = f32x4.splat(scale);
  const last = i32x4.splat(values - 1);
  let sum = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 32) {
    const a = summed(i32x4.add(v128.load(counts + i), more), sum);
    const b = summed(i32x4.add(v128.load(counts + i, 16), more), i32x4.shuffle(a, a, 3, 3, 3, 3));
    sum = i32x4.shuffle(b, b, 3, 3, 3, 3);
    const low = i32x4.min_s(rounded(f32x4.mul(f32x4.convert_i32x4_s(a), times)), last);
    const high = i32x4.min_s(rounded(f32x4.mul(f32x4.convert_i32x4_s(b), times)), last);
    v128.store(table + (i >> 1), i16x8.narrow_i32x4_u(low, high));
  }
}

// @ts-ignore: decorator
@inline
function summed(counts: v128, before: v128): v128 {
  const zero = i32x4.splat(0);
  const pairs = i32x4.add(counts, i32x4.shuffle(counts, zero, 4, 0, 1, 2));
  return i32x4.add(before, i32x4.add(pairs, i32x4.shuffle(pairs, zero, 4, 4, 0, 1)));
}

/**
 * As `applyCells`, from the tables of the tiles themselves.
 * @param leftTables i32 for each column, up to a multiple of 4: bytes from a row's first table to that of the tile on the
 *   left; `rightTables` on the right. `upperTables` and `lowerTables` for each row: bytes from the first table.
 */
export function applyShorts(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  tables: usize,
  last: i32,
  leftTables: usize,
  rightTables: usize,
  rightShares: usize,
  upperTables: usize,
  lowerTables: usize,
  lowerShares: usize,
): void {
  const one = f32x4.splat(1);
  const most = i32x4.splat(last);
  for (let y = 0; y < height; y++) {
    const above = tables + load<i32>(upperTables + (<usize>y << 2));
    const below = tables + load<i32>(lowerTables + (<usize>y << 2));
    const lower = v128.load32_splat(lowerShares + (<usize>y << 2));
    const upper = f32x4.sub(one, lower);
    for (let i: usize = 0; i < <usize>width << 2; i += 16) {
      const values = i32x4.min_s(v128.load16x4_u(src + (i >> 1)), most);
      const offsets = i32x4.shl(values, 1);
      const l = i32x4.add(offsets, v128.load(leftTables + i));
      const r = i32x4.add(offsets, v128.load(rightTables + i));
      const right = v128.load(rightShares + i);
      const left = f32x4.sub(one, right);
      const top = f32x4.add(f32x4.mul(found(above, l), left), f32x4.mul(found(above, r), right));
      const bottom = f32x4.add(f32x4.mul(found(below, l), left), f32x4.mul(found(below, r), right));
      const mixed = rounded(f32x4.add(f32x4.mul(top, upper), f32x4.mul(bottom, lower)));
      v128.store64_lane(dst + (i >> 1), i16x8.narrow_i32x4_u(mixed, mixed), 0);
    }
    src += width << 1;
    dst += width << 1;
  }
}

// @ts-ignore: decorator
@inline
function found(table: usize, at: v128): v128 {
  let four = i32x4.splat(load<u16>(table + i32x4.extract_lane(at, 0)));
  four = i32x4.replace_lane(four, 1, load<u16>(table + i32x4.extract_lane(at, 1)));
  four = i32x4.replace_lane(four, 2, load<u16>(table + i32x4.extract_lane(at, 2)));
  four = i32x4.replace_lane(four, 3, load<u16>(table + i32x4.extract_lane(at, 3)));
  return f32x4.convert_i32x4_s(four);
}
