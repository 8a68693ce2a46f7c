/**
 * Shrinks bytes: every new pixel is the mean of what lies under it, in single precision: OpenCV's `INTER_AREA`.
 * @param line bytes of a row that goes in.
 * @param firstRow i32, for each row the first that lies under it; `rowStarts` i32, height + 1, where its weights begin in
 *   `rowWeights` (f32). `first`, `starts`, `weights`: the same of columns.
 * @param sums f32, one row of what goes in; `means` f32, one row of what comes out.
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
): void {
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
