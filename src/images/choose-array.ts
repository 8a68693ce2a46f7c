import { FileFormatError } from "../core/errors.js";
import type { DType } from "../core/image.js";

/** An array in a file that may hold several. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Undefined if it holds no real numbers, or cannot be read here. */
  readonly dtype: DType | undefined;
  /** Why it cannot be read, where that is worth a word. */
  readonly problem?: string | undefined;
}

export interface ArrayChoice {
  /** The name that was asked for. */
  readonly key: string | undefined;
  readonly path: string;
  /** What the format calls its arrays, one and several. */
  readonly what: readonly [one: string, several: string];
  /** What is wrong with the file as a whole: an array may be missing because of that. */
  readonly problem?: string | undefined;
}

/**
 * The array that is meant: the one with that name, or else the only one of 3 or more axes, or else the only one of 2.
 * @throws {FileFormatError} if there is no such array, or none or several that could be pictures.
 */
export function chooseArray<A extends NamedArray>(
  arrays: readonly A[],
  { key, path, what: [one, several], problem }: ArrayChoice,
  mostAxes = 4,
): A {
  const numbers = arrays.filter(({ dtype, shape }) => dtype !== undefined && shape.length <= mostAxes);
  const stacks = numbers.filter(({ shape }) => shape.length > 2);
  const pictures =
    stacks.length > 0
      ? stacks
      : numbers.filter(({ shape }) => shape.length === 2 && shape.every((axis) => axis > 1));
  const found = key === undefined ? pictures : numbers.filter(({ name }) => name === key);
  if (found.length === 1) return found[0]!;
  const listed = key === undefined && found.length > 1 ? found : arrays;
  const names = listed.map((array) => (array.problem ? `${array.name}: ${array.problem}` : array.name));
  const what =
    key !== undefined
      ? `no ${one} ${key} that could be pictures`
      : found.length > 1
        ? `${found.length} ${several} that could be pictures; choose one by its key`
        : `no ${one} that could be pictures`;
  const shown = [...names.slice(0, mostNames), ...(names.length > mostNames ? ["…"] : [])];
  throw new FileFormatError(
    path,
    `holds ${what} (there are ${shown.join(", ") || "none"})${problem ? `; ${problem}` : ""}`,
  );
}

/** Names in an error. */
const mostNames = 20;
