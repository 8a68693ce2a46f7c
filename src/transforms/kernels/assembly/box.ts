import { reflected } from "./edges";
import { rounded } from "./rounding";

/**
 * The mean of a square around each pixel, rounded; edges are reflected (BORDER_REFLECT_101): OpenCV's `blur`.
 * @param size odd, up to 255.
 * @param sums one row of u16 with `size - 1` pixels more; `running` one of u32 with `size` pixels more.
 */
export function boxBytes(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  channels: i32,
  size: i32,
  sums: usize,
  running: usize,
): void {
  const samples = width * channels;
  const radius = size >> 1;
  const start = sums + (<usize>(radius * channels) << 1);
  memory.fill(start, 0, (<usize>samples << 1) + 64);
  for (let y = -radius; y < radius; y++) exchange(start, src + reflected(y, height) * samples, 0, samples);
  for (let y = 0; y < height; y++) {
    const leaves = y == 0 ? <usize>0 : src + <usize>(reflected(y - radius - 1, height) * samples);
    exchange(start, src + reflected(y + radius, height) * samples, leaves, samples);
    for (let x = 1; x <= radius; x++) {
      copyPixel(start, -x, reflected(-x, width), channels);
      copyPixel(start, width - 1 + x, reflected(width - 1 + x, width), channels);
    }
    const out = dst + y * samples;
    if (size <= 15) meansOfFew(sums, out, samples, channels, size);
    else if (size <= 127) meansOfMore(sums, running, out, samples, channels, size);
    else for (let c = 0; c < channels; c++) meansOfMany(sums + (c << 1), out + c, width, channels, size);
  }
}

/** Sums of columns: one row comes in, one goes. */
function exchange(sums: usize, comes: usize, leaves: usize, samples: i32): void {
  if (leaves == 0) {
    for (let i: usize = 0; i < <usize>samples; i += 16) {
      const at = sums + (i << 1);
      const more = v128.load(comes + i);
      v128.store(at, i16x8.add(v128.load(at), i16x8.extend_low_i8x16_u(more)));
      v128.store(at, i16x8.add(v128.load(at, 16), i16x8.extend_high_i8x16_u(more)), 16);
    }
    return;
  }
  for (let i: usize = 0; i < <usize>samples; i += 16) {
    const at = sums + (i << 1);
    const more = v128.load(comes + i);
    const less = v128.load(leaves + i);
    const low = i16x8.sub(i16x8.extend_low_i8x16_u(more), i16x8.extend_low_i8x16_u(less));
    const high = i16x8.sub(i16x8.extend_high_i8x16_u(more), i16x8.extend_high_i8x16_u(less));
    v128.store(at, i16x8.add(v128.load(at), low));
    v128.store(at, i16x8.add(v128.load(at, 16), high), 16);
  }
}

function copyPixel(sums: usize, to: i32, from: i32, channels: i32): void {
  for (let c = 0; c < channels; c++) {
    store<u16>(sums + ((to * channels + c) << 1), load<u16>(sums + ((from * channels + c) << 1)));
  }
}

/** Up to 15 x 15 bytes fit into 16 bits. */
function meansOfFew(sums: usize, out: usize, samples: i32, channels: i32, size: i32): void {
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  const pixel = <usize>channels << 1;
  for (let i: usize = 0; i < <usize>samples; i += 16) {
    let at = sums + (i << 1);
    let low = v128.load(at);
    let high = v128.load(at, 16);
    for (let k = 1; k < size; k++) {
      at += pixel;
      low = i16x8.add(low, v128.load(at));
      high = i16x8.add(high, v128.load(at, 16));
    }
    const first = i16x8.narrow_i32x4_s(
      mean(i32x4.extend_low_i16x8_u(low), share),
      mean(i32x4.extend_high_i16x8_u(low), share),
    );
    const second = i16x8.narrow_i32x4_s(
      mean(i32x4.extend_low_i16x8_u(high), share),
      mean(i32x4.extend_high_i16x8_u(high), share),
    );
    v128.store(out + i, i8x16.narrow_i16x8_u(first, second));
  }
}

function mean(sum: v128, share: v128): v128 {
  return rounded(f32x4.mul(f32x4.convert_i32x4_s(sum), share));
}

/** The sum of a window is the difference of two running sums. Up to 127 x 127, single precision rounds rightly. */
function meansOfMore(sums: usize, running: usize, out: usize, samples: i32, channels: i32, size: i32): void {
  const pixel = <usize>channels << 2;
  const end = running + (<usize>(samples + size * channels) << 2);
  if (channels > 1 && channels <= 4) runPixels(sums, running, end, channels);
  else for (let c = 0; c < channels; c++) {
    let sum = 0;
    let from = sums + (c << 1);
    store<i32>(running + (c << 2), 0);
    for (let to = running + pixel + (c << 2); to < end; to += pixel) {
      sum += load<u16>(from);
      store<i32>(to, sum);
      from += channels << 1;
    }
  }
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  const reach = <usize>size * pixel;
  for (let i: usize = 0; i < <usize>samples; i += 16) {
    const at = running + (i << 2);
    const first = i16x8.narrow_i32x4_s(between(at, reach, share), between(at + 16, reach, share));
    const second = i16x8.narrow_i32x4_s(between(at + 32, reach, share), between(at + 48, reach, share));
    v128.store(out + i, i8x16.narrow_i16x8_u(first, second));
  }
}

/** All channels of a pixel at once; what is written beyond it is overwritten by the next one. */
function runPixels(sums: usize, running: usize, end: usize, channels: i32): void {
  const pixel = <usize>channels << 2;
  let sum = i32x4.splat(0);
  v128.store(running, sum);
  for (let to = running + pixel; to < end; to += pixel) {
    sum = i32x4.add(sum, i32x4.extend_low_i16x8_u(v128.load64_zero(sums)));
    v128.store(to, sum);
    sums += pixel >> 1;
  }
}

function between(at: usize, reach: usize, share: v128): v128 {
  return mean(i32x4.sub(v128.load(at + reach), v128.load(at)), share);
}

/** One channel, for windows of up to 255 x 255. */
function meansOfMany(sums: usize, out: usize, width: i32, channels: i32, size: i32): void {
  const share = 1.0 / <f64>(size * size);
  const pixel = <usize>channels << 1;
  let sum = 0;
  let head = sums;
  for (let k = 0; k < size; k++) {
    sum += load<u16>(head);
    head += pixel;
  }
  let tail = sums;
  for (let x = 0; x < width; x++) {
    // An odd number of bytes has no mean half-way between two: adding a half and cutting is rounding.
    store<u8>(out, <u8>(<f64>sum * share + 0.5));
    sum += load<u16>(head) - load<u16>(tail);
    head += pixel;
    tail += pixel;
    out += channels;
  }
}
