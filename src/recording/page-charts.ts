import type { LossCause } from "../capture/loss-ledger.js";
import { compileTime } from "../transforms/drawing/strftime.js";
import { numberTicks, type Tick, timeTicks } from "../transforms/plot/ticks.js";
import type { IntervalPoint } from "./index-profile.js";
import { html, type Markup } from "./page-markup.js";

/** Units of the drawings; they are scaled to the room there is. */
const wide = { width: 960, height: 40 };
const half = { width: 480, height: 190 };
const margin = { left: 44, right: 8, top: 8, bottom: 34 };

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Frames that were lost, at a time. `cause` is absent where nobody knows who lost them. */
export interface Loss {
  readonly time: number;
  readonly count: number;
  readonly cause?: LossCause;
}

/** Columns of the strip. */
const columns = 480;
const lanes: readonly LossCause[] = ["camera", "queue", "encoder", "disk"];

/** A line of time, with a mark wherever frames were lost, in a lane for each cause. */
export function lossStrip(losses: readonly Loss[], { from, to }: Stretch, zone: string): Markup {
  const { width, height } = wide;
  const step = (to - from) / columns || 1;
  const used = lanes.filter((lane) => losses.some(({ cause = "camera" }) => cause === lane));
  const lane = height / Math.max(1, used.length);
  const marks = used.map((cause, at) => {
    const taken = new Set(
      losses
        .filter((loss) => (loss.cause ?? "camera") === cause)
        .map(({ time }) => Math.min(columns - 1, Math.max(0, Math.floor((time - from) / step)))),
    );
    const column = width / columns;
    const path = [...taken]
      .map((one) => `M${one * column} ${at * lane + 1}h${column}v${lane - 2}h-${column}z`)
      .join("");
    return html`<path d="${path}" style="fill: var(--${cause})"/>`;
  });
  const clock = compileTime("%T", zone);
  return html`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" class="strip" role="img" aria-label="When frames were lost">
<rect width="${width}" height="${height}" style="fill: var(--fill)"/>${marks}</svg>
<div class="ends">${[from, (from + to) / 2, to].map((time) => html`<span>${clock(time)}</span>`)}</div>`;
}

function tickBelow(x: number, y: number, label: string, width: number): Markup {
  const anchor = x < 30 ? "start" : x > width - 30 ? "end" : "middle";
  return html`<path d="M${x} ${y}v5" style="stroke: var(--soft)"/><text x="${x}" y="${y + 18}" text-anchor="${anchor}">${label}</text>`;
}

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** How often which interval came; the height is logarithmic, so that the one that came once is seen. */
export function intervalHistogram(bins: readonly Bin[]): Markup {
  const [min, max] = spread(bins[0]!.from, bins.at(-1)!.to);
  const { width, height } = inner(half);
  const x = (seconds: number): number => margin.left + ((seconds - min) / (max - min)) * width;
  const most = Math.log10(Math.max(...bins.map(({ count }) => count))) + 1;
  const bars = bins.map(({ from, to, count }) => {
    const tall = ((Math.log10(count) + 1) / most) * height;
    const [left, across] = [x(from), Math.max(1.5, x(to) - x(from))];
    return `M${round(left)} ${margin.top + height}v-${round(tall)}h${round(across)}v${round(tall)}z`;
  });
  const powers = Array.from({ length: Math.floor(most) }, (_, power) => power).filter(
    (power) => power % Math.ceil(most / 4) === 0,
  );
  const levels = powers.map((power) => ({
    value: margin.top + height - ((power + 1) / most) * height,
    label: (10 ** power).toLocaleString("en-US"),
  }));
  return html`<svg viewBox="0 0 ${half.width} ${half.height}" role="img" aria-label="How often each interval came">
${frame(levels, milliseconds(min, max, x))}<path d="${bars.join("")}" style="fill: var(--bar)"/></svg>`;
}

/** Mean interval over time, with a band from the shortest to the longest. */
export function intervalsOverTime(
  points: readonly IntervalPoint[],
  { from, to }: Stretch,
  zone: string,
): Markup {
  const told = points.filter(({ longest }) => longest > 0);
  const { width, height } = inner(half);
  const [, most] = padded(0, Math.max(...told.map(({ longest }) => longest)));
  const least = 0;
  const x = (time: number): number => margin.left + ((time - from) / (to - from || 1)) * width;
  const y = (seconds: number): number => margin.top + height - ((seconds - least) / (most - least)) * height;
  const place = (time: number, seconds: number): string => `${round(x(time))} ${round(y(seconds))}`;
  const band = [
    ...told.map(({ time, longest }) => place(time, longest)),
    ...told.toReversed().map(({ time, shortest }) => place(time, shortest)),
  ];
  const levels = numberTicks({ min: least * 1000, max: most * 1000 }, 4).map(({ value, label }) => ({
    value: y(value / 1000),
    label,
  }));
  const ticks = timeTicks({ min: from, max: to || from + 1 }, 4, { style: "clock", start: from, zone });
  return html`<svg viewBox="0 0 ${half.width} ${half.height}" role="img" aria-label="Intervals over time, in milliseconds">
${frame(
  levels,
  ticks.map(({ value, label }) => ({ value: x(value), label })),
)}
<path d="M${band.join("L")}z" style="fill: var(--bar); stroke: var(--bar); opacity: .35"/>
<path d="M${told.map(({ time, mean }) => place(time, mean)).join("L")}" style="fill: none; stroke: var(--bar); stroke-width: 1.5"/></svg>`;
}

function inner({ width, height }: { width: number; height: number }): { width: number; height: number } {
  return { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
}

function padded(min: number, max: number): [number, number] {
  const room = max > min ? (max - min) * 0.05 : Math.abs(max) * 0.05 || 0.001;
  return [Math.max(0, min - room), max + room];
}

/** At least a third of the value wide, so that a camera without jitter is a bar and not a wall. */
function spread(from: number, to: number): [number, number] {
  const room = Math.max(0, to / 3 - (to - from)) / 2;
  return padded(from - room, to + room);
}

function milliseconds(min: number, max: number, x: (seconds: number) => number): Tick[] {
  return numberTicks({ min: min * 1000, max: max * 1000 }, 5).map(({ value, label }) => ({
    value: x(value / 1000),
    label: `${label} ms`,
  }));
}

/** Levels with their lines, and ticks below; `value` is the place. */
function frame(levels: readonly Tick[], ticks: readonly Tick[]): Markup {
  const { width, height } = inner(half);
  const bottom = margin.top + height;
  return html`${levels.map(
    ({ value, label }) =>
      html`<path d="M${margin.left} ${round(value)}h${width}" style="stroke: var(--line)"/><text x="${margin.left - 6}" y="${round(value) + 4}" text-anchor="end">${label}</text>`,
  )}<path d="M${margin.left} ${bottom}h${width}" style="stroke: var(--soft)"/>${ticks.map(({ value, label }) => tickBelow(round(value), bottom, label, half.width))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
