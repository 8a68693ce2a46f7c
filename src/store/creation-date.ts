import { isTimeZone } from "./store-metadata.js";

/**
 * When an old store was made, which does not say so itself: the last `20YYMMDD_hhmmss` in the name of its folder,
 * read as local time in `timezone`; without one, the time its metadata was written.
 * @param modified of `metadata.yaml`.
 */
export function creationDate(folderName: string, timezone: string, modified: Date): Date {
  const stamp = [...folderName.matchAll(/(20\d\d)(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)/g)].at(-1);
  if (stamp === undefined) return modified;
  const [year, month, day, hour, minute, second] = stamp.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const clock = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Number.isNaN(clock) || month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return modified;
  // The offset depends on the instant, which is what is looked for: the second guess is right, but for the hour
  // that a change to summer time leaves out.
  const guess = clock - zoneOffset(timezone, clock);
  return new Date(clock - zoneOffset(timezone, guess));
}

/** The zone of an old store: what its user metadata says, if that is one, else the machine's. */
export function guessTimeZone(user: Readonly<Record<string, unknown>>): string {
  const { timezone } = user;
  return typeof timezone === "string" && isTimeZone(timezone) ? timezone : localTimeZone();
}

/** IANA name of the machine's zone. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** How far the zone's clocks are ahead of UTC at that instant, in milliseconds. */
function zoneOffset(timezone: string, instant: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)!.value);
  const clock = Date.UTC(
    value("year"),
    value("month") - 1,
    value("day"),
    value("hour"),
    value("minute"),
    value("second"),
  );
  return clock - Math.floor(instant / 1000) * 1000;
}
