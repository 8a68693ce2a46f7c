import { UnsupportedError } from "../core/errors.js";

/** What each axis of an array means, from the slowest to the fastest: t time, h rows, w columns, c channels. */
export type ArrayAxes = string;

/** Lengths of the four axes, 1 where the array has none; and how many samples lie from one step to the next. */
export interface ArrayLayout {
  readonly axes: ArrayAxes;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The axes as the file runs through them, from the slowest to the fastest. */
  readonly fileAxes: readonly { readonly axis: "t" | "h" | "w" | "c"; readonly length: number }[];
}

/**
 * The meaning of an array's axes, as far as its shape tells:
 * - 2 axes: one picture, `hw`.
 * - 3 axes: `hwc` (one picture) if the last is 1, 3 or 4 long. Otherwise `thw`, unless the pictures of `hwt` would be
 *   far nearer to square (twice): (7, 480, 640) is `thw`, and (480, 640, 7) is `hwt`.
 * - 4 axes: `thwc`; `tchw` or `hwct` if only that axis is 1, 3 or 4 long.
 *
 * @param path named in errors only.
 * @throws {UnsupportedError} for fewer or more axes.
 */
export function guessAxes(shape: readonly number[], path: string): ArrayAxes {
  const isChannels = (length: number): boolean => length === 1 || length === 3 || length === 4;
  const [a, b, c, d] = shape as [number, number, number, number];
  if (shape.length === 2) return "hw";
  if (shape.length === 3) {
    if (isChannels(c)) return "hwc";
    return elongation(a, b) * 2 <= elongation(b, c) ? "hwt" : "thw";
  }
  if (shape.length === 4) {
    if (isChannels(d)) return "thwc";
    if (isChannels(b)) return "tchw";
    return isChannels(c) ? "hwct" : "thwc";
  }
  const python = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  throw new UnsupportedError("array shape", `${python} in ${path}`, ["2, 3 or 4 axes"]);
}

function elongation(height: number, width: number): number {
  return Math.max(height, width) / Math.min(height, width);
}

/**
 * Brings shape, axes and order together.
 * @throws {TypeError} if `axes` is not made of h, w and maybe t and c, one letter for each axis of the array.
 */
export function layoutOf(shape: readonly number[], fortranOrder: boolean, axes: ArrayAxes): ArrayLayout {
  const letters = [...axes];
  const known = letters.every((axis) => "thwc".includes(axis)) && new Set(letters).size === letters.length;
  if (!known || !axes.includes("h") || !axes.includes("w")) {
    throw new TypeError(`axes are h, w and maybe t and c, such as "thw"; got "${axes}"`);
  }
  if (letters.length !== shape.length) {
    throw new TypeError(`axes "${axes}" for an array of shape (${shape.join(", ")})`);
  }
  const length = (axis: string): number => (axes.includes(axis) ? shape[axes.indexOf(axis)]! : 1);
  const fileAxes = letters.map((axis, i) => ({ axis: axis as "t" | "h" | "w" | "c", length: shape[i]! }));
  return {
    axes,
    ...{ frames: length("t"), height: length("h"), width: length("w"), channels: length("c") },
    fileAxes: fortranOrder ? fileAxes.reverse() : fileAxes,
  };
}
