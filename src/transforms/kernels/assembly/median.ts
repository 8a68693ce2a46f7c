// The median of 3 x 3 and 5 x 5 pixels by networks that compare 16 bytes (or 8 shorts) at once. Columns are sorted first,
// once for all the windows that they are in. Edges are repeated (BORDER_REPLICATE), as OpenCV's `medianBlur` does.

export function medianBytes3(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  median3<u8>(src, dst, width, height, channels, rows);
}

export function medianShorts3(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  median3<u16>(src, dst, width, height, channels, rows);
}

export function medianBytes5(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  median5<u8>(src, dst, width, height, channels, rows);
}

export function medianShorts5(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  median5<u16>(src, dst, width, height, channels, rows);
}

function smaller<T>(a: v128, b: v128): v128 {
  return v128.min<T>(a, b);
}

function larger<T>(a: v128, b: v128): v128 {
  return v128.max<T>(a, b);
}

function middleOf3<T>(a: v128, b: v128, c: v128): v128 {
  return larger<T>(smaller<T>(a, b), smaller<T>(larger<T>(a, b), c));
}

function middleOf5<T>(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  const low = larger<T>(smaller<T>(a, b), smaller<T>(c, d));
  const high = smaller<T>(larger<T>(a, b), larger<T>(c, d));
  return middleOf3<T>(low, high, e);
}

/** Repeats the first and last pixel of a row `radius` times on either side. */
function repeatEdges<T>(row: usize, width: i32, channels: i32, radius: i32): void {
  const pixel = <usize>channels * sizeof<T>();
  const last = row + <usize>(width - 1) * pixel;
  for (let beyond = pixel, end = <usize>radius * pixel; beyond <= end; beyond += pixel) {
    for (let c: usize = 0; c < pixel; c += sizeof<T>()) {
      store<T>(row - beyond + c, load<T>(row + c));
      store<T>(last + beyond + c, load<T>(last + c));
    }
  }
}

/** @param rows three rows of ((width + 2) * channels) samples and 64 bytes each. */
function median3<T>(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  const pixel = <usize>channels * sizeof<T>();
  const bytes = <usize>width * pixel;
  const low = rows + pixel;
  const middle = low + bytes + 2 * pixel + 64;
  const high = middle + bytes + 2 * pixel + 64;
  for (let y = 0; y < height; y++) {
    const above = src + <usize>max(y - 1, 0) * bytes;
    const here = src + <usize>y * bytes;
    const below = src + <usize>min(y + 1, height - 1) * bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      let a = v128.load(above + i);
      let b = v128.load(here + i);
      const c = v128.load(below + i);
      const t = smaller<T>(a, b);
      b = larger<T>(a, b);
      a = smaller<T>(b, c);
      v128.store(high + i, larger<T>(b, c));
      v128.store(low + i, smaller<T>(t, a));
      v128.store(middle + i, larger<T>(t, a));
    }
    repeatEdges<T>(low, width, channels, 1);
    repeatEdges<T>(middle, width, channels, 1);
    repeatEdges<T>(high, width, channels, 1);
    const out = dst + <usize>y * bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      const l = low + i;
      const m = middle + i;
      const h = high + i;
      const lows = larger<T>(larger<T>(v128.load(l - pixel), v128.load(l)), v128.load(l + pixel));
      const middles = middleOf3<T>(v128.load(m - pixel), v128.load(m), v128.load(m + pixel));
      const highs = smaller<T>(smaller<T>(v128.load(h - pixel), v128.load(h)), v128.load(h + pixel));
      v128.store(out + i, middleOf3<T>(lows, middles, highs));
    }
  }
}

/**
 * Once columns and then rows are sorted, 13 of the 25 can be the median. They lie on three diagonals, and it is the middle
 * one of the largest of the first, the median of the second and the smallest of the third (tried for all inputs of 0 and 1,
 * which is a proof for networks of comparisons).
 * @param rows five rows of ((width + 4) * channels) samples and 64 bytes each.
 */
function median5<T>(src: usize, dst: usize, width: i32, height: i32, channels: i32, rows: usize): void {
  const pixel = <usize>channels * sizeof<T>();
  const bytes = <usize>width * pixel;
  const step = bytes + 4 * pixel + 64;
  const row0 = rows + 2 * pixel;
  for (let y = 0; y < height; y++) {
    const at0 = src + <usize>max(y - 2, 0) * bytes;
    const at1 = src + <usize>max(y - 1, 0) * bytes;
    const at2 = src + <usize>y * bytes;
    const at3 = src + <usize>min(y + 1, height - 1) * bytes;
    const at4 = src + <usize>min(y + 2, height - 1) * bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      sort5<T>(
        v128.load(at0 + i),
        v128.load(at1 + i),
        v128.load(at2 + i),
        v128.load(at3 + i),
        v128.load(at4 + i),
        row0 + i,
        step,
      );
    }
    for (let k: usize = 0; k < 5; k++) repeatEdges<T>(row0 + k * step, width, channels, 2);
    const out = dst + <usize>y * bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(out + i, middleOf25<T>(row0 + i, step, pixel));
    }
  }
}

// @ts-ignore: decorator
@inline
function sort5<T>(a: v128, b: v128, c: v128, d: v128, e: v128, to: usize, step: usize): void {
  let t = smaller<T>(a, d);
  d = larger<T>(a, d);
  a = t;
  t = smaller<T>(b, e);
  e = larger<T>(b, e);
  b = t;
  t = smaller<T>(a, c);
  c = larger<T>(a, c);
  a = t;
  t = smaller<T>(b, d);
  d = larger<T>(b, d);
  b = t;
  v128.store(to, smaller<T>(a, b));
  b = larger<T>(a, b);
  t = smaller<T>(c, e);
  e = larger<T>(c, e);
  c = t;
  t = smaller<T>(b, c);
  c = larger<T>(b, c);
  v128.store(to + step, t);
  t = smaller<T>(d, e);
  v128.store(to + step * 4, larger<T>(d, e));
  v128.store(to + step * 2, smaller<T>(c, t));
  v128.store(to + step * 3, larger<T>(c, t));
}

// @ts-ignore: decorator
@inline
function middleOf25<T>(row0: usize, step: usize, pixel: usize): v128 {
  // Row 0: its two largest.
  let a = v128.load(row0 - 2 * pixel);
  let b = v128.load(row0 - pixel);
  let c = v128.load(row0);
  let d = v128.load(row0 + pixel);
  let e = v128.load(row0 + 2 * pixel);
  let t = larger<T>(a, b);
  let u = larger<T>(c, d);
  let second = larger<T>(smaller<T>(t, u), larger<T>(smaller<T>(a, b), smaller<T>(c, d)));
  let first = larger<T>(t, u);
  second = larger<T>(second, smaller<T>(first, e));
  first = larger<T>(first, e);
  let largest = second;
  const middle0 = first;
  // Row 1: its three largest. The smallest of four, and then of the four that remain, cannot be among them.
  let row = row0 + step;
  a = v128.load(row - 2 * pixel);
  b = v128.load(row - pixel);
  c = v128.load(row);
  d = v128.load(row + pixel);
  e = v128.load(row + 2 * pixel);
  t = smaller<T>(a, b);
  b = larger<T>(a, b);
  u = smaller<T>(c, d);
  d = larger<T>(c, d);
  c = larger<T>(t, u); // b, c, d remain of four
  t = smaller<T>(b, d);
  d = larger<T>(b, d);
  b = t;
  t = smaller<T>(b, c);
  c = larger<T>(b, c);
  t = larger<T>(t, e); // the smaller of b and e goes
  u = smaller<T>(c, d);
  d = larger<T>(c, d);
  e = smaller<T>(t, u);
  u = larger<T>(t, u);
  largest = larger<T>(largest, e);
  const middle1 = smaller<T>(u, d);
  let smallest = larger<T>(u, d);
  // Row 2: the three in its middle.
  row += step;
  a = v128.load(row - 2 * pixel);
  b = v128.load(row - pixel);
  c = v128.load(row);
  d = v128.load(row + pixel);
  e = v128.load(row + 2 * pixel);
  t = smaller<T>(a, b);
  b = larger<T>(a, b);
  u = smaller<T>(c, d);
  d = larger<T>(c, d);
  a = larger<T>(t, u); // the smallest of four goes to the left,
  t = smaller<T>(t, u);
  u = larger<T>(b, d);
  b = smaller<T>(b, d); // the largest to the right;
  t = larger<T>(t, e);
  e = smaller<T>(t, u); // of each and the fifth one is in the middle
  t = smaller<T>(a, b);
  b = larger<T>(a, b);
  largest = larger<T>(largest, smaller<T>(t, e));
  smallest = smaller<T>(smallest, larger<T>(b, e));
  const middle2 = larger<T>(t, smaller<T>(b, e));
  // Row 3: its three smallest, as row 1 turned over.
  row += step;
  a = v128.load(row - 2 * pixel);
  b = v128.load(row - pixel);
  c = v128.load(row);
  d = v128.load(row + pixel);
  e = v128.load(row + 2 * pixel);
  t = larger<T>(a, b);
  b = smaller<T>(a, b);
  u = larger<T>(c, d);
  d = smaller<T>(c, d);
  c = smaller<T>(t, u);
  t = larger<T>(b, d);
  d = smaller<T>(b, d);
  b = t;
  t = larger<T>(b, c);
  c = smaller<T>(b, c);
  t = smaller<T>(t, e);
  u = larger<T>(c, d);
  d = smaller<T>(c, d);
  e = larger<T>(t, u);
  u = smaller<T>(t, u);
  smallest = smaller<T>(smallest, e);
  const middle3 = larger<T>(u, d);
  largest = larger<T>(largest, smaller<T>(u, d));
  // Row 4: its two smallest.
  row += step;
  a = v128.load(row - 2 * pixel);
  b = v128.load(row - pixel);
  c = v128.load(row);
  d = v128.load(row + pixel);
  e = v128.load(row + 2 * pixel);
  t = smaller<T>(a, b);
  u = smaller<T>(c, d);
  second = smaller<T>(larger<T>(t, u), smaller<T>(larger<T>(a, b), larger<T>(c, d)));
  first = smaller<T>(t, u);
  second = smaller<T>(second, larger<T>(first, e));
  first = smaller<T>(first, e);
  smallest = smaller<T>(smallest, second);
  const middles = middleOf5<T>(middle0, middle1, middle2, middle3, first);
  return middleOf3<T>(largest, middles, smallest);
}
