import { readNpyHeader } from "./npy.js";

// NumPy pickles an array that has a None in it (`|O`). A pickle is a program, and running one that somebody else wrote
// means doing what he wants. But the values of such an array stand in it as a plain list, and that much can be read
// without running anything. Opcodes: https://github.com/python/cpython/blob/3.11/Lib/pickletools.py

/** NEWFALSE EMPTY_LIST: what ndarray's state has before its values ("not in Fortran order", then the list). */
const listStart = [0x89, 0x5d] as const;
const [binput, longBinput, memoize] = [0x71, 0x72, 0x94];
const [mark, append, appends, tuple] = [0x28, 0x61, 0x65, 0x74];
const [none, isTrue, isFalse] = [0x4e, 0x88, 0x89];
const [float, byte, twoBytes, fourBytes, long] = [0x47, 0x4b, 0x4d, 0x4a, 0x8a];

/**
 * The numbers of an `.npy` file of objects that are Python's own ints, floats and None, which is NaN here.
 * @returns undefined if there is anything else in it.
 */
export function decodePickledNumbers(file: Uint8Array, path: string): (number | bigint)[] | undefined {
  const { descr, shape, dataOffset } = readNpyHeader(file, path);
  if (descr !== "|O" || shape.length !== 1) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const values: (number | bigint)[] = [];
  let at =
    file.findIndex((value, i) => i >= dataOffset && value === listStart[0] && file[i + 1] === listStart[1]) +
    2;
  if (at === 1) return undefined;
  try {
    for (;;) {
      const opcode = view.getUint8(at++);
      if (opcode === tuple) return values.length === shape[0] ? values : undefined;
      if (opcode === binput) at += 1;
      else if (opcode === longBinput) at += 4;
      else if (opcode === none) values.push(Number.NaN);
      else if (opcode === isTrue || opcode === isFalse) values.push(opcode === isTrue ? 1 : 0);
      else if (opcode === float) {
        values.push(view.getFloat64(at));
        at += 8;
      } else if (opcode === byte) values.push(view.getUint8(at++));
      else if (opcode === twoBytes) {
        values.push(view.getUint16(at, true));
        at += 2;
      } else if (opcode === fourBytes) {
        values.push(view.getInt32(at, true));
        at += 4;
      } else if (opcode === long) {
        const size = view.getUint8(at++);
        values.push(readLong(file.subarray(at, at + size)));
        at += size;
      } else if (opcode !== mark && opcode !== append && opcode !== appends && opcode !== memoize) {
        return undefined;
      }
    }
  } catch {
    return undefined; // It ends before the list does.
  }
}

/** Two's complement, the lowest byte first. */
function readLong(bytes: Uint8Array): number | bigint {
  const unsigned = bytes.reduceRight((sum, value) => (sum << 8n) | BigInt(value), 0n);
  const value = BigInt.asIntN(bytes.length * 8, unsigned);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
