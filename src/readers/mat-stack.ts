import { FileFormatError } from "../core/errors.js";
import { type AnyTypedArray, arrayOver, type DType, dtypeBytes } from "../core/image.js";
import type { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import type { ArrayAxes } from "../images/array-axes.js";
import { type ArraySamples, arrayFrames } from "../images/array-frames.js";
import { FilePieces } from "../images/file-pieces.js";
import { isMat5, type MatFile, type MatVariable, readMat5, samplesOf } from "../images/mat5.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";

/**
 * Stacks of pictures in MATLAB's `.mat` files of level 5 (`save` with -v6 or -v7). `key` names the variable; without it,
 * the only one of 3 or 4 dimensions is taken, or else the only matrix. Variables that `save` has packed are held in
 * memory, up to 2 GiB; those of -v6 are read piece by piece.
 *
 * Axes are MATLAB's: rows, columns, frames ("hwt"), or rows, columns, colours, frames ("hwct", colours as RGB); see
 * `matAxes` for what else is guessed, and `axes` to say it.
 */
export const matStack: SourceReader = {
  name: "mat",
  kind: "array",
  matches: isMat5,
  open: (path, options) => FilePieces.with(path, (file) => openMat(file, options)),
};

async function openMat(file: FilePieces, options: SourceReaderOptions): Promise<RankedSource> {
  const mat = await readMat5(file);
  const variable = choose(mat, options.key, file.path);
  const { shape, dtype, name } = variable;
  const { storage, read } = await samplesOf(file, mat, variable);
  const samples: ArraySamples = {
    ...{ shape, dtype: dtype!, fortranOrder: true, littleEndian: undefined, key: name },
    read: async (start, length) => {
      const scale = dtypeBytes(storage) / dtypeBytes(dtype!);
      const bytes = await read(start * scale, length * scale);
      return inType(bytes, storage, mat.littleEndian, dtype!);
    },
    close: () => file.close(),
  };
  const { fps } = options;
  return arrayFrames(file.path, samples, {
    ...{ axes: options.axes ?? matAxes(shape), color: "rgb" },
    ...(fps !== undefined && { fps }),
  });
}

/** @throws {FileFormatError} if there is no such variable, or none or several that could be pictures. */
function choose({ variables, problem }: MatFile, key: string | undefined, path: string): MatVariable {
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

/** Samples of one type as those of another, in the machine's byte order. */
function inType(bytes: Uint8Array, from: DType, littleEndian: boolean, to: DType): Uint8Array {
  const isSwapped = littleEndian !== hostIsLittle;
  if ((from === to || (from === "uint8" && to === "bool")) && !(isSwapped && dtypeBytes(from) > 1))
    return bytes;
  // A Buffer's own slice() would share its memory.
  const own = new Uint8Array(bytes);
  if (isSwapped) swapBytes(own, dtypeBytes(from));
  if (from === to) return own;
  const source = arrayOver(from, own.buffer, 0, own.length) as Uint8Array;
  const size = source.length * dtypeBytes(to);
  const target = arrayOver(to, new ArrayBuffer(size), 0, size);
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    for (let i = 0; i < source.length; i++) target[i] = BigInt(source[i]!);
  } else {
    (target as Exclude<AnyTypedArray, BigInt64Array | BigUint64Array>).set(source);
  }
  return new Uint8Array(target.buffer);
}
