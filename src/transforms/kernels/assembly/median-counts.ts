/**
 * The median of larger windows in constant time (Perreault and Hébert, Median Filtering in Constant Time, 2007): each column
 * counts the values of its window in 16 coarse and 256 fine bins, and the window is the sum of its columns. Fine bins are
 * summed only for the coarse bin that the median lies in. Edges are repeated (BORDER_REPLICATE).
 * @param step bytes between the pixels of the channel; `src` and `dst` point to its first sample.
 * @param size odd, up to 255.
 * @param coarse 16 bytes a column; `fine` 256 bytes a column; both zero.
 * @param scratch 640 bytes.
 */
export function medianByCounts(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  step: i32,
  size: i32,
  coarse: usize,
  fine: usize,
  scratch: usize,
): void {
  const radius = size >> 1;
  const half = (size * size) >> 1;
  const stride = <usize>(width * step);
  const segment = <usize>width << 4;
  const last = width - 1;
  const sums = scratch; // 16 segments of 16 u16
  const seen = scratch + 512; // the column that each segment was last summed for, i32
  const before = scratch + 592; // sums up to each bin; what stands before the first is 0
  store<u64>(before - 8, 0);
  for (let y = -radius; y < radius; y++) {
    countRow(src + <usize>min(max(y, 0), height - 1) * stride, width, step, coarse, fine, 1);
  }
  for (let y = 0; y < height; y++) {
    if (y > 0) countRow(src + <usize>max(y - radius - 1, 0) * stride, width, step, coarse, fine, -1);
    countRow(src + <usize>min(y + radius, height - 1) * stride, width, step, coarse, fine, 1);
    for (let b = 0; b < 16; b++) store<i32>(seen + (b << 2), -size);
    let low = i16x8.splat(0);
    let high = i16x8.splat(0);
    for (let x = -radius - 1; x < radius; x++) {
      const counts = v128.load(coarse + (<usize>min(max(x, 0), last) << 4));
      low = i16x8.add(low, i16x8.extend_low_i8x16_u(counts));
      high = i16x8.add(high, i16x8.extend_high_i8x16_u(counts));
    }
    let out = dst + <usize>y * stride;
    for (let x = 0; x < width; x++) {
      const comes = v128.load(coarse + (<usize>min(x + radius, last) << 4));
      const leaves = v128.load(coarse + (<usize>max(x - radius - 1, 0) << 4));
      low = gained(low, i16x8.extend_low_i8x16_u(comes), i16x8.extend_low_i8x16_u(leaves));
      high = gained(high, i16x8.extend_high_i8x16_u(comes), i16x8.extend_high_i8x16_u(leaves));
      const bin = binOf(low, high, half, before);
      const below = bin == 0 ? 0 : <i32>load<u16>(before + (bin << 1) - 2);
      const columns = fine + bin * segment;
      const at = sums + (bin << 5);
      let fineLow = v128.load(at);
      let fineHigh = v128.load(at, 16);
      let from = load<i32>(seen + (bin << 2));
      if ((x - from) << 1 >= size) {
        fineLow = i16x8.splat(0);
        fineHigh = i16x8.splat(0);
        for (let k = x - radius; k <= x + radius; k++) {
          const counts = v128.load(columns + (<usize>min(max(k, 0), last) << 4));
          fineLow = i16x8.add(fineLow, i16x8.extend_low_i8x16_u(counts));
          fineHigh = i16x8.add(fineHigh, i16x8.extend_high_i8x16_u(counts));
        }
      } else {
        while (from < x) {
          from++;
          const more = v128.load(columns + (<usize>min(from + radius, last) << 4));
          const less = v128.load(columns + (<usize>max(from - radius - 1, 0) << 4));
          fineLow = gained(fineLow, i16x8.extend_low_i8x16_u(more), i16x8.extend_low_i8x16_u(less));
          fineHigh = gained(fineHigh, i16x8.extend_high_i8x16_u(more), i16x8.extend_high_i8x16_u(less));
        }
      }
      store<i32>(seen + (bin << 2), x);
      v128.store(at, fineLow);
      v128.store(at, fineHigh, 16);
      store<u8>(out, <u8>((bin << 4) + binOf(fineLow, fineHigh, half - below, before)));
      out += step;
    }
  }
}

function countRow(row: usize, width: i32, step: i32, coarse: usize, fine: usize, change: i32): void {
  const segment = <usize>width << 4;
  for (let x = 0; x < width; x++) {
    const value = <usize>load<u8>(row);
    const c = coarse + (value >> 4);
    store<u8>(c, load<u8>(c) + change);
    const f = fine + (value >> 4) * segment + (value & 15);
    store<u8>(f, load<u8>(f) + change);
    coarse += 16;
    fine += 16;
    row += step;
  }
}

// @ts-ignore: decorator
@inline
function gained(sum: v128, comes: v128, leaves: v128): v128 {
  return i16x8.sub(i16x8.add(sum, comes), leaves);
}

/** The first of 16 bins with which more than `rank` are counted. The sums are left in `before`. */
// @ts-ignore: decorator
@inline
function binOf(low: v128, high: v128, rank: i32, before: usize): usize {
  const l = summed(low);
  const h = i16x8.add(summed(high), i16x8.splat(i16x8.extract_lane_s(l, 7)));
  v128.store(before, l);
  v128.store(before, h, 16);
  const most = i16x8.splat(<i16>rank);
  const reached = i8x16.narrow_i16x8_s(i16x8.le_u(l, most), i16x8.le_u(h, most));
  return <usize>popcnt(i8x16.bitmask(reached));
}

// @ts-ignore: decorator
@inline
function summed(counts: v128): v128 {
  const zero = i16x8.splat(0);
  let sum = i16x8.add(counts, i16x8.shuffle(counts, zero, 8, 0, 1, 2, 3, 4, 5, 6));
  sum = i16x8.add(sum, i16x8.shuffle(sum, zero, 8, 8, 0, 1, 2, 3, 4, 5));
  return i16x8.add(sum, i16x8.shuffle(sum, zero, 8, 8, 8, 8, 0, 1, 2, 3));
}
