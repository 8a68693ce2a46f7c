import { evenRounded } from "../../core/even-rounding.js";
import { inStrips } from "./in-strips.js";

/** slope * sample + offset: what a table may be the values of. */
export interface Line {
  readonly slope: number;
  readonly offset: number;
}

export type ToneBytes = (data: Uint8Array) => Uint8Array;

/**
 * Looks every byte up in a table of 256: by the cheapest kernel whose answers are those of the table for all of its values.
 * @param line what the table was made of, if it was.
 * @param hasAlpha every fourth byte stays.
 * @returns undefined where there are no vectors, or none that leave alpha as it is.
 */
export function toneBytes(
  table: Uint8Array,
  line: Line | undefined,
  hasAlpha: boolean,
): ToneBytes | undefined {
  const bytes = { bytesIn: 1, bytesOut: 1 };
  if (table.every((value, i) => value === 255 - i)) {
    const flip = hasAlpha ? 0xffffff : -1;
    return inStrips({
      ...bytes,
      run: ({ flipBits }, { src, dst }, count) => flipBits(src, dst, count, flip),
    });
  }
  const exact = line && exactLine(table, line);
  if (exact) {
    const keep = hasAlpha ? 0xff000000 | 0 : 0;
    return inStrips({
      ...bytes,
      run: ({ lineOfBytes }, { src, dst }, count) =>
        lineOfBytes(src, dst, count, exact.slope, exact.offset, keep),
    });
  }
  if (hasAlpha) return undefined;
  const least = table.indexOf(255);
  if (least >= 0 && table.every((value, i) => value === (i < least ? 0 : 255))) {
    return inStrips({
      ...bytes,
      run: ({ bytesFrom }, { src, dst }, count) => bytesFrom(src, dst, count, least),
    });
  }
  return inStrips({
    ...{ ...bytes, table: pairTable(table) },
    run: ({ lookUpPairs }, { src, dst, table }, count) => lookUpPairs(src, dst, count, table),
  });
}

/** What is added so that halves, which are rounded to even, go up. */
const lifts = [0, 2 ** -14, 2 ** -10];

/** The line in single precision, halves to even, if it gives all that the table has. */
function exactLine(table: Uint8Array, line: Line): Line | undefined {
  const slope = Math.fround(line.slope);
  if (Math.abs(slope) * 255 + Math.abs(line.offset) > 2 ** 20) return undefined;
  for (const lift of lifts) {
    const offset = Math.fround(line.offset + lift);
    const isExact = table.every((value, i) => {
      const found = evenRounded(Math.fround(Math.fround(i * slope) + offset));
      return value === Math.min(255, Math.max(0, found));
    });
    if (isExact) return { slope, offset };
  }
  return undefined;
}

/** For two bytes that lie next to each other what they become. The same on machines of either byte order. */
export function pairTable(table: Uint8Array): Uint16Array {
  const pairs = new Uint16Array(65_536);
  for (let high = 0, at = 0; high < 256; high++) {
    const top = table[high]! << 8;
    for (let low = 0; low < 256; low++) pairs[at++] = top | table[low]!;
  }
  return pairs;
}
