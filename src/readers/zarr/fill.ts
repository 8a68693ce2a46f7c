import { FileFormatError } from "../../core/errors.js";
import { arrayOver, type DType, dtypeBytes } from "../../core/image.js";
import { toHalf } from "./half.js";

/**
 * A sample of a fill value as metadata spell it: a number, true, "NaN", "-Infinity", the bits as "0x7fc00000", null for 0.
 * @returns undefined for zero.
 * @throws {FileFormatError} if it is none of these.
 */
export function fillSample(value: unknown, dtype: DType, path: string): Uint8Array | undefined {
  if (value === null || value === undefined || value === 0 || value === false) return undefined;
  const parts = dtype.startsWith("complex") && Array.isArray(value) ? value : [value];
  const numbers = parts.map((part) => (typeof part === "boolean" ? Number(part) : bitsOrNumber(part)));
  if (numbers.some((number) => number === undefined)) {
    throw new FileFormatError(
      path,
      `a fill value that makes no sense: ${JSON.stringify(value)?.slice(0, 80)}`,
    );
  }
  const bytes = new Uint8Array(dtypeBytes(dtype));
  const view = arrayOver(dtype, bytes.buffer, 0, bytes.length);
  for (const [i, number] of numbers.entries()) {
    if (i < view.length) setSample(view, i, number!, dtype, bytes);
  }
  return bytes.some((byte) => byte !== 0) ? bytes : undefined;
}

function bitsOrNumber(value: unknown): number | { readonly bits: bigint } | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return { bits: BigInt(value) };
  return ["NaN", "Infinity", "-Infinity"].includes(value) ? Number(value) : undefined;
}

function setSample(
  view: ReturnType<typeof arrayOver>,
  at: number,
  value: number | { readonly bits: bigint },
  dtype: DType,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  if (typeof value === "object") {
    const words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[view.BYTES_PER_ELEMENT];
    if (words) new words(bytes.buffer)[at] = Number(value.bits);
    else new BigUint64Array(bytes.buffer)[at] = value.bits;
  } else if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    view[at] = Number.isInteger(value) ? BigInt(value) : 0n;
  } else {
    view[at] = dtype === "float16" ? toHalf(value) : value;
  }
}
