import { nextAfter, parseCron } from "./cron.js";
import { localInstants } from "./local-time.js";
import type { DailyHours, SavingHours } from "./rig.js";

/** What is saved in one go, in seconds since 1970. */
export interface SavingSpan {
  readonly begin: number;
  /** Not included. */
  readonly end: number;
}

const day = 86_400;

/**
 * Seconds since midnight of a time of day: "18:30", "07:00:15", "24:00".
 * @throws {RangeError} if it is none.
 */
export function parseTimeOfDay(text: string): number {
  const [, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text.trim()) ?? [];
  const sum = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (hours !== undefined && Number(minutes) < 60 && Number(seconds) < 60 && sum <= day) return sum;
  throw new RangeError(`"${text}" is no time of day, such as 18:30`);
}

/**
 * What is to be saved at `time`, or next: the span that is under way (the one that ends last, if there are several), or the
 * first that begins. At its end ask again: another may be under way by then.
 * @param time seconds since 1970.
 * @param zone IANA's name. @default the machine's
 * @returns undefined if nothing comes any more.
 * @throws {RangeError} if a line or a time of day is none.
 */
export function nextSaving(
  schedule: readonly SavingHours[],
  time: number,
  zone?: string,
): SavingSpan | undefined {
  let best: SavingSpan | undefined;
  for (const hours of schedule) {
    const span = "cron" in hours ? cronSpan(hours, time, zone) : dailySpan(hours, time, zone);
    if (span === undefined) continue;
    if (best === undefined || isBefore(span, best, time)) best = span;
  }
  return best;
}

function isBefore(span: SavingSpan, other: SavingSpan, time: number): boolean {
  const [begin, otherBegin] = [Math.max(span.begin, time), Math.max(other.begin, time)];
  return begin < otherBegin || (begin === otherBegin && span.end > other.end);
}

/** What began no longer ago than it takes is under way. */
function cronSpan(
  { cron, seconds }: { cron: string; seconds: number },
  time: number,
  zone: string | undefined,
): SavingSpan | undefined {
  const begin = nextAfter(parseCron(cron), time - seconds, zone);
  return begin === undefined ? undefined : { begin, end: begin + seconds };
}

function dailySpan(hours: DailyHours, time: number, zone: string | undefined): SavingSpan | undefined {
  const [from, to] = [parseTimeOfDay(hours.from), parseTimeOfDay(hours.to)];
  const instants = localInstants(zone);
  const today = Math.floor((time + instants.offset(time)) / day) * day;
  for (let at = -1; at <= 2; at++) {
    const date = today + at * day;
    const begin = instants.of(date + from).after;
    const end = instants.of(date + to + (to > from ? 0 : day)).after;
    if (end > time && end > begin) return { begin, end };
  }
  return undefined;
}
