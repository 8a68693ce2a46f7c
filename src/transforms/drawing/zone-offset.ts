/** Clocks change at whole quarters of an hour, in every zone since 1972. */
const quarter = 900;

/**
 * How far a zone's clock is ahead of UTC, in seconds, at a Unix time. Names are IANA's ("Europe/Paris"), "UTC", or an offset
 * such as "+02:00". The system's own calendar is asked once for each quarter of an hour that is seen in a row.
 * @throws {RangeError} if there is no such zone.
 */
export function zoneOffset(zone: string): (seconds: number) => number {
  if (zone === "UTC" || zone === "Z") return () => 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (sign !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === "-" ? -1 : 1);
    return () => offset;
  }
  const calendar = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, hourCycle: "h23", era: "short" },
    ...{ year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  let [known, offset] = [Number.NaN, 0];
  return (seconds) => {
    const start = Math.floor(seconds / quarter) * quarter;
    if (start !== known) [known, offset] = [start, offsetAt(calendar, start)];
    return offset;
  };
}

function offsetAt(calendar: Intl.DateTimeFormat, seconds: number): number {
  const parts = new Map(calendar.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name));
  const year = parts.get("era") === "BC" ? 1 - part("year") : part("year");
  const local = new Date(0);
  local.setUTCFullYear(year, part("month") - 1, part("day"));
  local.setUTCHours(part("hour"), part("minute"), part("second"));
  return local.getTime() / 1000 - seconds;
}
