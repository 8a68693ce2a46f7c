import { rounded } from "./rounding";

// (sample - least) * scale in double precision, rounded half to even and limited to 0-255. What is no number becomes 0.
// Where single precision is near enough (`single` is 1) that is tried first: it is wrong by less than 2^-14, so that only
// those near a half are reckoned again.

export function scaleShorts(src: usize, dst: usize, count: i32, least: f64, scale: f64, single: i32): void {
  const from = f32x4.splat(<f32>least);
  const times = f32x4.splat(<f32>scale);
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const at = src + (i << 1);
    if (single != 0) {
      const first = v128.load(at);
      const second = v128.load(at, 16);
      const a = between(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(first)), from, times);
      const b = between(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(first)), from, times);
      const c = between(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(second)), from, times);
      const d = between(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(second)), from, times);
      if (storeSure(dst + i, a, b, c, d)) continue;
    }
    exactShorts(at, dst + i, least, scale);
    exactShorts(at + 16, dst + i + 8, least, scale);
  }
}

export function scaleFloats(src: usize, dst: usize, count: i32, least: f64, scale: f64, single: i32): void {
  const from = f32x4.splat(<f32>least);
  const times = f32x4.splat(<f32>scale);
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const at = src + (i << 2);
    if (single != 0) {
      const a = between(v128.load(at), from, times);
      const b = between(v128.load(at, 16), from, times);
      const c = between(v128.load(at, 32), from, times);
      const d = between(v128.load(at, 48), from, times);
      if (storeSure(dst + i, a, b, c, d)) continue;
    }
    for (let k: usize = 0; k < 16; k += 4) exactFloats(at + (k << 2), dst + i + k, least, scale);
  }
}

/** What is no number is below 0 here. */
// @ts-ignore: decorator
@inline
function between(samples: v128, from: v128, times: v128): v128 {
  const scaled = f32x4.mul(f32x4.sub(samples, from), times);
  return f32x4.pmin(f32x4.splat(255), f32x4.pmax(f32x4.splat(0), scaled));
}

/** @returns false, with nothing stored, if one of them lies near a half. */
// @ts-ignore: decorator
@inline
function storeSure(dst: usize, a: v128, b: v128, c: v128, d: v128): bool {
  const far = f32x4.pmax(f32x4.pmax(fraction(a), fraction(b)), f32x4.pmax(fraction(c), fraction(d)));
  if (v128.any_true(f32x4.gt(far, f32x4.splat(0.5 - 1.0 / 8192)))) return false;
  const first = i16x8.narrow_i32x4_s(rounded(a), rounded(b));
  v128.store(dst, i8x16.narrow_i16x8_u(first, i16x8.narrow_i32x4_s(rounded(c), rounded(d))));
  return true;
}

/** How far it is to the next whole number. */
// @ts-ignore: decorator
@inline
function fraction(values: v128): v128 {
  const shift = f32x4.splat(12582912);
  return f32x4.abs(f32x4.sub(values, f32x4.sub(f32x4.add(values, shift), shift)));
}

function exactShorts(src: usize, dst: usize, least: f64, scale: f64): void {
  const from = f64x2.splat(least);
  const times = f64x2.splat(scale);
  const shorts = v128.load(src);
  const low = i32x4.extend_low_i16x8_u(shorts);
  const high = i32x4.extend_high_i16x8_u(shorts);
  const first = i16x8.narrow_i32x4_s(wholes(low, from, times), wholes(high, from, times));
  v128.store64_lane(dst, i8x16.narrow_i16x8_u(first, first), 0);
}

// @ts-ignore: decorator
@inline
function wholes(samples: v128, from: v128, times: v128): v128 {
  const upper = i32x4.shuffle(samples, samples, 2, 3, 0, 1);
  return four(f64x2.convert_low_i32x4_s(samples), f64x2.convert_low_i32x4_s(upper), from, times);
}

function exactFloats(src: usize, dst: usize, least: f64, scale: f64): void {
  const floats = v128.load(src);
  const upper = i32x4.shuffle(floats, floats, 2, 3, 0, 1);
  const from = f64x2.splat(least);
  const times = f64x2.splat(scale);
  const whole = four(f64x2.promote_low_f32x4(floats), f64x2.promote_low_f32x4(upper), from, times);
  const shorts = i16x8.narrow_i32x4_s(whole, whole);
  v128.store32_lane(dst, i8x16.narrow_i16x8_u(shorts, shorts), 0);
}

// @ts-ignore: decorator
@inline
function four(low: v128, high: v128, from: v128, times: v128): v128 {
  const a = i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(f64x2.sub(low, from), times)));
  const b = i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(f64x2.sub(high, from), times)));
  return i32x4.shuffle(a, b, 0, 1, 4, 5);
}
