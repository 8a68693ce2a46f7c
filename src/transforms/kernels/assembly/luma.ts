/**
 * Gray of 3 or 4 channels: (first * w0 + second * w1 + third * w2 + 16384) >> 15.
 * @param count pixels.
 */
export function lumaOfPixels(src: usize, dst: usize, count: i32, channels: i32, w0: i32, w1: i32, w2: i32): void {
  const three = channels == 3;
  const firstTwo = three
    ? i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1)
    : i8x16(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
  const third = three
    ? i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)
    : i8x16(2, -1, -1, -1, 6, -1, -1, -1, 10, -1, -1, -1, 14, -1, -1, -1);
  const weights = i32x4.splat(w0 | (w1 << 16));
  const last = i32x4.splat(w2);
  const step = <usize>channels << 2;
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const a = luma(v128.load(src), firstTwo, third, weights, last);
    const b = luma(v128.load(src + step), firstTwo, third, weights, last);
    const c = luma(v128.load(src + step * 2), firstTwo, third, weights, last);
    const d = luma(v128.load(src + step * 3), firstTwo, third, weights, last);
    v128.store(dst + i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
    src += step << 2;
  }
}

// @ts-ignore: decorator
@inline
function luma(pixels: v128, firstTwo: v128, third: v128, weights: v128, last: v128): v128 {
  const two = i32x4.dot_i16x8_s(i8x16.swizzle(pixels, firstTwo), weights);
  const one = i32x4.dot_i16x8_s(i8x16.swizzle(pixels, third), last);
  return i32x4.shr_u(i32x4.add(i32x4.add(two, one), i32x4.splat(16384)), 15);
}

/**
 * Adds to every colour of a pixel what its gray has gained, limited to 0-255; alpha stays.
 * @param before gray as it was; `after` as it is to be.
 * @param count pixels.
 */
export function shiftPixels(src: usize, dst: usize, before: usize, after: usize, count: i32, channels: i32): void {
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const was = v128.load(before + i);
    const is = v128.load(after + i);
    const up = i8x16.sub_sat_u(is, was);
    const down = i8x16.sub_sat_u(was, is);
    if (channels == 3) {
      const m0 = i8x16(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
      const m1 = i8x16(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
      const m2 = i8x16(10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
      shift(src, dst, up, down, m0);
      shift(src + 16, dst + 16, up, down, m1);
      shift(src + 32, dst + 32, up, down, m2);
      src += 48;
      dst += 48;
    } else {
      shift(src, dst, up, down, i8x16(0, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1, 3, 3, 3, -1));
      shift(src + 16, dst + 16, up, down, i8x16(4, 4, 4, -1, 5, 5, 5, -1, 6, 6, 6, -1, 7, 7, 7, -1));
      shift(src + 32, dst + 32, up, down, i8x16(8, 8, 8, -1, 9, 9, 9, -1, 10, 10, 10, -1, 11, 11, 11, -1));
      shift(src + 48, dst + 48, up, down, i8x16(12, 12, 12, -1, 13, 13, 13, -1, 14, 14, 14, -1, 15, 15, 15, -1));
      src += 64;
      dst += 64;
    }
  }
}

// @ts-ignore: decorator
@inline
function shift(src: usize, dst: usize, up: v128, down: v128, spread: v128): void {
  const more = i8x16.add_sat_u(v128.load(src), i8x16.swizzle(up, spread));
  v128.store(dst, i8x16.sub_sat_u(more, i8x16.swizzle(down, spread)));
}
