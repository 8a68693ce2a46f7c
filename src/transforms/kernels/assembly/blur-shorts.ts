import { reflected } from "./edges";

/**
 * As `blurBytes`, for shorts in 16.16 fixed point: OpenCV's `GaussianBlur` of shorts.
 * @param weights u32, `size` (odd) of them, in 65536ths; their sum is 65536.
 * @param ring `size` rows of (width * channels * 4 + 64) bytes.
 * @param padded one row of u16 with `size - 1` pixels more.
 * @param taps u32, `size`.
 */
export function blurShorts(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  channels: i32,
  weights: usize,
  size: i32,
  ring: usize,
  padded: usize,
  taps: usize,
): void {
  const samples = width * channels;
  const bytes = <usize>samples << 1;
  const ringRow = (<usize>samples << 2) + 64;
  const radius = size >> 1;
  const start = padded + (<usize>(radius * channels) << 1);
  let done = 0;
  for (let y = 0; y < height; y++) {
    for (const need = min(y + radius, height - 1); done <= need; done++) {
      memory.copy(start, src + <usize>done * bytes, bytes);
      for (let x = 1; x <= radius; x++) {
        edge(start, -x, reflected(-x, width), channels);
        edge(start, width - 1 + x, reflected(width - 1 + x, width), channels);
      }
      across(padded, ring + <usize>(done % size) * ringRow, samples, channels, weights, radius);
    }
    for (let i = 0; i < size; i++) {
      store<u32>(taps + (<usize>i << 2), ring + <usize>(reflected(y + i - radius, height) % size) * ringRow);
    }
    down(taps, dst + <usize>y * bytes, samples, weights, size);
  }
}

function edge(start: usize, to: i32, from: i32, channels: i32): void {
  for (let c = 0; c < channels; c++) {
    store<u16>(start + ((to * channels + c) << 1), load<u16>(start + ((from * channels + c) << 1)));
  }
}

function across(padded: usize, out: usize, samples: i32, channels: i32, weights: usize, radius: i32): void {
  const pixel = <usize>channels << 1;
  const middle = v128.load32_splat(weights + (<usize>radius << 2));
  for (let i: usize = 0, end = <usize>samples << 1; i < end; i += 16) {
    let left = padded + i;
    let right = left + <usize>(radius << 1) * pixel;
    const centre = v128.load(left + <usize>radius * pixel);
    let low = i32x4.mul(i32x4.extend_low_i16x8_u(centre), middle);
    let high = i32x4.mul(i32x4.extend_high_i16x8_u(centre), middle);
    for (let at = weights, last = weights + (<usize>radius << 2); at < last; at += 4) {
      const weight = v128.load32_splat(at);
      const a = v128.load(left);
      const b = v128.load(right);
      const sumLow = i32x4.add(i32x4.extend_low_i16x8_u(a), i32x4.extend_low_i16x8_u(b));
      const sumHigh = i32x4.add(i32x4.extend_high_i16x8_u(a), i32x4.extend_high_i16x8_u(b));
      low = i32x4.add(low, i32x4.mul(sumLow, weight));
      high = i32x4.add(high, i32x4.mul(sumHigh, weight));
      left += pixel;
      right -= pixel;
    }
    v128.store(out + (i << 1), low);
    v128.store(out + (i << 1), high, 16);
  }
}

function down(taps: usize, dst: usize, samples: i32, weights: usize, size: i32): void {
  const start = i64x2.splat(0x80000000);
  for (let i: usize = 0; i < <usize>samples << 2; i += 32) {
    let s0 = start;
    let s1 = start;
    let s2 = start;
    let s3 = start;
    for (let tap: usize = 0; tap < <usize>size << 2; tap += 4) {
      const weight = v128.load32_splat(weights + tap);
      const row = <usize>load<u32>(taps + tap) + i;
      const a = v128.load(row);
      const b = v128.load(row, 16);
      s0 = i64x2.add(s0, i64x2.extmul_low_i32x4_u(a, weight));
      s1 = i64x2.add(s1, i64x2.extmul_high_i32x4_u(a, weight));
      s2 = i64x2.add(s2, i64x2.extmul_low_i32x4_u(b, weight));
      s3 = i64x2.add(s3, i64x2.extmul_high_i32x4_u(b, weight));
    }
    // The upper half of each sum is what remains.
    const low = i32x4.shuffle(s0, s1, 1, 3, 5, 7);
    const high = i32x4.shuffle(s2, s3, 1, 3, 5, 7);
    v128.store(dst + (i >> 1), i16x8.narrow_i32x4_u(low, high));
  }
}
