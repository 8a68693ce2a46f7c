import { rounded } from "./rounding";

/**
 * Adds to every byte `amount` times what its blurred twin lacks, rounded half to even, where that differs by `threshold`
 * or more; limited to 0-255.
 */
export function sharpenBytes(
  src: usize,
  blurred: usize,
  dst: usize,
  bytes: i32,
  amount: f32,
  threshold: i32,
): void {
  const times = f32x4.splat(amount);
  const least = i16x8.splat(<i16>(threshold - 1));
  for (let i: usize = 0; i < <usize>bytes; i += 16) {
    const sharp = v128.load(src + i);
    const soft = v128.load(blurred + i);
    const low = sharpened(i16x8.extend_low_i8x16_u(sharp), i16x8.extend_low_i8x16_u(soft), times, least);
    const high = sharpened(i16x8.extend_high_i8x16_u(sharp), i16x8.extend_high_i8x16_u(soft), times, least);
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}

// @ts-ignore: decorator
@inline
function sharpened(sharp: v128, soft: v128, times: v128, least: v128): v128 {
  const lack = i16x8.sub(sharp, soft);
  const low = rounded(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(lack)), times));
  const high = rounded(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(lack)), times));
  const gain = i16x8.narrow_i32x4_s(low, high);
  const enough = i16x8.gt_s(i16x8.abs(lack), least);
  return i16x8.add_sat_s(sharp, v128.and(gain, enough));
}
