import { rounded } from "./rounding";

/**
 * Each new colour is the sum of the three old ones times their weights, and of an offset, in single precision, the outer ones first;
 * rounded half to even and limited to 0-255. A fourth byte stays.
 * @param count pixels of `channels` (3 or 4) bytes, in and out.
 * @param rows three rows of four floats: the weights and the offset, in the pixel's own order.
 */
export function mixPixels(src: usize, dst: usize, count: i32, channels: i32, rows: usize): void {
  if (channels == 3) mixThree(src, dst, count, rows);
  else mixFour(src, dst, count, rows);
}

function mixThree(src: usize, dst: usize, count: i32, rows: usize): void {
  for (let i = 0; i < count; i += 4) {
    const pixels = v128.load(src);
    const planes = mixed(
      f32x4.convert_i32x4_s(i8x16.swizzle(pixels, i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1))),
      f32x4.convert_i32x4_s(i8x16.swizzle(pixels, i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1))),
      f32x4.convert_i32x4_s(i8x16.swizzle(pixels, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1))),
      rows,
    );
    v128.store(dst, i8x16.swizzle(planes, i8x16(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1)));
    src += 12;
    dst += 12;
  }
}

function mixFour(src: usize, dst: usize, count: i32, rows: usize): void {
  const low = i32x4.splat(255);
  const alpha = i32x4.splat(0xff000000);
  for (let i = 0; i < count; i += 4) {
    const pixels = v128.load(src);
    const planes = mixed(
      f32x4.convert_i32x4_s(v128.and(pixels, low)),
      f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(pixels, 8), low)),
      f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(pixels, 16), low)),
      rows,
    );
    const colors = i8x16.swizzle(planes, i8x16(0, 4, 8, -1, 1, 5, 9, -1, 2, 6, 10, -1, 3, 7, 11, -1));
    v128.store(dst, v128.or(colors, v128.and(pixels, alpha)));
    src += 16;
    dst += 16;
  }
}

/** Four new bytes of each colour. */
// @ts-ignore: decorator
@inline
function mixed(a: v128, b: v128, c: v128, rows: usize): v128 {
  const low = i16x8.narrow_i32x4_s(rounded(row(a, b, c, rows)), rounded(row(a, b, c, rows + 16)));
  const high = rounded(row(a, b, c, rows + 32));
  return i8x16.narrow_i16x8_u(low, i16x8.narrow_i32x4_s(high, high));
}

/**
 * Gray of 3 or 4 channels, as one row of `mixPixels`, but cut to a whole number.
 * @param weights three of them and an offset.
 */
export function weighPixels(src: usize, dst: usize, count: i32, channels: i32, weights: usize): void {
  const three = channels == 3;
  const pick0 = three
    ? i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1)
    : i8x16(0, -1, -1, -1, 4, -1, -1, -1, 8, -1, -1, -1, 12, -1, -1, -1);
  const next = i8x16(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  const pick1 = i8x16.add(pick0, next);
  const pick2 = i8x16.add(pick1, next);
  const step = <usize>channels << 2;
  for (let i = 0; i < count; i += 4) {
    const pixels = v128.load(src);
    const a = f32x4.convert_i32x4_s(i8x16.swizzle(pixels, pick0));
    const b = f32x4.convert_i32x4_s(i8x16.swizzle(pixels, pick1));
    const c = f32x4.convert_i32x4_s(i8x16.swizzle(pixels, pick2));
    const sums = i32x4.trunc_sat_f32x4_s(row(a, b, c, weights));
    const narrow = i16x8.narrow_i32x4_s(sums, sums);
    v128.store32_lane(dst, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    src += step;
    dst += 4;
  }
}

// @ts-ignore: decorator
@inline
function row(a: v128, b: v128, c: v128, weights: usize): v128 {
  // The outer ones first, so that it is the same whether blue or red comes first.
  const outer = f32x4.add(
    f32x4.mul(a, v128.load32_splat(weights)),
    f32x4.mul(c, v128.load32_splat(weights, 8)),
  );
  const all = f32x4.add(outer, f32x4.mul(b, v128.load32_splat(weights, 4)));
  return f32x4.add(all, v128.load32_splat(weights, 12));
}
