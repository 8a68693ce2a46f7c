import { type AnyTypedArray, arrayOver, blankImage, type Image } from "../../core/image.js";
import { reverseWithVectors } from "./move-channels.js";
import { layOut, workbench } from "./wasm.js";

/** How pixels move: rows become columns, or the picture is turned counter-clockwise by that many degrees. */
export type Turn = "transpose" | 90 | 180 | 270;

/** Squares of so many pixels are moved one after another, so that what is read and written stays in the cache. */
const block = 32;

/** The picture with all its pixels at other places. Any dtype whose samples are one element each. */
export function turned(image: Image, turn: Turn): Image {
  return withVectors(image, turn) ?? turnedPlain(image, turn);
}

function withVectors(image: Image, turn: Turn): Image | undefined {
  const { width, height, data } = image;
  const pixel = data.byteLength / (width * height);
  if (turn === 180) {
    const reverse = reverseWithVectors(pixel);
    return reverse && imageOf(image, width, height, reverse(data));
  }
  if (![1, 2, 3, 4].includes(pixel)) return undefined;
  const bytes = data.byteLength;
  const layout = layOut({ src: bytes, dst: bytes, scratch: 512 });
  const bench = workbench(layout);
  if (!bench) return undefined;
  bench.put(layout.src, new Uint8Array(data.buffer, data.byteOffset, bytes));
  const [start, right, down] = stepsOf(turn, width, height);
  bench.kernels.turnPixels(layout.src, layout.dst, width, height, pixel, start, right, down, layout.scratch);
  return imageOf(image, height, width, bench.take(layout.dst, bytes));
}

function imageOf(image: Image, width: number, height: number, bytes: Uint8Array): Image {
  return { ...image, width, height, data: arrayOver(image.dtype, bytes.buffer, 0, bytes.length) };
}

/** Pixel (x, y) goes to start + x * right + y * down, in pixels. */
function stepsOf(
  turn: Turn,
  width: number,
  height: number,
): readonly [start: number, right: number, down: number] {
  if (turn === "transpose") return [0, height, 1];
  if (turn === 90) return [(width - 1) * height, -height, 1];
  return turn === 180 ? [width * height - 1, -1, -width] : [height - 1, height, -1];
}

/** The same without vectors: what the kernels must give. */
export function turnedPlain(image: Image, turn: Turn): Image {
  const { width, height } = image;
  const across = turn === 180 ? width : height;
  const out = blankImage({ ...image, width: across, height: turn === 180 ? height : width });
  const [start, right, down] = stepsOf(turn, width, height);
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
