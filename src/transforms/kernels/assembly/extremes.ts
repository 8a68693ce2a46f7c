// The least and the largest samples: `lanes` is eight shorts or four floats of the least that there were, and as many of the
// largest, which are gone on with.

export function extremesOfShorts(src: usize, count: i32, lanes: usize): void {
  let least = v128.load(lanes);
  let most = v128.load(lanes, 16);
  const whole = <usize>(count & ~7);
  for (let i: usize = 0; i < whole; i += 8) {
    const shorts = v128.load(src + (i << 1));
    least = i16x8.min_u(least, shorts);
    most = i16x8.max_u(most, shorts);
  }
  for (let i = whole; i < <usize>count; i++) {
    const short = v128.load16_splat(src + (i << 1));
    least = i16x8.min_u(least, short);
    most = i16x8.max_u(most, short);
  }
  v128.store(lanes, least);
  v128.store(lanes, most, 16);
}

/** Of those that are finite. */
export function extremesOfFloats(src: usize, count: i32, lanes: usize): void {
  let least = v128.load(lanes);
  let most = v128.load(lanes, 16);
  const highest = f32x4.splat(f32.MAX_VALUE);
  const lowest = f32x4.splat(-f32.MAX_VALUE);
  const end = src + <usize>(count << 2);
  while (src < end) {
    if (src + 64 <= end) {
      const a = v128.load(src);
      const b = v128.load(src, 16);
      const c = v128.load(src, 32);
      const d = v128.load(src, 48);
      // Of 16 that are all finite, as they mostly are.
      const two = v128.and(areFinite(a, highest), areFinite(b, highest));
      if (i32x4.all_true(v128.and(two, v128.and(areFinite(c, highest), areFinite(d, highest))))) {
        least = f32x4.pmin(least, f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d)));
        most = f32x4.pmax(most, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
        src += 64;
        continue;
      }
    }
    const float = v128.load32_splat(src);
    const finite = areFinite(float, highest);
    least = f32x4.pmin(least, v128.bitselect(float, highest, finite));
    most = f32x4.pmax(most, v128.bitselect(float, lowest, finite));
    src += 4;
  }
  v128.store(lanes, least);
  v128.store(lanes, most, 16);
}

// @ts-ignore: decorator
@inline
function areFinite(floats: v128, highest: v128): v128 {
  return f32x4.le(f32x4.abs(floats), highest);
}
