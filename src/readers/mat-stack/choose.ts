import { FileFormatError } from "../../core/errors.js";
import type { DType } from "../../core/image.js";
import type { ArrayAxes } from "../../images/array-axes.js";

/** A variable, with its shape as MATLAB has it. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Undefined if it holds no real numbers. */
  readonly dtype: DType | undefined;
}

/**
 * The variable that is meant.
 * @throws {FileFormatError} if there is no such variable, or none or several that could be pictures.
 */
export function chooseVariable<V extends NamedArray>(
  variables: readonly V[],
  key: string | undefined,
  path: string,
  problem?: string,
): V {
  const numbers = variables.filter(({ dtype, shape }) => dtype !== undefined && shape.length <= 4);
  const stacks = numbers.filter(({ shape }) => shape.length > 2);
  const pictures =
    stacks.length > 0 ? stacks : numbers.filter(({ shape }) => shape.every((axis) => axis > 1));
  const found = key === undefined ? pictures : numbers.filter(({ name }) => name === key);
  if (found.length === 1) return found[0]!;
  const names = (key === undefined && found.length > 1 ? found : variables)
    .map(({ name }) => name)
    .join(", ");
  const what =
    key !== undefined
      ? `no variable ${key} that could be pictures`
      : found.length > 1
        ? `${found.length} variables that could be pictures; choose one by its key`
        : "no variable that could be pictures";
  throw new FileFormatError(
    path,
    `holds ${what} (there are ${names || "none"})${problem ? `; ${problem}` : ""}`,
  );
}

/**
 * The meaning of a MATLAB array's axes, as far as its shape tells:
 * - 3 axes: `hwc` (one picture) if the last is 3 long; `thw` if its pictures would be far nearer to square (twice) than
 *   those of `hwt`; otherwise `hwt`, as MATLAB's own functions have it.
 * - 4 axes: `thwc` if the last is 3 long and the third is not 1, 3 or 4; otherwise `hwct`.
 */
export function matAxes(shape: readonly number[]): ArrayAxes {
  const [a, b, c, d] = shape as [number, number, number, number];
  if (shape.length === 2) return "hw";
  if (shape.length === 4) return d === 3 && ![1, 3, 4].includes(c) ? "thwc" : "hwct";
  if (c === 3) return "hwc";
  return elongation(b, c) * 2 <= elongation(a, b) ? "thw" : "hwt";
}

function elongation(height: number, width: number): number {
  return Math.max(height, width) / Math.min(height, width);
}
