// (sample - least) * scale in double precision, rounded half to even and limited to 0-255. What is no number becomes 0.

export function scaleShorts(src: usize, dst: usize, count: i32, least: f64, scale: f64): void {
  const from = f64x2.splat(least);
  const times = f64x2.splat(scale);
  for (let i: usize = 0; i < <usize>count; i += 8) {
    const shorts = v128.load(src + (i << 1));
    const low = i32x4.extend_low_i16x8_u(shorts);
    const high = i32x4.extend_high_i16x8_u(shorts);
    const first = i16x8.narrow_i32x4_s(wholes(low, from, times), wholes(high, from, times));
    v128.store64_lane(dst + i, i8x16.narrow_i16x8_u(first, first), 0);
  }
}

// @ts-ignore: decorator
@inline
function wholes(samples: v128, from: v128, times: v128): v128 {
  const upper = i32x4.shuffle(samples, samples, 2, 3, 0, 1);
  return four(f64x2.convert_low_i32x4_s(samples), f64x2.convert_low_i32x4_s(upper), from, times);
}

export function scaleFloats(src: usize, dst: usize, count: i32, least: f64, scale: f64): void {
  const from = f64x2.splat(least);
  const times = f64x2.splat(scale);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const floats = v128.load(src + (i << 2));
    const upper = i32x4.shuffle(floats, floats, 2, 3, 0, 1);
    const whole = four(f64x2.promote_low_f32x4(floats), f64x2.promote_low_f32x4(upper), from, times);
    const shorts = i16x8.narrow_i32x4_s(whole, whole);
    v128.store32_lane(dst + i, i8x16.narrow_i16x8_u(shorts, shorts), 0);
  }
}

// @ts-ignore: decorator
@inline
function four(low: v128, high: v128, from: v128, times: v128): v128 {
  const a = i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(f64x2.sub(low, from), times)));
  const b = i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(f64x2.sub(high, from), times)));
  return i32x4.shuffle(a, b, 0, 1, 4, 5);
}
