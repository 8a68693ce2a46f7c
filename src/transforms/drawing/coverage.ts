import type { Outline } from "./outline.js";

/** How much of each pixel is covered, 0 – 255, for a rectangle of pixels. */
export interface Mask {
  /** Where its first column lies. May be negative. */
  readonly left: number;
  /** Where its first row lies. May be negative. */
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Rows top to bottom. */
  readonly data: Uint8Array;
}

/** Pixels that may be touched. */
export interface Clip {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const nothing: Mask = { left: 0, top: 0, width: 0, height: 0, data: new Uint8Array(0) };

/**
 * The exact share of each pixel that an outline covers. Each edge adds, where it crosses a row, the area to its right; the
 * running sum along the row is the winding number times the area, and one or more of it is full. This is the accumulation
 * buffer of Raph Levien's font-rs and of stb_truetype 2. Where two contours overlap *within* a pixel that both cover in
 * part, their shares are added, as FreeType and AGG do, too.
 * @param clip nothing outside is computed. @default the bounds of the outline
 */
export function fillOutline(outline: Outline, clip?: Clip): Mask {
  const box = boundsOf(outline, clip);
  if (!box) return nothing;
  const { left, top, width, height } = box;
  const sums = new AreaSums(width, height);
  for (const points of outline) {
    const count = points.length;
    if (count < 4) continue;
    let [x0, y0] = [points[count - 2]! - left, points[count - 1]! - top];
    for (let i = 0; i < count; i += 2) {
      const [x1, y1] = [points[i]! - left, points[i + 1]! - top];
      sums.addEdge(x0, y0, x1, y1);
      x0 = x1;
      y0 = y1;
    }
  }
  return { left, top, width, height, data: sums.coverage() };
}

function boundsOf(outline: Outline, clip?: Clip): Clip | undefined {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const points of outline) {
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i]!, points[i + 1]!];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  left = Math.floor(left);
  top = Math.floor(top);
  right = Math.ceil(right);
  bottom = Math.ceil(bottom);
  if (clip) {
    left = Math.max(left, clip.left);
    top = Math.max(top, clip.top);
    right = Math.min(right, clip.left + clip.width);
    bottom = Math.min(bottom, clip.top + clip.height);
  }
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : undefined;
}

class AreaSums {
  readonly #width: number;
  readonly #height: number;
  readonly #stride: number;
  readonly #sums: Float32Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    // An edge on the right border adds to the column after it, and to none that is seen.
    this.#stride = width + 2;
    this.#sums = new Float32Array(this.#stride * height);
  }

  addEdge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 < y1) this.#clipRows(x0, y0, x1, y1, 1);
    else if (y0 > y1) this.#clipRows(x1, y1, x0, y0, -1);
  }

  #clipRows(x0: number, y0: number, x1: number, y1: number, way: number): void {
    if (y1 <= 0 || y0 >= this.#height) return;
    const slope = (x1 - x0) / (y1 - y0);
    const [startX, startY] = y0 < 0 ? [x0 - y0 * slope, 0] : [x0, y0];
    const [endX, endY] = y1 > this.#height ? [x0 + (this.#height - y0) * slope, this.#height] : [x1, y1];
    this.#clipColumns(startX, startY, endX, endY, way);
  }

  /** What lies left of the picture covers its rows in full; what lies right of it covers nothing. */
  #clipColumns(x0: number, y0: number, x1: number, y1: number, way: number): void {
    for (const border of [0, this.#width]) {
      if ((x0 < border && x1 > border) || (x0 > border && x1 < border)) {
        const y = y0 + ((border - x0) * (y1 - y0)) / (x1 - x0);
        this.#clipColumns(x0, y0, border, y, way);
        this.#clipColumns(border, y, x1, y1, way);
        return;
      }
    }
    if (Math.min(x0, x1) >= this.#width) return;
    if (Math.max(x0, x1) <= 0) this.#add(0, y0, 0, y1, way);
    else this.#add(x0, y0, x1, y1, way);
  }

  #add(x0: number, y0: number, x1: number, y1: number, way: number): void {
    const sums = this.#sums;
    const most = this.#width;
    const slope = y1 > y0 ? (x1 - x0) / (y1 - y0) : 0;
    let x = x0;
    for (let y = Math.floor(y0); y < y1; y++) {
      const height = Math.min(y + 1, y1) - Math.max(y, y0);
      const next = Math.min(most, Math.max(0, x + slope * height));
      const area = height * way;
      const [from, to] = x < next ? [x, next] : [next, x];
      const first = Math.floor(from);
      const end = Math.ceil(to);
      const at = y * this.#stride + first;
      if (end <= first + 1) {
        const middle = (from + to) / 2 - first;
        sums[at] = sums[at]! + area - area * middle;
        sums[at + 1] = sums[at + 1]! + area * middle;
      } else {
        // The edge crosses several columns: a triangle in the first and the last, strips of one height between.
        const per = 1 / (to - from);
        const before = 1 - (from - first);
        const after = to - end + 1;
        const head = 0.5 * per * before * before;
        const tail = 0.5 * per * after * after;
        const count = end - first;
        sums[at] = sums[at]! + area * head;
        if (count === 2) sums[at + 1] = sums[at + 1]! + area * (1 - head - tail);
        else {
          const second = per * (before + 0.5);
          sums[at + 1] = sums[at + 1]! + area * (second - head);
          for (let i = 2; i < count - 1; i++) sums[at + i] = sums[at + i]! + area * per;
          sums[at + count - 1] = sums[at + count - 1]! + area * (1 - second - (count - 3) * per - tail);
        }
        sums[at + count] = sums[at + count]! + area * tail;
      }
      x = next;
    }
  }

  coverage(): Uint8Array {
    const data = new Uint8Array(this.#width * this.#height);
    for (let y = 0, to = 0; y < this.#height; y++) {
      let sum = 0;
      for (let x = 0, at = y * this.#stride; x < this.#width; x++) {
        sum += this.#sums[at++]!;
        const share = sum < 0 ? -sum : sum;
        data[to++] = share >= 1 ? 255 : share * 255 + 0.5;
      }
    }
    return data;
  }
}
