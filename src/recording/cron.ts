import { localInstants, type ZoneInstants } from "./local-time.js";

/** A crontab line that was read: which values of each field fit. */
export interface CronLine {
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  /** 1 … 12. */
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Day of the month and day of the week must both fit: one of the two begins with `*`. Otherwise one is enough. */
  readonly needsBothDays: boolean;
  /** Minute or hour begins with `*`: it goes by time that passes, and not by what the clock shows. */
  readonly isOften: boolean;
}

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Of `min`, `min` + 1 … */
  readonly words: readonly string[];
}

const fields: readonly [Field, Field, Field, Field, Field] = [
  { name: "minute", min: 0, max: 59, words: [] },
  { name: "hour", min: 0, max: 23, words: [] },
  { name: "day of the month", min: 1, max: 31, words: [] },
  {
    ...{ name: "month", min: 1, max: 12 },
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of the week", min: 0, max: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** In a leap year. */
const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads a crontab line as Vixie's cron does (crontab(5)): five fields (minute, hour, day of the month, month, day of the
 * week) of numbers, lists `1,15`, ranges `8-18`, steps on a range or on a star (`8-18/2`), three-letter names of months
 * and weekdays, 7 for Sunday; or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`.
 * @throws {RangeError} if it is none, or a day that never comes.
 */
export function parseCron(text: string): CronLine {
  const line = text.trim();
  const spelled = line.startsWith("@") ? nicknames[line.toLowerCase()] : line;
  if (spelled === undefined) {
    throw new RangeError(`"${line}" is none of ${Object.keys(nicknames).join(", ")}`);
  }
  const parts = spelled.split(/\s+/);
  if (parts.length !== 5) {
    throw new RangeError(
      `"${line}" has ${parts.length} fields; a crontab line has five: minute, hour, day of the month, month, day of the week`,
    );
  }
  const [minutes, hours, days, months, weekdays] = fields.map((field, at) => valuesOf(parts[at]!, field)) as [
    ...[Set<number>, Set<number>, Set<number>, Set<number>, Set<number>],
  ];
  const isStar = (at: number): boolean => parts[at]!.startsWith("*");
  const needsBothDays = isStar(2) || isStar(4);
  const comes = [...months].some((month) => [...days].some((day) => day <= daysOfMonths[month - 1]!));
  if (needsBothDays && !comes) throw new RangeError(`"${line}" names a day that never comes`);
  const ascending = (values: Set<number>): number[] => [...values].sort((a, b) => a - b);
  return {
    ...{ text: line, minutes: ascending(minutes), hours: ascending(hours), days, months },
    weekdays: new Set([...weekdays].map((day) => day % 7)),
    needsBothDays,
    isOften: isStar(0) || isStar(1),
  };
}

function valuesOf(part: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const item of part.split(",")) {
    const [range = "", step, ...rest] = item.split("/");
    const [from, to, ...more] = range === "*" ? [field.min, field.max] : range.split("-");
    if (rest.length > 0 || more.length > 0 || from === "") throw wrong(item, field);
    const first = numberOf(from, item, field);
    const last = to === undefined ? first : numberOf(to, item, field);
    if (first > last)
      throw new RangeError(`${field.name}: "${item}" runs backwards; write both parts with a comma`);
    if (step !== undefined && to === undefined) {
      throw new RangeError(
        `${field.name}: "${item}" has a step, but no range to take it in, such as 0-59/${step}`,
      );
    }
    const by = step === undefined ? 1 : Number(step);
    if (step !== undefined && (!/^\d{1,2}$/.test(step) || by < 1)) throw wrong(item, field);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

function numberOf(text: string | number | undefined, item: string, field: Field): number {
  if (typeof text === "number") return text;
  const word = field.words.indexOf(text!.toLowerCase());
  if (word >= 0) return field.min + word;
  const value = /^\d{1,2}$/.test(text!) ? Number(text) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) throw wrong(item, field);
  return value;
}

function wrong(item: string, { name, min, max, words }: Field): RangeError {
  const named = words.length > 0 ? `, or ${words[0]} to ${words.at(-1)}` : "";
  return new RangeError(
    `${name}: "${item}" is none; they are ${min} to ${max}${named}, *, 1-5, 1,2,3 or */2`,
  );
}

const day = 86_400;
/** The 29th of February that is a certain weekday may be 40 years away, if a century's year is between. */
const mostDays = 41 * 366;

/**
 * The first time after `time` that the line names, in seconds since 1970; undefined if it never comes.
 *
 * When clocks change, as in Vixie's cron: what would come at a time that is left out comes at once after the jump, and what
 * would come in the hour that is there twice comes once, the first time. Lines whose minute or hour begins with `*` go by
 * time that passes: they leave out what is left out, and come in both hours.
 * @param zone IANA's name. @default the machine's
 */
export function nextAfter(line: CronLine, time: number, zone?: string): number | undefined {
  const instants = localInstants(zone);
  const today = Math.floor((time + instants.offset(time)) / day) * day;
  let found: number | undefined;
  // Where clocks are set back at midnight, the end of a day may come after the beginning of the next: so one day more.
  for (let at = -1; at < mostDays; at++) {
    const date = today + at * day;
    const isLast = found !== undefined;
    if (fitsDate(line, date)) {
      const first = firstOf(line, date, time, instants);
      if (first !== undefined && (found === undefined || first < found)) found = first;
    }
    if (isLast) return found;
  }
  return found;
}

/** @param date the day's midnight, as if its clock showed UTC. */
function fitsDate({ days, months, weekdays, needsBothDays }: CronLine, date: number): boolean {
  const at = new Date(date * 1000);
  if (!months.has(at.getUTCMonth() + 1)) return false;
  const [isDay, isWeekday] = [days.has(at.getUTCDate()), weekdays.has(at.getUTCDay())];
  return needsBothDays ? isDay && isWeekday : isDay || isWeekday;
}

/** The first moment of a day that comes after `time`. */
function firstOf(line: CronLine, date: number, time: number, instants: ZoneInstants): number | undefined {
  const { hours, minutes, isOften } = line;
  const [from, to] = [instants.of(date), instants.of(date + day)];
  if (to.after <= time && to.times.length === 1) return undefined;
  let found: number | undefined;
  const isPlain = from.times.length === 1 && to.after - from.after === day;
  for (const hour of hours) {
    // On most days an hour that is over needs no look at its minutes.
    if (isPlain && from.after + (hour + 1) * 3600 <= time) continue;
    for (const minute of minutes) {
      const { times, after } = instants.of(date + hour * 3600 + minute * 60);
      for (const moment of isOften ? times : [times[0] ?? after]) {
        if (moment > time && (found === undefined || moment < found)) found = moment;
      }
      if (isPlain && found !== undefined) return found;
    }
  }
  return found;
}
