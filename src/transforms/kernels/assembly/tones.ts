import { rounded } from "./rounding";

// What every byte becomes by itself. Bits of `keep` (of every four bytes) stay what they are: alpha.

/** The bits of `flip` are turned over. */
export function flipBits(src: usize, dst: usize, count: i32, flip: i32): void {
  const bits = i32x4.splat(flip);
  for (let i: usize = 0; i < <usize>count; i += 16) v128.store(dst + i, v128.xor(v128.load(src + i), bits));
}

/** 255 where a byte is `least` or more, else 0. */
export function bytesFrom(src: usize, dst: usize, count: i32, least: i32): void {
  const level = i8x16.splat(<i8>least);
  for (let i: usize = 0; i < <usize>count; i += 16) v128.store(dst + i, i8x16.ge_u(v128.load(src + i), level));
}

/** slope * byte + offset in single precision, rounded half to even and limited to 0-255; within +-2^20 before. */
export function lineOfBytes(src: usize, dst: usize, count: i32, slope: f32, offset: f32, keep: i32): void {
  const times = f32x4.splat(slope);
  const plus = f32x4.splat(offset);
  if (keep == 0) {
    for (let i: usize = 0; i < <usize>count; i += 16) v128.store(dst + i, lines(v128.load(src + i), times, plus));
    return;
  }
  const kept = i32x4.splat(keep);
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const bytes = v128.load(src + i);
    v128.store(dst + i, v128.bitselect(bytes, lines(bytes, times, plus), kept));
  }
}

// @ts-ignore: decorator
@inline
function lines(bytes: v128, times: v128, plus: v128): v128 {
  const low = i16x8.extend_low_i8x16_u(bytes);
  const high = i16x8.extend_high_i8x16_u(bytes);
  const first = i16x8.narrow_i32x4_s(
    line(i32x4.extend_low_i16x8_u(low), times, plus),
    line(i32x4.extend_high_i16x8_u(low), times, plus),
  );
  const second = i16x8.narrow_i32x4_s(
    line(i32x4.extend_low_i16x8_u(high), times, plus),
    line(i32x4.extend_high_i16x8_u(high), times, plus),
  );
  return i8x16.narrow_i16x8_u(first, second);
}

// @ts-ignore: decorator
@inline
function line(samples: v128, times: v128, plus: v128): v128 {
  return rounded(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(samples), times), plus));
}

/** Two bytes at a time. @param table 65536 u16: for two bytes that lie next to each other what they become. */
export function lookUpPairs(src: usize, dst: usize, count: i32, table: usize): void {
  for (let i: usize = 0; i < <usize>count; i += 8) {
    const eight = load<u64>(src + i);
    const a = <u64>load<u16>(table + <usize>((eight & 0xffff) << 1));
    const b = <u64>load<u16>(table + <usize>(((eight >> 16) & 0xffff) << 1));
    const c = <u64>load<u16>(table + <usize>(((eight >> 32) & 0xffff) << 1));
    const d = <u64>load<u16>(table + <usize>((eight >> 48) << 1));
    store<u64>(dst + i, a | (b << 16) | (c << 32) | (d << 48));
  }
}
