/**
 * Half as wide and half as high: the mean of four bytes, halves up. Odd last columns and rows are not there.
 * @param width of what comes out; `height` the same.
 * @param sums one row of u16 of what goes in.
 */
export function halveBytes(src: usize, dst: usize, width: i32, height: i32, channels: i32, sums: usize): void {
  const count = <usize>(width * channels);
  const line = count << 1;
  for (let y = 0; y < height; y++) {
    if (channels == 1) halvePairs(src, src + line, dst, count);
    else {
      addRows(src, src + line, sums, line);
      halvePixels(sums, dst, width, channels);
    }
    src += line << 1;
    dst += count;
  }
}

function halvePairs(upper: usize, lower: usize, dst: usize, count: usize): void {
  const two = i16x8.splat(2);
  for (let i: usize = 0; i < count; i += 16) {
    const at = i << 1;
    const a = i16x8.extadd_pairwise_i8x16_u(v128.load(upper + at));
    const b = i16x8.extadd_pairwise_i8x16_u(v128.load(upper + at, 16));
    const c = i16x8.extadd_pairwise_i8x16_u(v128.load(lower + at));
    const d = i16x8.extadd_pairwise_i8x16_u(v128.load(lower + at, 16));
    const low = i16x8.shr_u(i16x8.add(i16x8.add(a, c), two), 2);
    const high = i16x8.shr_u(i16x8.add(i16x8.add(b, d), two), 2);
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}

function addRows(upper: usize, lower: usize, sums: usize, line: usize): void {
  for (let i: usize = 0; i < line; i += 16) {
    const a = v128.load(upper + i);
    const b = v128.load(lower + i);
    const at = sums + (i << 1);
    v128.store(at, i16x8.add(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b)));
    v128.store(at, i16x8.add(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b)), 16);
  }
}

/** What is written beyond a pixel is overwritten by the next one. */
function halvePixels(sums: usize, dst: usize, width: i32, channels: i32): void {
  const two = i16x8.splat(2);
  const pixel = <usize>channels << 1;
  for (let x = 0; x < width; x++) {
    const four = i16x8.add(v128.load64_zero(sums), v128.load64_zero(sums + pixel));
    const mean = i16x8.shr_u(i16x8.add(four, two), 2);
    v128.store32_lane(dst, i8x16.narrow_i16x8_u(mean, mean), 0);
    sums += pixel << 1;
    dst += channels;
  }
}
