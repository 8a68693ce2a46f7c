import { secondsOf as secondsOfNumber, type TimeUnit } from "../../core/time-text.js";
import type { PlotSeries } from "./series.js";

export interface RowsOptions {
  /** Which columns. @default all whose values are numbers, but the time, `x` and those that name the frame */
  readonly columns?: readonly string[];
  /** Which column is the time. @default "frame_time" if rows have it, else "time", "timestamp", "t", "seconds" */
  readonly time?: string;
  /** Which column is the x axis of a scatter chart. @default none: the time */
  readonly x?: string;
  /** What a number in it means; dates as text are read as ISO 8601. @default "s" */
  readonly unit?: TimeUnit;
}

const usualTimes = [
  "frame_time",
  "time",
  "timestamp",
  "t",
  "seconds",
  "time_s",
  "time (s)",
  "date",
  "datetime",
];
/** Whether a column of that name is taken for the time where none is named. */
export function isTimeName(name: string): boolean {
  return usualTimes.includes(name.toLowerCase());
}

const frameColumns: readonly string[] = ["frame_time", "frame_number", "frame_index"];

/**
 * Rows of extra data (`store.extraRows()`), or any objects, as one series a column. Rows that have no such value have none
 * in that series either: sparse signals are not torn apart by the rows of others.
 * @throws {RangeError} if there is no such column, or none that is a time or a number.
 */
export function seriesOfRows(
  rows: Iterable<Readonly<Record<string, unknown>>>,
  options: RowsOptions = {},
): PlotSeries[] {
  const list = [...rows];
  const names = new Set<string>();
  for (const row of list) for (const name of Object.keys(row)) names.add(name);
  const { time, columns, x } = chooseColumns([...names], options, (name) =>
    list.some((row) => typeof row[name] === "number" || typeof row[name] === "boolean"),
  );
  const seconds = list.map((row) => secondsOf(row[time], options.unit));
  return columns.map((name) => {
    const [times, values, xs]: [number[], number[], number[]] = [[], [], []];
    for (const [i, row] of list.entries()) {
      if (!Object.hasOwn(row, name) || (x !== undefined && !Object.hasOwn(row, x))) continue;
      times.push(seconds[i]!);
      values.push(numberOf(row[name]));
      if (x !== undefined) xs.push(numberOf(row[x]));
    }
    return { name, times, values, ...(x !== undefined && { x: xs }) };
  });
}

/**
 * Which column is the time, and which are drawn.
 * @throws {RangeError} that names what there is.
 */
export function chooseColumns(
  names: readonly string[],
  { time, columns, x }: RowsOptions,
  isNumeric: (name: string) => boolean,
): { readonly time: string; readonly columns: readonly string[]; readonly x: string | undefined } {
  const there = names.length > 0 ? `there are ${names.join(", ")}` : "there are no columns";
  const find = (name: string): string | undefined =>
    names.find((one) => one === name) ?? names.find((one) => one.toLowerCase() === name.toLowerCase());
  const require = (name: string): string => {
    const found = find(name);
    if (found === undefined) throw new RangeError(`no column "${name}"; ${there}`);
    return found;
  };
  const clock = time === undefined ? usualTimes.map(find).find((name) => name !== undefined) : require(time);
  if (clock === undefined) throw new RangeError(`no column looks like a time; say which it is: ${there}`);
  const across = x === undefined ? undefined : require(x);
  const isOther = (name: string): boolean =>
    name !== clock && name !== across && !frameColumns.includes(name);
  const chosen = columns ? columns.map(require) : names.filter((name) => isOther(name) && isNumeric(name));
  if (chosen.length === 0) throw new RangeError(`no column of numbers beside "${clock}"; ${there}`);
  return { time: clock, columns: chosen, x: across };
}

/** A time as a number in `unit`, or a date; NaN where it is neither. */
export function secondsOf(value: unknown, unit: TimeUnit = "s"): number {
  if (typeof value === "number" || typeof value === "bigint") return secondsOfNumber(Number(value), unit);
  if (value instanceof Date) return value.getTime() / 1000;
  if (typeof value !== "string" || value.trim() === "") return Number.NaN;
  const number = Number(value);
  return Number.isNaN(number) ? dateSeconds(value.trim()) : secondsOfNumber(number, unit);
}

/** ISO 8601, a space for the T too; without a zone UTC. All digits of a second count, where `Date` has three. */
function dateSeconds(text: string): number {
  const [, day, clock = "00:00:00", fraction = "", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? [];
  if (day === undefined) return Number.NaN;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const whole = Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${offset}`) / 1000;
  return fraction === "" ? whole : whole + Number(`0.${fraction}`);
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "boolean" || typeof value === "bigint" ? Number(value) : Number.NaN;
}
