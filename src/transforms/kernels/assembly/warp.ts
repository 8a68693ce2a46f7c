// Bytes moved by an affine map. The picture is padded with its border, so that whatever touches it can be reckoned alike.

/**
 * @param src the pixel at (0, 0) of the padded picture, whose rows are `line` bytes apart.
 * @param outWidth of what comes out; `outHeight` the same.
 * @param acrossX i32, for each column how far its place lies from the row's start, in 1024ths of a pixel; `acrossY` the same.
 * @param starts i32, two for each row: where it starts.
 * @param border one pixel, and 12 bytes more.
 * @param kind 1: the nearest pixel; 2: bilinear; 4 and 8: so many pixels per side.
 * @param table f32, for each 32nd of a pixel `kind` weights, where that is 4 or 8.
 * @param channels 1, 3 or 4.
 */
export function warpBytes(
  src: usize,
  dst: usize,
  line: i32,
  width: i32,
  height: i32,
  outWidth: i32,
  outHeight: i32,
  channels: i32,
  acrossX: usize,
  acrossY: usize,
  starts: usize,
  border: usize,
  kind: i32,
  table: usize,
): void {
  const outside = channels == 1 ? <u32>load<u8>(border) : load<u32>(border);
  for (let y = 0; y < outHeight; y++) {
    const startX = load<i32>(starts + (<usize>y << 3));
    const startY = load<i32>(starts + (<usize>y << 3), 4);
    const out = dst + <usize>(y * outWidth * channels);
    if (kind == 1) nearestRow(src, out, line, width, height, outWidth, channels, acrossX, acrossY, startX, startY, outside);
    else if (kind == 2) {
      if (channels == 1) {
        linearBytes(src, out, line, width, height, outWidth, acrossX, acrossY, startX, startY, outside);
      } else {
        linearPixels(src, out, line, width, height, outWidth, channels, acrossX, acrossY, startX, startY, outside);
      }
    } else {
      tapsRow(src, out, line, width, height, outWidth, channels, acrossX, acrossY, startX, startY, outside, kind, table);
    }
  }
}

function nearestRow(
  src: usize,
  out: usize,
  line: i32,
  width: i32,
  height: i32,
  outWidth: i32,
  channels: i32,
  acrossX: usize,
  acrossY: usize,
  startX: i32,
  startY: i32,
  outside: u32,
): void {
  for (let i: usize = 0, end = <usize>outWidth << 2; i < end; i += 4) {
    const x = (startX + load<i32>(acrossX + i)) >> 10;
    const y = (startY + load<i32>(acrossY + i)) >> 10;
    const isInside = <u32>x < <u32>width && <u32>y < <u32>height;
    if (channels == 1) store<u8>(out, isInside ? load<u8>(src + y * line + x) : <u8>outside);
    // What is written beyond a pixel is overwritten by the next one.
    else store<u32>(out, isInside ? load<u32>(src + y * line + x * channels) : outside);
    out += channels;
  }
}

/** Four at a time where all of them are made of pixels of the padded picture. */
function linearBytes(
  src: usize,
  out: usize,
  line: i32,
  width: i32,
  height: i32,
  outWidth: i32,
  acrossX: usize,
  acrossY: usize,
  startX: i32,
  startY: i32,
  outside: u32,
): void {
  const beginX = i32x4.splat(startX);
  const beginY = i32x4.splat(startY);
  const one = i32x4.splat(1);
  const columns = i32x4.splat(width);
  const lines = i32x4.splat(height);
  const stride = i32x4.splat(line);
  const all = i32x4.splat(31);
  const unit = i32x4.splat(32);
  for (let i = 0; i < outWidth; i += 4) {
    const placesX = i32x4.shr_s(i32x4.add(beginX, v128.load(acrossX + (<usize>i << 2))), 5);
    const placesY = i32x4.shr_s(i32x4.add(beginY, v128.load(acrossY + (<usize>i << 2))), 5);
    const x = i32x4.shr_s(placesX, 5);
    const y = i32x4.shr_s(placesY, 5);
    // From -1 on, up to the last: as unsigned numbers both are one comparison.
    const inside = v128.and(i32x4.le_u(i32x4.add(x, one), columns), i32x4.le_u(i32x4.add(y, one), lines));
    if (!v128.any_true(inside)) {
      store<u32>(out, outside * 0x01010101);
      out += 4;
      continue;
    }
    // What lies outside is looked up anywhere, and replaced afterwards.
    const at = v128.and(i32x4.add(i32x4.mul(y, stride), x), inside);
    const a = src + i32x4.extract_lane(at, 0);
    const b = src + i32x4.extract_lane(at, 1);
    const c = src + i32x4.extract_lane(at, 2);
    const d = src + i32x4.extract_lane(at, 3);
    let above = i64x2.splat(0);
    above = v128.load16_lane(a, above, 0);
    above = v128.load16_lane(b, above, 1);
    above = v128.load16_lane(c, above, 2);
    above = v128.load16_lane(d, above, 3);
    above = v128.load16_lane(a + line, above, 4);
    above = v128.load16_lane(b + line, above, 5);
    above = v128.load16_lane(c + line, above, 6);
    above = v128.load16_lane(d + line, above, 7);
    const right = v128.and(placesX, all);
    const sharesX = v128.or(i32x4.sub(unit, right), i32x4.shl(right, 16));
    const down = v128.and(placesY, all);
    const sharesY = v128.or(i32x4.sub(unit, down), i32x4.shl(down, 16));
    const upper = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(above), sharesX);
    const lower = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(above), sharesX);
    const sum = i32x4.dot_i16x8_s(v128.or(upper, i32x4.shl(lower, 16)), sharesY);
    const whole = i32x4.shr_u(i32x4.add(sum, i32x4.splat(512)), 10);
    const found = v128.bitselect(whole, i32x4.splat(outside), inside);
    const shorts = i16x8.narrow_i32x4_s(found, found);
    v128.store32_lane(out, i8x16.narrow_i16x8_u(shorts, shorts), 0);
    out += 4;
  }
}

function linearPixels(
  src: usize,
  out: usize,
  line: i32,
  width: i32,
  height: i32,
  outWidth: i32,
  channels: i32,
  acrossX: usize,
  acrossY: usize,
  startX: i32,
  startY: i32,
  outside: u32,
): void {
  // Of two pixels the bytes of each channel side by side, of the row above and of the one below.
  const places =
    channels == 3
      ? i8x16(0, 3, 1, 4, 2, 5, 2, 5, 8, 11, 9, 12, 10, 13, 10, 13)
      : i8x16(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  for (let i: usize = 0, end = <usize>outWidth << 2; i < end; i += 4) {
    const placeX = (startX + load<i32>(acrossX + i)) >> 5;
    const placeY = (startY + load<i32>(acrossY + i)) >> 5;
    const x = placeX >> 5;
    const y = placeY >> 5;
    if (<u32>(x + 1) <= <u32>width && <u32>(y + 1) <= <u32>height) {
      const at = src + y * line + x * channels;
      const bytes = i8x16.swizzle(v128.load64_lane(at + line, v128.load64_zero(at), 1), places);
      const right = placeX & 31;
      const down = placeY & 31;
      const sharesX = i32x4.splat((32 - right) | (right << 16));
      const upper = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), sharesX);
      const lower = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), sharesX);
      const sharesY = i32x4.splat((32 - down) | (down << 16));
      const sum = i32x4.dot_i16x8_s(v128.or(upper, i32x4.shl(lower, 16)), sharesY);
      const whole = i32x4.shr_u(i32x4.add(sum, i32x4.splat(512)), 10);
      const shorts = i16x8.narrow_i32x4_s(whole, whole);
      v128.store32_lane(out, i8x16.narrow_i16x8_u(shorts, shorts), 0);
    } else store<u32>(out, outside);
    out += channels;
  }
}

/** Columns are weighted first, and then summed two and two; in single precision. */
function tapsRow(
  src: usize,
  out: usize,
  line: i32,
  width: i32,
  height: i32,
  outWidth: i32,
  channels: i32,
  acrossX: usize,
  acrossY: usize,
  startX: i32,
  startY: i32,
  outside: u32,
  taps: i32,
  table: usize,
): void {
  const before = (taps >> 1) - 1;
  const bytes = <usize>taps << 2;
  for (let i: usize = 0, end = <usize>outWidth << 2; i < end; i += 4) {
    const placeX = (startX + load<i32>(acrossX + i)) >> 5;
    const placeY = (startY + load<i32>(acrossY + i)) >> 5;
    const x = (placeX >> 5) - before;
    const y = (placeY >> 5) - before;
    if (<u32>(x + taps - 1) < <u32>(width + taps - 1) && <u32>(y + taps - 1) < <u32>(height + taps - 1)) {
      const at = src + y * line + x * channels;
      const sharesX = table + <usize>(placeX & 31) * bytes;
      const sharesY = table + <usize>(placeY & 31) * bytes;
      if (channels == 1) {
        const products = taps == 4 ? fourBytes(at, line, sharesX, sharesY) : eightBytes(at, line, sharesX, sharesY);
        const sum =
          f32x4.extract_lane(products, 0) +
          f32x4.extract_lane(products, 1) +
          (f32x4.extract_lane(products, 2) + f32x4.extract_lane(products, 3));
        const whole = <i32>(sum + <f32>0.5);
        store<u8>(out, <u8>max(0, min(255, whole)));
      } else {
        const sum =
          taps == 4
            ? fourPixels(at, line, channels, sharesX, sharesY)
            : eightPixels(at, line, channels, sharesX, sharesY);
        const whole = i32x4.trunc_sat_f32x4_s(f32x4.add(sum, f32x4.splat(0.5)));
        const shorts = i16x8.narrow_i32x4_s(whole, whole);
        v128.store32_lane(out, i8x16.narrow_i16x8_u(shorts, shorts), 0);
      }
    } else if (channels == 1) store<u8>(out, <u8>outside);
    else store<u32>(out, outside);
    out += channels;
  }
}

// @ts-ignore: decorator
@inline
function low(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

// @ts-ignore: decorator
@inline
function high(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

// @ts-ignore: decorator
@inline
function fourBytes(at: usize, line: i32, sharesX: usize, sharesY: usize): v128 {
  let sum = f32x4.mul(low(v128.load32_zero(at)), v128.load32_splat(sharesY));
  for (let row: usize = 4; row < 16; row += 4) {
    at += line;
    sum = f32x4.add(sum, f32x4.mul(low(v128.load32_zero(at)), v128.load32_splat(sharesY + row)));
  }
  return f32x4.mul(sum, v128.load(sharesX));
}

// @ts-ignore: decorator
@inline
function eightBytes(at: usize, line: i32, sharesX: usize, sharesY: usize): v128 {
  let bytes = v128.load64_zero(at);
  let share = v128.load32_splat(sharesY);
  let left = f32x4.mul(low(bytes), share);
  let right = f32x4.mul(high(bytes), share);
  for (let row: usize = 4; row < 32; row += 4) {
    at += line;
    bytes = v128.load64_zero(at);
    share = v128.load32_splat(sharesY + row);
    left = f32x4.add(left, f32x4.mul(low(bytes), share));
    right = f32x4.add(right, f32x4.mul(high(bytes), share));
  }
  return f32x4.add(f32x4.mul(left, v128.load(sharesX)), f32x4.mul(right, v128.load(sharesX, 16)));
}

/** One pixel in four floats; the fourth counts only where there are four channels. */
// @ts-ignore: decorator
@inline
function pixelOf(pixels: v128, place: v128): v128 {
  return f32x4.convert_i32x4_s(i8x16.swizzle(pixels, place));
}

/** The weighted sums of four columns, each with its own share: first and second, third and fourth. */
// @ts-ignore: decorator
@inline
function fourPixels(at: usize, line: i32, channels: i32, sharesX: usize, sharesY: usize): v128 {
  let sums0 = f32x4.splat(0);
  let sums1 = sums0;
  let sums2 = sums0;
  let sums3 = sums0;
  const place0 = i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1);
  const next = i32x4.splat(channels);
  const place1 = i32x4.add(place0, next);
  const place2 = i32x4.add(place1, next);
  const place3 = i32x4.add(place2, next);
  for (let row: usize = 0; row < 16; row += 4) {
    const pixels = v128.load(at);
    const share = v128.load32_splat(sharesY + row);
    sums0 = f32x4.add(sums0, f32x4.mul(pixelOf(pixels, place0), share));
    sums1 = f32x4.add(sums1, f32x4.mul(pixelOf(pixels, place1), share));
    sums2 = f32x4.add(sums2, f32x4.mul(pixelOf(pixels, place2), share));
    sums3 = f32x4.add(sums3, f32x4.mul(pixelOf(pixels, place3), share));
    at += line;
  }
  const left = f32x4.add(
    f32x4.mul(sums0, v128.load32_splat(sharesX)),
    f32x4.mul(sums1, v128.load32_splat(sharesX, 4)),
  );
  const right = f32x4.add(
    f32x4.mul(sums2, v128.load32_splat(sharesX, 8)),
    f32x4.mul(sums3, v128.load32_splat(sharesX, 12)),
  );
  return f32x4.add(left, right);
}

function eightPixels(at: usize, line: i32, channels: i32, sharesX: usize, sharesY: usize): v128 {
  const products0 = columnsOf(at, line, channels, 0, sharesX, sharesY);
  const products1 = columnsOf(at, line, channels, 1, sharesX, sharesY);
  const products2 = columnsOf(at, line, channels, 2, sharesX, sharesY);
  const products3 = columnsOf(at, line, channels, 3, sharesX, sharesY);
  return f32x4.add(f32x4.add(products0, products1), f32x4.add(products2, products3));
}

/** Of eight columns one of the left four and its partner of the right four. */
function columnsOf(at: usize, line: i32, channels: i32, column: i32, sharesX: usize, sharesY: usize): v128 {
  let left = f32x4.splat(0);
  let right = left;
  at += <usize>(column * channels);
  const apart = <usize>channels << 2;
  for (let row: usize = 0; row < 32; row += 4) {
    const share = v128.load32_splat(sharesY + row);
    left = f32x4.add(left, f32x4.mul(low(v128.load32_zero(at)), share));
    right = f32x4.add(right, f32x4.mul(low(v128.load32_zero(at + apart)), share));
    at += line;
  }
  const x = sharesX + (<usize>column << 2);
  return f32x4.add(
    f32x4.mul(left, v128.load32_splat(x)),
    f32x4.mul(right, v128.load32_splat(x, 16)),
  );
}
