import { FrameNotFoundError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import { UsageError } from "./exit.js";

/** The grammar in words, for --help. */
export const addressHelp = `
ADDRESS says which frame:
  12345             the frame's index: 0 is the first, -1 the last
  #12345            the frame's own number, as the camera counted
  00:12:03.5        time: hours:minutes:seconds or minutes:seconds; also 723.5s or 250ms. Where the source knows
                    the date (stores), it counts from the first frame; otherwise it is the file's own clock
  2026-11-21T22:41:16.858Z
                    date and time, ISO 8601; without an offset it is UTC. @1700000000.25 are seconds since 1970
  50%               that far into the source; 100% is the last frame
  A..B              a range: from A up to, not including, B; either may be left out
What begins with a minus and is no plain index goes last, behind "--": -o x/%d.png -- -10..
A time means the frame on the screen at that time (to the microsecond); --nearest takes the nearest one.`;

/** Where a frame is, as it was typed. */
export type Position =
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "number"; readonly number: FrameNumber }
  /** Seconds since the first frame, or on the file's own clock. */
  | { readonly kind: "clock"; readonly seconds: number }
  /** Seconds since 1970-01-01 UTC. */
  | { readonly kind: "date"; readonly seconds: number }
  | { readonly kind: "percent"; readonly percent: number };

export interface Span {
  readonly start: Position | undefined;
  readonly stop: Position | undefined;
}

/** Times are told apart to the microsecond: doubles near 1.7e9 seconds hold no more, and typed text says no more. */
const sameTime = 1e-6;

/** Later than this a clock counts from 1970 and not from the start of a file: three years, in seconds. */
const unixClock = 1e8;

/** @throws {UsageError} if it is none of what `addressHelp` lists. */
export function parsePosition(text: string): Position {
  const value = text.trim();
  if (/^[+-]?\d+$/.test(value)) return { kind: "index", index: Number(value) };
  const number = /^#([+-]?\d+)$/.exec(value);
  if (number) return { kind: "number", number: exactInteger(number[1]!) };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value);
  if (percent && Number(percent[1]) <= 100) return { kind: "percent", percent: Number(percent[1]) };
  const unix = /^@(-?\d+(?:\.\d+)?)$/.exec(value);
  if (unix) return { kind: "date", seconds: Number(unix[1]) };
  const seconds = parseClock(value);
  if (seconds !== undefined) return { kind: "clock", seconds };
  const date = parseDate(value);
  if (date !== undefined) return { kind: "date", seconds: date };
  const advice = /^-?\d+\.\d+$/.test(value) ? `; for seconds write ${value}s` : "";
  throw new UsageError(
    `"${text}" is no frame address: 12345, "#12345", 00:12:03.5, an ISO date or 50% would be${advice}`,
  );
}

/** A range, or undefined if the text has no `..` in it. */
export function parseSpan(text: string): Span | undefined {
  const at = text.indexOf("..");
  if (at < 0) return undefined;
  const side = (part: string): Position | undefined => (part.trim() === "" ? undefined : parsePosition(part));
  return { start: side(text.slice(0, at)), stop: side(text.slice(at + 2)) };
}

/**
 * The one frame, as its rank.
 * @throws {FrameNotFoundError} if there is none.
 */
export function locatePosition(index: FrameIndex, position: Position, match: "playing" | "nearest"): number {
  switch (position.kind) {
    case "index":
      return index.locate({ index: position.index });
    case "number":
      return index.locate({ number: position.number, match: match === "nearest" ? "nearest" : "exact" });
    case "percent":
      return index.locate({ index: Math.min(index.length - 1, boundOf(index, position)) });
    default: {
      const time = sourceTime(index, position);
      if (match === "playing") checkNotOver(index, time);
      return index.locate({ time: match === "playing" ? time + sameTime : time, match });
    }
  }
}

/** Nothing is on the screen once the last frame has been shown as long as frames are on average. */
function checkNotOver(index: FrameIndex, time: number): void {
  const { timeRange } = index;
  if (!timeRange || index.length < 2) return;
  const { min, max } = timeRange;
  const end = max + (max - min) / (index.length - 1);
  if (time > end + sameTime) {
    throw new FrameNotFoundError(
      { time, match: "playing" },
      `the last frame is at ${max}; --nearest takes it`,
    );
  }
}

/**
 * Where a range that starts or stops there is cut: the first frame, in the source's order, that is not before the
 * position. An index is taken as it is: negative counts from the end, as in Python.
 */
export function boundOf(index: FrameIndex, position: Position): number {
  if (position.kind === "index") return position.index;
  if (position.kind === "percent") return Math.floor((position.percent / 100) * index.length);
  const isThere =
    position.kind === "number"
      ? (at: number) => index.number(at) >= position.number
      : reaches(index, sourceTime(index, position) - sameTime);
  for (let at = 0; at < index.length; at++) if (isThere(at)) return at;
  return index.length;
}

function reaches(index: FrameIndex, time: number): (at: number) => boolean {
  return (at) => index.time(at) >= time;
}

/** Seconds on the source's clock. */
function sourceTime(index: FrameIndex, position: Position & { readonly seconds: number }): number {
  const first = index.timeRange?.min ?? Number.NaN;
  const isUnix = first >= unixClock;
  if (position.kind === "clock") return isUnix ? first + position.seconds : position.seconds;
  if (!isUnix) {
    throw new FrameNotFoundError(
      { time: position.seconds },
      "the source has no dates, only a clock of its own; ask for a time such as 00:00:03.5",
    );
  }
  return position.seconds;
}

function parseClock(text: string): number | undefined {
  const unit = /^(-?\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (unit) return Number(unit[1]) / (unit[2] === "ms" ? 1000 : 1);
  const parts = /^(-)?(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$/.exec(text);
  if (!parts) return undefined;
  const [, sign, hours, minutes, seconds] = parts;
  if (Number(seconds) >= 60 || (hours !== undefined && Number(minutes) >= 60)) return undefined;
  const total = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign ? -total : total;
}

/** Seconds since 1970. The fraction is read apart, because a `Date` ends at the millisecond. */
export function parseDate(text: string): number | undefined {
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(text);
  if (!parts) return undefined;
  const [, day, time = "00:00", seconds = "00", fraction = "", zone = "Z"] = parts;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const whole = Date.parse(`${day}T${time}:${seconds}${offset}`);
  return Number.isNaN(whole) ? undefined : whole / 1000 + Number(`0${fraction}`);
}

/** A number where it is exact, else a bigint. */
export function exactInteger(text: string): FrameNumber {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
