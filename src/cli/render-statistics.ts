import type { CommonSpan } from "../core/common-span.js";
import type { DropAnalysis, IntervalSpread, Microseconds } from "../core/interval-analysis.js";
import { countOf, formatCount, formatSeconds, table } from "./output.js";
import type { TrackStatistics } from "./track-statistics.js";

/** Gaps that are printed for people; --json has more. */
const shownGaps = 5;

type Row = readonly [name: string, value: string];

/** The statistics of a camera as a table for people. */
export function renderStatistics({
  path,
  source,
  name,
  analysis,
  untimed,
  numbers,
}: TrackStatistics): string {
  const { frames, first, last, seconds, rate, intervals, drops } = analysis;
  const camera = [source, name].filter((part) => part !== undefined).join(" ");
  const unknown = untimed > 0 ? `, and ${formatCount(untimed)} without a time` : "";
  const rows: Row[] = [
    ["frames", `${formatCount(frames)}${unknown}`],
    ...(first !== undefined && last !== undefined
      ? ([
          ["times", `${describeTime(first)} to ${describeTime(last)}`],
          ["length", formatSeconds(seconds)],
        ] as const)
      : []),
    ...(rate > 0 ? ([["rate", `${rate} frames/s`]] as const) : []),
    ...(intervals ? spreadRows(intervals) : []),
    ...(drops ? dropRows(drops, numbers ? "gaps in time" : "gaps") : []),
    ...(numbers ? numberRows(numbers) : []),
  ];
  return `${path}${camera === "" ? "" : ` (${camera})`}\n${indented(table(rows))}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

/** "34.037 ms". */
function milliseconds(microseconds: Microseconds): string {
  return `${(Number(microseconds) / 1000).toFixed(3)} ms`;
}

function spreadRows({ median, mean, std, min, max, percentiles, jitter }: IntervalSpread): Row[] {
  const shares = Object.entries(percentiles).map(([name, value]) => `${name} ${(value / 1000).toFixed(3)}`);
  const range = `${milliseconds(min)} to ${milliseconds(max)}`;
  return [
    ["interval", `median ${milliseconds(median)}, mean ${milliseconds(mean)}, ${range}`],
    ["percentiles", `${shares.join(", ")} ms`],
    ["jitter", `${milliseconds(jitter)} (half are nearer to the median), std ${milliseconds(std)}`],
  ];
}

function dropRows(drops: DropAnalysis, name: string): Row[] {
  const { threshold, gaps, lost, compensated, ratePercent, locations } = drops;
  const above = `above ${milliseconds(threshold)}`;
  if (gaps === 0) return [[name, `none ${above}`]];
  const verdict = `about ${countOf(lost, "frame")} lost (${ratePercent} %), ${formatCount(compensated)} only late`;
  const places = locations.map(
    ({ frame, gap, lost: few }) =>
      `after frame ${frame}: ${milliseconds(gap)}, ${few === 0 ? "late" : `${formatCount(few)} lost`}`,
  );
  return [[name, `${formatCount(gaps)} ${above}: ${verdict}`], ...firstOf(places, gaps)];
}

function numberRows(numbers: NonNullable<TrackStatistics["numbers"]>): Row[] {
  const { missing, gaps, repeated, backward } = numbers;
  const lost =
    missing === 0 ? "none missing" : `${formatCount(missing)} missing in ${countOf(gaps.count, "gap")}`;
  const odd = [
    ...(repeated.count > 0 ? [`${formatCount(repeated.count)} repeated`] : []),
    ...(backward.count > 0 ? [`${formatCount(backward.count)} times backward`] : []),
  ];
  const places = gaps.first.map(
    (gap) => `between ${gap.from} and ${gap.to}: ${formatCount(gap.missing)} missing`,
  );
  return [["numbers", [lost, ...odd].join(", ")], ...firstOf(places, gaps.count)];
}

function firstOf(places: readonly string[], count: number): Row[] {
  const shown = places.slice(0, shownGaps);
  const more = count - shown.length;
  if (shown.length > 0 && more > 0) shown.push(`and ${formatCount(more)} more`);
  return shown.map((place) => ["", place]);
}

/** How several cameras lie to each other. */
export function renderTogether({ starts, common }: CommonSpan): string {
  const skew = starts.reduce((a, b) => (b > a ? b : a));
  const rows: Row[] = [["starts", `${milliseconds(skew)} from the first to the last`]];
  if (common === undefined) rows.push(["common", "they never ran at the same time"]);
  else {
    const { first, last } = common;
    const range = `${describeTime(first)} to ${describeTime(last)}`;
    rows.push(["common", `${formatSeconds(Number(last - first) / 1e6)}, ${range}`]);
  }
  return `together\n${indented(table(rows))}`;
}

/** As a date, to the microsecond, where the clock counts from 1970. */
function describeTime(microseconds: Microseconds): string {
  const whole = BigInt(microseconds);
  if (whole < 10n ** 14n) return `${Number(whole) / 1e6} s`;
  const date = new Date(Number(whole / 1000n));
  if (Number.isNaN(date.getTime())) return `${whole} µs`;
  return date.toISOString().replace(/(\.\d{3})Z$/, `$1${String(whole % 1000n).padStart(3, "0")}Z`);
}
