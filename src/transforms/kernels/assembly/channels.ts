/**
 * Puts the bytes of each pixel anew.
 * @param count pixels; `inBytes` and `outBytes` of each, `perStep` pixels of either are at most 16 bytes.
 * @param pattern 16 bytes: for each byte of the pixels of a step where it comes from, 255 for none; 16 more are added (or'ed).
 * @param backwards 1: the pixels of a step are the last ones that are left, so that the picture is turned round.
 */
export function moveChannels(
  src: usize,
  dst: usize,
  count: i32,
  inBytes: i32,
  outBytes: i32,
  perStep: i32,
  pattern: usize,
  backwards: i32,
): void {
  const places = v128.load(pattern);
  const more = v128.load(pattern, 16);
  const step = inBytes * perStep;
  const out = <usize>(outBytes * perStep);
  let from = backwards != 0 ? src + <usize>(count * inBytes - step) : src;
  const forth = backwards != 0 ? -step : step;
  // What is written beyond a step is overwritten by the next one.
  let i = 0;
  for (const four = perStep << 2; i + four <= count; i += four) {
    v128.store(dst, v128.or(i8x16.swizzle(v128.load(from), places), more));
    v128.store(dst + out, v128.or(i8x16.swizzle(v128.load(from + forth), places), more));
    v128.store(dst + out * 2, v128.or(i8x16.swizzle(v128.load(from + forth * 2), places), more));
    v128.store(dst + out * 3, v128.or(i8x16.swizzle(v128.load(from + forth * 3), places), more));
    from += forth << 2;
    dst += out << 2;
  }
  for (; i < count; i += perStep) {
    v128.store(dst, v128.or(i8x16.swizzle(v128.load(from), places), more));
    from += forth;
    dst += out;
  }
}
