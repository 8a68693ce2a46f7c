/** What a number that stands for a time counts. */
export type TimeUnit = "s" | "ms" | "us" | "ns";

const perSecond: { readonly [unit in TimeUnit]: number } = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/** A date and a time of day as ISO 8601 has them, with any number of decimals; a blank may stand for the T. */
const date = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?(?:\d\d)?)?$/i;

/**
 * Seconds of what is written: a number of that unit, or an ISO date, which becomes seconds since 1970 UTC. A date
 * without a zone is taken for UTC. Nothing, "nan" and "null" are NaN: no time.
 * @returns undefined if it is neither.
 */
export function parseTime(text: string, unit: TimeUnit = "s"): number | undefined {
  const plain = text.trim();
  if (plain === "" || /^(nan|null|none|na)$/i.test(plain)) return Number.NaN;
  if (/^[+-]?\d+$/.test(plain)) return secondsOf(BigInt(plain), unit);
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return Number(plain) / perSecond[unit];
  return parseDate(plain);
}

/** Seconds of a whole number of that unit, rounded once: nanoseconds since 1970 are more than a double holds. */
export function secondsOf(value: number | bigint, unit: TimeUnit): number {
  if (typeof value === "number") return value / perSecond[unit];
  const scale = BigInt(perSecond[unit]);
  return Number(value / scale) + Number(value % scale) / perSecond[unit];
}

function parseDate(text: string): number | undefined {
  const found = date.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = found;
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  const [, monthOfYear, dayOfMonth, hours, minutes, seconds] = parts;
  const isTime = hours <= 24 && minutes < 60 && seconds <= 60;
  if (monthOfYear < 1 || monthOfYear > 12 || dayOfMonth < 1 || dayOfMonth > 31 || !isTime) return undefined;
  const whole = Date.UTC(parts[0], monthOfYear - 1, dayOfMonth, hours, minutes, seconds) / 1000;
  return whole - zoneOffset(zone) + Number(`0.${fraction || "0"}`);
}

/** Seconds that a zone is ahead of UTC. */
function zoneOffset(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

/** The unit that the name of a column tells: "Time Stamp (ms)", "time_us". */
export function unitOfName(name: string): TimeUnit | undefined {
  const [, word] =
    /(?:^|[([_\s.-])(s|ms|us|µs|μs|ns|(?:m|milli|u|micro|n|nano)?sec(?:ond)?s?)[)\]]?\s*$/i.exec(name) ?? [];
  if (word === undefined) return undefined;
  const first = word.toLowerCase();
  if (/^(ms|msec|milli)/.test(first)) return "ms";
  if (/^(us|µs|μs|usec|micro)/.test(first)) return "us";
  return /^(ns|nsec|nano)/.test(first) ? "ns" : "s";
}
