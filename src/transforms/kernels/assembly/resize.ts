// Bytes resized with a few weighted pixels per side. Rows are filtered once each, kept in a ring as i16, and then weighted.

/**
 * As OpenCV's `INTER_LINEAR`: weights of 2048, cut to 4 bits less between the sides.
 * @param width of what comes out, at least 1; what goes in is at least 2 pixels wide.
 * @param channels 1, 3 or 4.
 * @param first i32, for each column where its left pixel begins, in bytes; `weights` two i16 for each.
 * @param rows i32, two for each row: which are weighted; `shares` two i32 for each.
 * @param ring two rows of (width * channels * 2 + 64) bytes.
 */
export function resizeLinear(
  src: usize,
  dst: usize,
  line: i32,
  width: i32,
  height: i32,
  channels: i32,
  first: usize,
  weights: usize,
  rows: usize,
  shares: usize,
  ring: usize,
): void {
  const count = width * channels;
  const ringRow = (<usize>count << 1) + 64;
  let even = -1;
  let odd = -1;
  for (let y = 0; y < height; y++) {
    const above = load<i32>(rows + (<usize>y << 3));
    const below = load<i32>(rows + (<usize>y << 3), 4);
    for (let k = 0; k < 2; k++) {
      const row = k == 0 ? above : below;
      if ((row & 1) == 0 ? even == row : odd == row) continue;
      const out = ring + <usize>(row & 1) * ringRow;
      if (channels == 1) pairsOfBytes(src + <usize>(row * line), out, width, first, weights);
      else pairsOfPixels(src + <usize>(row * line), out, width, channels, first, weights);
      if ((row & 1) == 0) even = row;
      else odd = row;
    }
    const upper = ring + <usize>(above & 1) * ringRow;
    const lower = ring + <usize>(below & 1) * ringRow;
    const a = i16x8.splat(<i16>load<i32>(shares + (<usize>y << 3)));
    const b = i16x8.splat(<i16>load<i32>(shares + (<usize>y << 3), 4));
    mixRows(upper, lower, a, b, dst + <usize>(y * count), count);
  }
}

function pairsOfBytes(src: usize, out: usize, width: i32, first: usize, weights: usize): void {
  for (let x: usize = 0; x < <usize>width; x += 8) {
    const at = first + (x << 2);
    let bytes = i64x2.splat(0);
    bytes = v128.load16_lane(src + load<u32>(at), bytes, 0);
    bytes = v128.load16_lane(src + load<u32>(at, 4), bytes, 1);
    bytes = v128.load16_lane(src + load<u32>(at, 8), bytes, 2);
    bytes = v128.load16_lane(src + load<u32>(at, 12), bytes, 3);
    bytes = v128.load16_lane(src + load<u32>(at, 16), bytes, 4);
    bytes = v128.load16_lane(src + load<u32>(at, 20), bytes, 5);
    bytes = v128.load16_lane(src + load<u32>(at, 24), bytes, 6);
    bytes = v128.load16_lane(src + load<u32>(at, 28), bytes, 7);
    const share = weights + (x << 2);
    const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), v128.load(share));
    const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), v128.load(share, 16));
    v128.store(out + (x << 1), i16x8.narrow_i32x4_s(i32x4.shr_s(low, 4), i32x4.shr_s(high, 4)));
  }
}

function pairsOfPixels(src: usize, out: usize, width: i32, channels: i32, first: usize, weights: usize): void {
  const places =
    channels == 3
      ? i8x16(0, 3, 1, 4, 2, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)
      : i8x16(0, 4, 1, 5, 2, 6, 3, 7, -1, -1, -1, -1, -1, -1, -1, -1);
  const step = <usize>channels << 1;
  for (let x: usize = 0; x < <usize>width; x++) {
    const pair = i8x16.swizzle(v128.load64_zero(src + load<u32>(first + (x << 2))), places);
    const sum = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(pair), v128.load32_splat(weights + (x << 2)));
    const cut = i32x4.shr_s(sum, 4);
    v128.store64_lane(out, i16x8.narrow_i32x4_s(cut, cut), 0);
    out += step;
  }
}

function mixRows(upper: usize, lower: usize, a: v128, b: v128, dst: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const at = i << 1;
    const low = mixed(v128.load(upper + at), v128.load(lower + at), a, b);
    const high = mixed(v128.load(upper + at, 16), v128.load(lower + at, 16), a, b);
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}

// @ts-ignore: decorator
@inline
function mixed(upper: v128, lower: v128, a: v128, b: v128): v128 {
  const sum = i16x8.add(upperHalves(upper, a), upperHalves(lower, b));
  return i16x8.shr_u(i16x8.add(sum, i16x8.splat(2)), 2);
}

/** The upper 16 of the 32 bits of each product. */
// @ts-ignore: decorator
@inline
function upperHalves(a: v128, b: v128): v128 {
  const low = i32x4.extmul_low_i16x8_s(a, b);
  const high = i32x4.extmul_high_i16x8_s(a, b);
  return i16x8.shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
}

/**
 * With 4 or 8 weights per side, in 2048ths; they may be below 0 and their sum is 2048. Between the sides 7 bits of a fraction
 * are kept. Pixels beyond an edge are those at the edge.
 * @param channels 1, 3 or 4.
 * @param first i32, for each column where its first pixel begins in a padded row, in bytes; `weights` i16, `taps` for each.
 * @param top i32, for each row the first that is weighted, which may lie outside; `shares` i16, `taps` for each.
 * @param padded one row of bytes with `taps` pixels more on either side; `ring` `taps` rows of (width * channels * 2 + 64)
 *   bytes; `kept` i32, `taps`, and `taps` more.
 */
export function resizeTaps(
  src: usize,
  dst: usize,
  inWidth: i32,
  inHeight: i32,
  width: i32,
  height: i32,
  channels: i32,
  taps: i32,
  first: usize,
  weights: usize,
  top: usize,
  shares: usize,
  padded: usize,
  ring: usize,
  kept: usize,
): void {
  const count = width * channels;
  const line = inWidth * channels;
  const ringRow = (<usize>count << 1) + 64;
  const rows = kept + (<usize>taps << 2);
  memory.fill(kept, 255, <usize>taps << 2);
  for (let y = 0; y < height; y++) {
    const begin = load<i32>(top + (<usize>y << 2));
    for (let tap = 0; tap < taps; tap++) {
      const row = max(0, min(inHeight - 1, begin + tap));
      const place = <usize>(row % taps);
      const out = ring + place * ringRow;
      if (load<i32>(kept + (place << 2)) != row) {
        padRow(src + <usize>(row * line), padded, line, channels, taps);
        if (channels == 1) {
          if (taps == 4) fourBytes(padded, out, width, first, weights);
          else eightBytes(padded, out, width, first, weights);
        } else manyPixels(padded, out, width, channels, taps, first, weights);
        store<i32>(kept + (place << 2), row);
      }
      store<u32>(rows + (<usize>tap << 2), <u32>out);
    }
    weighRows(rows, dst + <usize>(y * count), count, shares + <usize>(y * taps * 2), taps);
  }
}

function padRow(row: usize, padded: usize, line: i32, channels: i32, taps: i32): void {
  const start = padded + <usize>(taps * channels);
  memory.copy(start, row, <usize>line);
  for (let i = 1; i <= taps; i++) {
    for (let c = 0; c < channels; c++) {
      store<u8>(start + c - i * channels, load<u8>(row + c));
      store<u8>(start + line + c + (i - 1) * channels, load<u8>(row + line - channels + c));
    }
  }
}

/** Bytes less 128, so that their products with the weights and their sums fit. */
// @ts-ignore: decorator
@inline
function signed(bytes: v128): v128 {
  return v128.xor(bytes, i8x16.splat(-128));
}

// @ts-ignore: decorator
@inline
function cut(sums: v128): v128 {
  return i32x4.shr_s(i32x4.add(sums, i32x4.splat(8)), 4);
}

// @ts-ignore: decorator
@inline
function sumPairs(a: v128, b: v128): v128 {
  return i32x4.add(i32x4.shuffle(a, b, 0, 2, 4, 6), i32x4.shuffle(a, b, 1, 3, 5, 7));
}

function fourBytes(padded: usize, out: usize, width: i32, first: usize, weights: usize): void {
  for (let x: usize = 0; x < <usize>width; x += 4) {
    const at = first + (x << 2);
    let bytes = v128.load32_zero(padded + load<u32>(at));
    bytes = v128.load32_lane(padded + load<u32>(at, 4), bytes, 1);
    bytes = v128.load32_lane(padded + load<u32>(at, 8), bytes, 2);
    bytes = signed(v128.load32_lane(padded + load<u32>(at, 12), bytes, 3));
    const share = weights + (x << 3);
    const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(bytes), v128.load(share));
    const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(bytes), v128.load(share, 16));
    const sums = cut(sumPairs(low, high));
    v128.store64_lane(out + (x << 1), i16x8.narrow_i32x4_s(sums, sums), 0);
  }
}

function eightBytes(padded: usize, out: usize, width: i32, first: usize, weights: usize): void {
  for (let x: usize = 0; x < <usize>width; x += 4) {
    const at = first + (x << 2);
    const share = weights + (x << 4);
    const a = i16x8.extend_low_i8x16_s(signed(v128.load64_zero(padded + load<u32>(at))));
    const b = i16x8.extend_low_i8x16_s(signed(v128.load64_zero(padded + load<u32>(at, 4))));
    const c = i16x8.extend_low_i8x16_s(signed(v128.load64_zero(padded + load<u32>(at, 8))));
    const d = i16x8.extend_low_i8x16_s(signed(v128.load64_zero(padded + load<u32>(at, 12))));
    const ab = sumPairs(
      i32x4.dot_i16x8_s(a, v128.load(share)),
      i32x4.dot_i16x8_s(b, v128.load(share, 16)),
    );
    const cd = sumPairs(
      i32x4.dot_i16x8_s(c, v128.load(share, 32)),
      i32x4.dot_i16x8_s(d, v128.load(share, 48)),
    );
    const sums = cut(sumPairs(ab, cd));
    v128.store64_lane(out + (x << 1), i16x8.narrow_i32x4_s(sums, sums), 0);
  }
}

function manyPixels(
  padded: usize,
  out: usize,
  width: i32,
  channels: i32,
  taps: i32,
  first: usize,
  weights: usize,
): void {
  // Of four pixels the bytes of each channel side by side, two and two.
  const places =
    channels == 3
      ? i8x16(0, 3, 1, 4, 2, 5, 0, 3, 6, 9, 7, 10, 8, 11, 6, 9)
      : i8x16(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  const step = <usize>channels << 1;
  for (let x: usize = 0; x < <usize>width; x++) {
    const at = padded + load<u32>(first + (x << 2));
    let sums = fourPixels(v128.load(at), places, weights);
    if (taps == 8) {
      weights += 8;
      sums = i32x4.add(sums, fourPixels(v128.load(at + (<usize>channels << 2)), places, weights));
    }
    weights += 8;
    const whole = cut(sums);
    v128.store64_lane(out, i16x8.narrow_i32x4_s(whole, whole), 0);
    out += step;
  }
}

// @ts-ignore: decorator
@inline
function fourPixels(pixels: v128, places: v128, weights: usize): v128 {
  const bytes = i8x16.swizzle(signed(pixels), places);
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(bytes), v128.load32_splat(weights)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(bytes), v128.load32_splat(weights, 4)),
  );
}

function weighRows(rows: usize, dst: usize, count: i32, shares: usize, taps: i32): void {
  // The 128 that was taken off each byte, and half of what is shifted away.
  const start = i32x4.splat((128 << 18) + (1 << 17));
  for (let i: usize = 0; i < <usize>count; i += 16) {
    let s0 = start;
    let s1 = start;
    let s2 = start;
    let s3 = start;
    for (let tap = 0; tap < taps; tap += 2) {
      const pair = v128.load32_splat(shares + (<usize>tap << 1));
      const upper = <usize>load<u32>(rows + (<usize>tap << 2)) + (i << 1);
      const lower = <usize>load<u32>(rows + (<usize>tap << 2), 4) + (i << 1);
      const a = v128.load(upper);
      const b = v128.load(lower);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11), pair));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15), pair));
      const c = v128.load(upper, 16);
      const d = v128.load(lower, 16);
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11), pair));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15), pair));
    }
    const low = i16x8.narrow_i32x4_s(i32x4.shr_s(s0, 18), i32x4.shr_s(s1, 18));
    const high = i16x8.narrow_i32x4_s(i32x4.shr_s(s2, 18), i32x4.shr_s(s3, 18));
    v128.store(dst + i, i8x16.narrow_i16x8_u(low, high));
  }
}

/**
 * Every pixel that comes out is one that went in. @param first i32, for each column where its pixel begins, in bytes; `rows`
 * i32, for each row where it begins.
 */
export function resizeNearest(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  pixel: i32,
  first: usize,
  rows: usize,
): void {
  const bytes = <usize>(width * pixel);
  let before = -1;
  for (let y = 0; y < height; y++) {
    const begin = load<i32>(rows + (<usize>y << 2));
    if (begin == before) memory.copy(dst, dst - bytes, bytes);
    else if (pixel == 1) pickBytes(src + begin, dst, width, first);
    else pickPixels(src + begin, dst, width, pixel, first);
    before = begin;
    dst += bytes;
  }
}

function pickBytes(row: usize, dst: usize, width: i32, first: usize): void {
  for (let x: usize = 0; x < <usize>width; x += 4) {
    const at = first + (x << 2);
    const low = <u32>load<u8>(row + load<u32>(at)) | (<u32>load<u8>(row + load<u32>(at, 4)) << 8);
    const high = <u32>load<u8>(row + load<u32>(at, 8)) | (<u32>load<u8>(row + load<u32>(at, 12)) << 8);
    store<u32>(dst + x, low | (high << 16));
  }
}

/** What is written beyond a pixel is overwritten by the next one. */
function pickPixels(row: usize, dst: usize, width: i32, pixel: i32, first: usize): void {
  for (let x: usize = 0; x < <usize>width; x++) {
    const at = row + load<u32>(first + (x << 2));
    if (pixel <= 4) store<u32>(dst, load<u32>(at));
    else store<u64>(dst, load<u64>(at));
    dst += pixel;
  }
}
