import { parseTime } from "../core/time-text.js";
import { localInstants } from "./local-time.js";
import { parseTimeOfDay } from "./saving-hours.js";

const sizes: Readonly<Record<string, number>> = {
  ...{ b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};

const durations: Readonly<Record<string, number>> = {
  ...{ ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86_400 },
};

/**
 * Bytes of "2 GiB", "500 MB", "4096".
 * @throws {RangeError} if it is no size.
 */
export function parseSize(text: string): number {
  const [, count, unit = "b"] = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/i.exec(text.trim()) ?? [];
  const factor = sizes[unit.toLowerCase()];
  if (count === undefined || factor === undefined)
    throw new RangeError("a size such as 2 GiB, 500 MB or 4096");
  return Math.round(Number(count) * factor);
}

/**
 * Seconds of "30s", "10min", "2h", "1h30min", "500 ms", "1:30:00", "12.5".
 * @throws {RangeError} if it is no duration.
 */
export function parseDuration(text: string): number {
  const plain = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(plain)) return Number(plain);
  const clock = /^(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)$/.exec(plain);
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  let [seconds, rest] = [0, plain];
  for (let match = next(rest); match !== undefined; match = next(rest)) {
    seconds += match.seconds;
    rest = rest.slice(match.length);
    if (rest === "") return seconds;
  }
  throw new RangeError("a duration such as 30s, 10min, 2h or 1:30:00");
}

function next(text: string): { readonly seconds: number; readonly length: number } | undefined {
  const [whole, count, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(text) ?? [];
  const factor = durations[unit ?? ""];
  return factor === undefined ? undefined : { seconds: Number(count) * factor, length: whole!.length };
}

/**
 * Seconds since 1970 of a time of day, "18:30" (the next one after `now`, local time), or a date: "2026-03-01 18:30:00",
 * local time unless it names a zone.
 * @throws {RangeError} if it is neither.
 */
export function parseMoment(text: string, now: number, zone?: string): number {
  const plain = text.trim();
  const instants = localInstants(zone);
  if (/^\d{1,2}:\d\d(:\d\d)?$/.test(plain)) {
    const seconds = parseTimeOfDay(plain);
    const today = Math.floor((now + instants.offset(now)) / 86_400) * 86_400;
    for (let day = 0; ; day++) {
      const { after } = instants.of(today + day * 86_400 + seconds);
      if (after > now) return after;
    }
  }
  const full = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/.test(plain) ? `${plain}:00` : plain;
  const time = /^\d{4}-/.test(full) ? parseTime(full) : undefined;
  if (time === undefined) throw new RangeError("a time such as 18:30 or 2026-03-01 18:30:00");
  return /[zZ]$|[+-]\d\d:?(\d\d)?$/.test(full.slice(10)) ? time : instants.of(time).after;
}
