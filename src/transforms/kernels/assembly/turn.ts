/**
 * Rows become columns: pixel (x, y) goes to `start + x * right + y * down`, in pixels of `pixel` (1 to 4) bytes.
 * @param down 1 or -1.
 * @param scratch 512 bytes.
 */
export function turnPixels(
  src: usize,
  dst: usize,
  width: i32,
  height: i32,
  pixel: i32,
  start: i32,
  right: i32,
  down: i32,
  scratch: usize,
): void {
  for (let top = 0; top < height; top += 16) {
    const rows = min(height - top, 16);
    for (let left = 0; left < width; left += 16) {
      const columns = min(width - left, 16);
      const from = src + <usize>((top * width + left) * pixel);
      // The place of the pixel that comes first in the row that comes out.
      const first = start + left * right + (down > 0 ? top : top + rows - 1) * down;
      const to = dst + <usize>(first * pixel);
      const line = width * pixel;
      const at = down > 0 ? from : from + <usize>((rows - 1) * line);
      const step = down > 0 ? line : -line;
      if (pixel == 1 && rows == 16 && columns == 16) turnBlock(at, step, to, right, scratch);
      else if (pixel == 3) turnTriples(at, step, to, right * 3, rows, columns);
      else if (pixel == 1) turnOthers<u8>(at, step, to, right, rows, columns);
      else if (pixel == 2) turnOthers<u16>(at, step, to, right << 1, rows, columns);
      else turnOthers<u32>(at, step, to, right << 2, rows, columns);
    }
  }
}

/** 16 x 16 bytes: four times the rows of both halves are interlaced. */
function turnBlock(at: usize, step: i32, to: usize, right: i32, scratch: usize): void {
  for (let k: usize = 0; k < 128; k += 16) {
    const a = v128.load(at);
    const b = v128.load(at + (step << 3));
    v128.store(scratch + (k << 1), low(a, b));
    v128.store(scratch + (k << 1), high(a, b), 16);
    at += step;
  }
  interlace(scratch, scratch + 256);
  interlace(scratch + 256, scratch);
  for (let k: usize = 0; k < 128; k += 16) {
    const a = v128.load(scratch + k);
    const b = v128.load(scratch + k, 128);
    v128.store(to, low(a, b));
    v128.store(to + right, high(a, b));
    to += right << 1;
  }
}

function interlace(from: usize, to: usize): void {
  for (let k: usize = 0; k < 128; k += 16) {
    const a = v128.load(from + k);
    const b = v128.load(from + k, 128);
    v128.store(to + (k << 1), low(a, b));
    v128.store(to + (k << 1), high(a, b), 16);
  }
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

function turnTriples(at: usize, step: i32, to: usize, right: i32, rows: i32, columns: i32): void {
  for (let x = 0; x < columns; x++) {
    let from = at;
    let out = to;
    // The fourth byte is overwritten by the next pixel; the last one has no next.
    for (let y = 1; y < rows; y++) {
      store<u32>(out, load<u32>(from));
      from += step;
      out += 3;
    }
    store<u16>(out, load<u16>(from));
    store<u8>(out, load<u8>(from, 2), 2);
    at += 3;
    to += right;
  }
}

function turnOthers<T>(at: usize, step: i32, to: usize, right: i32, rows: i32, columns: i32): void {
  for (let x = 0; x < columns; x++) {
    let from = at;
    let out = to;
    for (let y = 0; y < rows; y++) {
      store<T>(out, load<T>(from));
      from += step;
      out += sizeof<T>();
    }
    at += sizeof<T>();
    to += right;
  }
}
