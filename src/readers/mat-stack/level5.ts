import { type AnyTypedArray, arrayOver, type DType, dtypeBytes } from "../../core/image.js";
import type { ArraySamples } from "../../images/array-frames.js";
import { chooseArray } from "../../images/choose-array.js";
import { FilePieces } from "../../images/file-pieces.js";
import { readMat5, samplesOf } from "../../images/mat5.js";
import { hostIsLittle, swapBytes } from "../../images/sample-order.js";

/** A variable of a MAT-file of level 5. */
export function openLevel5(path: string, key: string | undefined): Promise<ArraySamples> {
  return FilePieces.with(path, async (file) => {
    const mat = await readMat5(file);
    const variable = chooseArray(mat.variables, {
      ...{ key, path, what: ["variable", "variables"], problem: mat.problem },
    });
    const { shape, name } = variable;
    const dtype = variable.dtype!;
    const { storage, read } = await samplesOf(file, mat, variable);
    const scale = dtypeBytes(storage) / dtypeBytes(dtype);
    return {
      ...{ shape, dtype, fortranOrder: true, littleEndian: undefined, key: name },
      read: async (start, length) =>
        inType(await read(start * scale, length * scale), storage, mat.littleEndian, dtype),
      close: () => file.close(),
    };
  });
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
