import { UnsupportedError } from "./errors.js";
import type { FrameIndex } from "./frame-index.js";

// Matroska time codes, version 2: a text that mkvmerge takes with --timecodes, one line a frame in the order of
// presentation, in milliseconds. https://mkvtoolnix.download/doc/mkvmerge.html#mkvmerge.external_timestamp_files.v2

const header = "# timecode format v2";

/**
 * The lines of a file of time codes: when each frame is shown, counted from the first, in milliseconds with three
 * decimals. The same text that imgstore's `generate_timecodes` writes.
 * @throws {UnsupportedError} if the time of a frame is not known.
 */
export function timecodeLines(index: FrameIndex): Generator<string> {
  return timecodesOf(index.length, (rank) => index.time(rank));
}

/** As `timecodeLines`, of `length` times in seconds. */
export function* timecodesOf(length: number, time: (rank: number) => number): Generator<string> {
  yield header;
  if (length === 0) return;
  const first = time(0);
  for (let rank = 0; rank < length; rank++) {
    const seconds = time(rank) - first;
    if (!Number.isFinite(seconds)) {
      throw new UnsupportedError("time code", `frame ${rank}, whose time is ${time(rank)} s`);
    }
    yield threeDecimals(seconds * 1000);
  }
}

/**
 * Reads such a text.
 * @returns seconds; undefined if it is no such text.
 */
export function parseTimecodes(text: string): Float64Array | undefined {
  const [first, ...lines] = text.split(/\r?\n/);
  if (!/^\uFEFF?# time(?:code|stamp) format v2\s*$/.test(first!)) return undefined;
  const rows = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const times = Float64Array.from(rows, (row) => Number(row) / 1000);
  return times.every(Number.isFinite) ? times : undefined;
}

/** As Python writes it: exactly half goes to the even neighbour, where `toFixed` takes the greater. */
function threeDecimals(value: number): string {
  const fixed = value.toFixed(3);
  // Only sixteenths lie exactly between two thousandths.
  const isHalf = Number.isInteger(value * 16) && value * 1000 - Math.floor(value * 1000) === 0.5;
  if (!isHalf) return Object.is(value, -0) ? "-0.000" : fixed;
  const low = Math.floor(value * 1000);
  const thousandths = low % 2 === 0 ? low : low + 1;
  const digits = String(Math.abs(thousandths)).padStart(4, "0");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
