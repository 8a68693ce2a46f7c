/**
 * Shrinks bytes: every new pixel is the mean of what lies under it, in single precision: OpenCV's `INTER_AREA`.
 * @param line bytes of a row that goes in.
 * @param firstRow i32, for each row the first that lies under it; `rowStarts` i32, height + 1, where its weights begin in
 *   `rowWeights` (f32). `first`, `starts`, `weights`: the same of columns.
 * @param most for one channel: every column has that many weights, a multiple of 4, with zeros behind those that count.
 * @param sums f32, one row of what goes in, and 16 more; `means` f32, one row of what comes out.
 */
export function shrinkBytes(
  src: usize,
  dst: usize,
  line: i32,
  width: i32,
  height: i32,
  channels: i32,
  firstRow: usize,
  rowStarts: usize,
  rowWeights: usize,
  first: usize,
  starts: usize,
  weights: usize,
  sums: usize,
  means: usize,
  most: i32,
): void {
  memory.fill(sums + (<usize>line << 2), 0, 64);
  const count = width * channels;
  for (let y: usize = 0; y < <usize>height; y++) {
    const begin = load<i32>(rowStarts + (y << 2));
    const end = load<i32>(rowStarts + (y << 2), 4);
    let row = src + <usize>(load<i32>(firstRow + (y << 2)) * line);
    for (let k = begin; k < end; k++) {
      addRow(row, sums, line, v128.load32_splat(rowWeights + (<usize>k << 2)), k == begin);
      row += line;
    }
    if (channels == 3) gatherTriples(sums, means, width, first, starts, weights);
    else if (channels == 1) gatherFours(sums, means, width, first, weights, most);
    else gather(sums, means, width, channels, first, starts, weights);
    storeMeans(means, dst, count);
    dst += count;
  }
}

function addRow(row: usize, sums: usize, line: i32, weight: v128, isFirst: bool): void {
  for (let i: usize = 0; i < <usize>line; i += 8) {
    const shorts = i16x8.extend_low_i8x16_u(v128.load64_zero(row + i));
    const low = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(shorts)), weight);
    const high = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(shorts)), weight);
    const at = sums + (i << 2);
    if (isFirst) {
      v128.store(at, low);
      v128.store(at, high, 16);
    } else {
      v128.store(at, f32x4.add(v128.load(at), low));
      v128.store(at, f32x4.add(v128.load(at, 16), high), 16);
    }
  }
}

/** The fourth sum is of the next pixel, and is overwritten. */
function gatherTriples(
  sums: usize,
  means: usize,
  width: i32,
  first: usize,
  starts: usize,
  weights: usize,
): void {
  for (let x: usize = 0; x < <usize>width; x++) {
    const end = weights + (<usize>load<i32>(starts + (x << 2), 4) << 2);
    let at = sums + <usize>(load<i32>(first + (x << 2)) * 12);
    let sum = f32x4.splat(0);
    for (let w = weights + (<usize>load<i32>(starts + (x << 2)) << 2); w < end; w += 4) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(at), v128.load32_splat(w)));
      at += 12;
    }
    v128.store(means, sum);
    means += 12;
  }
}

/** One channel, four columns at a time: each is a vector of products, and what lies at the same place of them is added. */
function gatherFours(sums: usize, means: usize, width: i32, first: usize, weights: usize, most: i32): void {
  const step = <usize>most << 2;
  for (let x: usize = 0; x < <usize>width; x += 4) {
    const at = first + (x << 2);
    const a = sums + (<usize>load<i32>(at) << 2);
    const b = sums + (<usize>load<i32>(at, 4) << 2);
    const c = sums + (<usize>load<i32>(at, 8) << 2);
    const d = sums + (<usize>load<i32>(at, 12) << 2);
    const w = weights + x * step;
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < step; k += 16) {
      const pa = f32x4.mul(v128.load(a + k), v128.load(w + k));
      const pb = f32x4.mul(v128.load(b + k), v128.load(w + step + k));
      const pc = f32x4.mul(v128.load(c + k), v128.load(w + step * 2 + k));
      const pd = f32x4.mul(v128.load(d + k), v128.load(w + step * 3 + k));
      const ab = i32x4.shuffle(pa, pb, 0, 4, 1, 5);
      const cd = i32x4.shuffle(pc, pd, 0, 4, 1, 5);
      sum = f32x4.add(sum, i64x2.shuffle(ab, cd, 0, 2));
      sum = f32x4.add(sum, i64x2.shuffle(ab, cd, 1, 3));
      const abHigh = i32x4.shuffle(pa, pb, 2, 6, 3, 7);
      const cdHigh = i32x4.shuffle(pc, pd, 2, 6, 3, 7);
      sum = f32x4.add(sum, i64x2.shuffle(abHigh, cdHigh, 0, 2));
      sum = f32x4.add(sum, i64x2.shuffle(abHigh, cdHigh, 1, 3));
    }
    v128.store(means + (x << 2), sum);
  }
}

function gather(
  sums: usize,
  means: usize,
  width: i32,
  channels: i32,
  first: usize,
  starts: usize,
  weights: usize,
): void {
  const pixel = <usize>channels << 2;
  for (let x: usize = 0; x < <usize>width; x++) {
    const begin = weights + (<usize>load<i32>(starts + (x << 2)) << 2);
    const end = weights + (<usize>load<i32>(starts + (x << 2), 4) << 2);
    for (let c = 0; c < channels; c++) {
      let at = sums + <usize>load<i32>(first + (x << 2)) * pixel + (<usize>c << 2);
      let sum: f32 = 0;
      for (let w = begin; w < end; w += 4) {
        sum += load<f32>(at) * load<f32>(w);
        at += pixel;
      }
      store<f32>(means, sum);
      means += 4;
    }
  }
}

/** Halves up. */
function storeMeans(means: usize, dst: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const at = means + (i << 2);
    const low = i16x8.narrow_i32x4_s(whole(v128.load(at)), whole(v128.load(at, 16)));
    const high = i16x8.narrow_i32x4_s(whole(v128.load(at, 32)), whole(v128.load(at, 48)));
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}

// @ts-ignore: decorator
@inline
function whole(means: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.add(means, f32x4.splat(0.5)));
}
