import { reflected } from "./edges";

/**
 * Convolves with a symmetric row of weights, across and then down, in 8.8 fixed point: OpenCV's `GaussianBlur` of bytes.
 * Edges are reflected (BORDER_REFLECT_101).
 * @param weights i16, `size` (odd) of them and a zero; their sum is 256, none is below 0.
 * @param ring `size` rows of (width * channels * 2 + 64) bytes.
 * @param padded one row of i16 with `size - 1` pixels more.
 * @param taps u32, `size` + 1.
 */
export function blurBytes(
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
  const ringRow = (<usize>samples << 1) + 64;
  const radius = size >> 1;
  let done = 0;
  for (let y = 0; y < height; y++) {
    for (const need = min(y + radius, height - 1); done <= need; done++) {
      widen(src + <usize>(done * samples), padded, width, channels, radius);
      across(padded, ring + <usize>(done % size) * ringRow, samples, channels, weights, radius);
    }
    for (let i = 0; i < size; i++) {
      const from = reflected(y + i - radius, height) % size;
      store<u32>(taps + (<usize>i << 2), ring + <usize>from * ringRow);
    }
    store<u32>(taps + (<usize>size << 2), load<u32>(taps));
    down(taps, dst + <usize>(y * samples), samples, weights, size);
  }
}

/** A row in 16 bits, with what its edges reflect. */
function widen(src: usize, padded: usize, width: i32, channels: i32, radius: i32): void {
  const samples = <usize>(width * channels);
  const start = padded + (<usize>(radius * channels) << 1);
  for (let i: usize = 0; i < samples; i += 16) {
    const bytes = v128.load(src + i);
    v128.store(start + (i << 1), i16x8.extend_low_i8x16_u(bytes));
    v128.store(start + (i << 1), i16x8.extend_high_i8x16_u(bytes), 16);
  }
  for (let x = 1; x <= radius; x++) {
    edge(src, start, -x, width, channels);
    edge(src, start, width - 1 + x, width, channels);
  }
}

function edge(src: usize, start: usize, x: i32, width: i32, channels: i32): void {
  const from = src + reflected(x, width) * channels;
  const to = start + ((x * channels) << 1);
  for (let c = 0; c < channels; c++) store<u16>(to + (c << 1), load<u8>(from + c));
}

/** Sums are at most 255 * 256 and fill 16 bits; half of that is taken off, for signed products below. */
function across(padded: usize, out: usize, samples: i32, channels: i32, weights: usize, radius: i32): void {
  const pixel = <usize>channels << 1;
  const middle = v128.load16_splat(weights + (<usize>radius << 1));
  const half = i16x8.splat(-32768);
  for (let i: usize = 0, end = <usize>samples << 1; i < end; i += 32) {
    let left = padded + i;
    let right = left + <usize>(radius << 1) * pixel;
    const centre = left + <usize>radius * pixel;
    let low = i16x8.mul(v128.load(centre), middle);
    let high = i16x8.mul(v128.load(centre, 16), middle);
    for (let at = weights, last = weights + (<usize>radius << 1); at < last; at += 2) {
      const weight = v128.load16_splat(at);
      low = i16x8.add(low, i16x8.mul(i16x8.add(v128.load(left), v128.load(right)), weight));
      high = i16x8.add(high, i16x8.mul(i16x8.add(v128.load(left, 16), v128.load(right, 16)), weight));
      left += pixel;
      right -= pixel;
    }
    v128.store(out + i, i16x8.add(low, half));
    v128.store(out + i, i16x8.add(high, half), 16);
  }
}

/** Two rows at a time: the products of neighbours are summed in one step. */
function down(taps: usize, dst: usize, samples: i32, weights: usize, size: i32): void {
  // The half that was taken off, times the sum of the weights; and half of what is shifted away.
  const start = i32x4.splat((32768 << 8) + 32768);
  for (let i: usize = 0; i < <usize>samples; i += 16) {
    let s0 = start;
    let s1 = start;
    let s2 = start;
    let s3 = start;
    for (let tap = 0; tap < size; tap += 2) {
      const pair = v128.load32_splat(weights + (<usize>tap << 1));
      const upper = <usize>load<u32>(taps + (<usize>tap << 2)) + (i << 1);
      const lower = <usize>load<u32>(taps + (<usize>tap << 2), 4) + (i << 1);
      const a = v128.load(upper);
      const b = v128.load(lower);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11), pair));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15), pair));
      const c = v128.load(upper, 16);
      const d = v128.load(lower, 16);
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11), pair));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15), pair));
    }
    const low = i16x8.narrow_i32x4_s(i32x4.shr_u(s0, 16), i32x4.shr_u(s1, 16));
    const high = i16x8.narrow_i32x4_s(i32x4.shr_u(s2, 16), i32x4.shr_u(s3, 16));
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}
