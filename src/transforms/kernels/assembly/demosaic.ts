/**
 * BGR of rows of a Bayer mosaic, bilinear: what is missing is the mean of two or four neighbours, halves up.
 * @param src the first row that comes out; there is one above it, and one below the last.
 * @param column parity of the columns where the first row's own colour stands, red or blue; in the next row it is the other.
 * @param isRed 1: the first row's own colour is red.
 */
export function demosaicBytes(src: usize, dst: usize, width: i32, rows: i32, column: i32, isRed: i32): void {
  const line = <usize>width;
  for (let y = 0; y < rows; y++) {
    const own = i16x8.splat(column == 0 ? 0x00ff : <i16>0xff00);
    if (isRed != 0) demosaicRow(src, dst, line, own, true);
    else demosaicRow(src, dst, line, own, false);
    // The outermost pixels are those beside them.
    const last = dst + line * 3 - 3;
    store<u16>(dst, load<u16>(dst, 3));
    store<u8>(dst, load<u8>(dst, 5), 2);
    store<u16>(last, load<u16>(last - 3));
    store<u8>(last, load<u8>(last - 1), 2);
    src += line;
    dst += line * 3;
    column ^= 1;
    isRed ^= 1;
  }
}

/** @param own where the row's own colour stands: all bits of those bytes. */
// @ts-ignore: decorator
@inline
function demosaicRow(src: usize, dst: usize, width: usize, own: v128, isRed: bool): void {
  const end = src + width;
  for (; src < end; src += 16) {
    const up = src - width;
    const down = src + width;
    const here = v128.load(src);
    const left = v128.load(src - 1);
    const right = v128.load(src + 1);
    const beside = twoOf(left, right);
    const above = v128.load(up);
    const below = v128.load(down);
    const a = v128.load(up - 1);
    const b = v128.load(up + 1);
    const c = v128.load(down - 1);
    const d = v128.load(down + 1);
    const upright = twoOf(above, below);
    const cross = fourOf(left, right, beside, above, below, upright);
    const slanting = fourOf(a, b, twoOf(a, b), c, d, twoOf(c, d));
    const first = v128.bitselect(here, beside, own);
    const green = v128.bitselect(cross, here, own);
    const other = v128.bitselect(slanting, upright, own);
    if (isRed) storePixels(dst, other, green, first);
    else storePixels(dst, first, green, other);
    dst += 48;
  }
}

// @ts-ignore: decorator
@inline
function twoOf(a: v128, b: v128): v128 {
  return i8x16.avgr_u(a, b);
}

/** The mean of a, b, c, d, where that of either two is known: their own mean, less what was rounded up twice. */
// @ts-ignore: decorator
@inline
function fourOf(a: v128, b: v128, ab: v128, c: v128, d: v128, cd: v128): v128 {
  const odd = v128.or(v128.xor(a, b), v128.xor(c, d));
  const over = v128.and(v128.and(odd, v128.xor(ab, cd)), i8x16.splat(1));
  return i8x16.sub(i8x16.avgr_u(ab, cd), over);
}

/** 16 pixels of their three planes. */
// @ts-ignore: decorator
@inline
function storePixels(dst: usize, b: v128, g: v128, r: v128): void {
  // Of patterns that a processor has an instruction for, and constants: others are slow.
  const low = i8x16.shuffle(b, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const high = i8x16.shuffle(b, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const pairs0 = i8x16.swizzle(low, i8x16(0, 1, -1, 2, 3, -1, 4, 5, -1, 6, 7, -1, 8, 9, -1, 10));
  const reds0 = i8x16.swizzle(r, i8x16(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1));
  v128.store(dst, v128.or(pairs0, reds0));
  const pairs1 = v128.or(
    i8x16.swizzle(low, i8x16(11, -1, 12, 13, -1, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1)),
    i8x16.swizzle(high, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, -1, 2, 3, -1, 4, 5)),
  );
  const reds1 = i8x16.swizzle(r, i8x16(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1));
  v128.store(dst, v128.or(pairs1, reds1), 16);
  const pairs2 = i8x16.swizzle(high, i8x16(-1, 6, 7, -1, 8, 9, -1, 10, 11, -1, 12, 13, -1, 14, 15, -1));
  const reds2 = i8x16.swizzle(r, i8x16(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15));
  v128.store(dst, v128.or(pairs2, reds2), 32);
}
