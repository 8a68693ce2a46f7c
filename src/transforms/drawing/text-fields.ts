import type { FrameNumber } from "../../core/frame.js";
import { unknownTime } from "./strftime.js";

/** For each field of a text, and the format behind its colon, what writes it. */
export type FieldWriters<F, N extends string> = (name: N, format: string | undefined) => (facts: F) => string;

/**
 * Reads a text with fields in braces, `{name}` or `{name:format}`; `{{` and `}}` are braces.
 * @returns what fills it.
 * @throws {RangeError} for unknown fields, single braces, and whatever `writerOf` throws.
 */
export function parseFields<F, N extends string>(
  text: string,
  known: readonly N[],
  writerOf: FieldWriters<F, N>,
): (facts: F) => string {
  const pieces: (string | ((facts: F) => string))[] = [];
  for (const [whole, name, format] of text.matchAll(/\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}|[^{}]+|[{}]/g)) {
    if (name !== undefined) {
      const field = known.find((one) => one === name.trim());
      if (field === undefined) {
        throw new RangeError(`{${name.trim()}} is none of ${known.map((one) => `{${one}}`).join(" ")}`);
      }
      pieces.push(writerOf(field, format));
    } else if (whole === "{" || whole === "}") {
      throw new RangeError(`"${whole}" stands alone; write it twice`);
    } else if (whole === "{{" || whole === "}}") pieces.push(whole[0]!);
    else pieces.push(whole);
  }
  return (facts) => pieces.map((piece) => (typeof piece === "string" ? piece : piece(facts))).join("");
}

/**
 * Writes whole numbers as `06d` (filled with zeros) or `6d` (with spaces) says.
 * @throws {RangeError} if it is no such format.
 */
export function countWriter(
  field: string,
  format: string | undefined,
): (value: FrameNumber | undefined) => string {
  const [, zero, width] = /^(0?)(\d{0,3})d?$/.exec(format ?? "") ?? [];
  if (width === undefined) throw new RangeError(`{${field}:${format}} is no format such as 06d`);
  return (value) => {
    const text = value === undefined || Number.isNaN(value) ? unknownTime : String(value);
    return zero ? padZeros(text, Number(width)) : text.padStart(Number(width));
  };
}

/** Zeros go behind the sign. */
export function padZeros(text: string, width: number): string {
  return text.startsWith("-") ? `-${text.slice(1).padStart(width - 1, "0")}` : text.padStart(width, "0");
}
