import { type AnyTypedArray, arrayOver, blankImage, type Image } from "../../core/image.js";
import { exchangeTriples } from "./pack-bytes.js";

/** How pixels move: rows become columns, or the picture is turned counter-clockwise by that many degrees. */
export type Turn = "transpose" | 90 | 180 | 270;

/** Squares of so many pixels are moved one after another, so that what is read and written stays in the cache. */
const block = 32;

/** The picture with all its pixels at other places. Any dtype whose samples are one element each. */
export function turned(image: Image, turn: Turn): Image {
  const { width, height } = image;
  if (turn === 180 && image.channels === 1) return { ...image, data: image.data.slice().reverse() };
  if (turn === 180 && image.channels === 3 && image.data instanceof Uint8Array) {
    // Backwards byte by byte, the colours of each pixel are backwards, too.
    return { ...image, data: exchangeTriples(image.data.slice().reverse()) };
  }
  const across = turn === 180 ? width : height;
  const out = blankImage({ ...image, width: across, height: turn === 180 ? height : width });
  // Pixel (x, y) goes to start + x * right + y * down, in pixels.
  const last = width * height - 1;
  const [start, right, down] =
    turn === "transpose"
      ? [0, across, 1]
      : turn === 90
        ? [(width - 1) * across, -across, 1]
        : turn === 180
          ? [last, -1, -width]
          : [across - 1, across, -1];
  const [from, to, elements] = asWholePixels(image, out);
  const move = elements === 1 ? moveSingles : elements === 3 ? moveTriples : moveMany;
  for (let top = 0; top < height; top += block) {
    const bottom = Math.min(height, top + block);
    for (let left = 0; left < width; left += block) {
      const stop = Math.min(width, left + block);
      for (let x = left; x < stop; x++) {
        move(from, to, top * width + x, width, start + x * right + top * down, down, bottom - top, elements);
      }
    }
  }
  return out;
}

/** Pixels of four bytes or samples that are one word are moved as one element. */
function asWholePixels(image: Image, out: Image): [AnyTypedArray, AnyTypedArray, elements: number] {
  const { data, channels } = image;
  if (channels * data.BYTES_PER_ELEMENT !== 4 || data.byteOffset % 4 !== 0) return [data, out.data, channels];
  const words = (array: AnyTypedArray): AnyTypedArray =>
    arrayOver("uint32", array.buffer, array.byteOffset, array.byteLength);
  return [words(data), words(out.data), 1];
}

/** Moves `count` pixels of one column; steps in pixels. */
type Move = (
  from: AnyTypedArray,
  to: AnyTypedArray,
  at: number,
  step: number,
  target: number,
  targetStep: number,
  count: number,
  elements: number,
) => void;

const moveSingles: Move = (from, to, at, step, target, targetStep, count) => {
  for (let i = 0, a = at, b = target; i < count; i++, a += step, b += targetStep) to[b] = from[a]!;
};

const moveTriples: Move = (from, to, at, step, target, targetStep, count) => {
  for (let i = 0, a = at * 3, b = target * 3; i < count; i++, a += step * 3, b += targetStep * 3) {
    to[b] = from[a]!;
    to[b + 1] = from[a + 1]!;
    to[b + 2] = from[a + 2]!;
  }
};

const moveMany: Move = (from, to, at, step, target, targetStep, count, elements) => {
  for (let i = 0; i < count; i++) {
    const a = (at + i * step) * elements;
    const b = (target + i * targetStep) * elements;
    for (let e = 0; e < elements; e++) to[b + e] = from[a + e]!;
  }
};
