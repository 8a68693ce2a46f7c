import { ColumnIndex } from "../core/column-index.js";
import { TransformError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { type ColorMapName, colorMap, colorMapNames } from "./color-maps.js";
import { type Anchor, anchors } from "./drawing/place.js";
import { Axes } from "./plot/axes.js";
import { type Chart, type ChartMaker, type ChartStyle, type PlotKind, plotKinds } from "./plot/chart.js";
import { heatMapChart } from "./plot/heat-map-chart.js";
import { histogramChart } from "./plot/histogram-chart.js";
import { lineChart } from "./plot/line-chart.js";
import { PlotFrames, type PlotMode, type PlotPlan, plotModes } from "./plot/plot-frames.js";
import { rasterChart } from "./plot/raster-chart.js";
import { scatterChart } from "./plot/scatter-chart.js";
import { type PlotSeries, type Range, rangeOf, sortSeries, widened } from "./plot/series.js";
import { type ThemeName, themeNames, themes } from "./plot/theme.js";
import { numberTicks, timeTicks } from "./plot/ticks.js";

export interface PlotOptions {
  /**
   * `line` values over time; `scatter` values over others (`PlotSeries.x`); `histogram` how often values occur; `heat-map`
   * a row of colours for each series; `raster` a row of events for each. @default "line"
   */
  readonly kind?: PlotKind;
  /** A source whose frames these are to go with: there are as many, with its numbers and times. It is not closed. */
  readonly like?: { readonly index: FrameIndex };
  /** Frames a second, without `like`. @default 25 */
  readonly fps?: number;
  /** Time of the first frame, without `like`. @default the earliest of the data */
  readonly start?: number;
  /** Seconds, without `like`. @default to the latest of the data */
  readonly duration?: number;
  /**
   * `cursor`: the chart stands still, a line shows where now is. `scroll`: the chart moves by, `window` seconds of it are
   * seen. `grow`: what has been is there. @default "scroll" if there is a `window`, else "cursor"
   */
  readonly mode?: PlotMode;
  /** Seconds that are seen at once while scrolling. @default 10 */
  readonly window?: number;
  /** How many of them come after now. @default 0 */
  readonly ahead?: number;
  /**
   * Seconds to add to the times of the data, to put them on the clock of the frames; `start`: they count from the first frame
   * of `like`. @default 0
   */
  readonly offset?: number | "start";
  /** Pixels. @default 640 */
  readonly width?: number;
  /** Pixels. @default 360 */
  readonly height?: number;
  readonly title?: string;
  /** @default "time (s)" for charts over seconds, else none */
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Where the names of the series stand; false: nowhere. @default "top-right" if several are named */
  readonly legend?: Anchor | false;
  /** What the x axis shows, where it does not scroll. @default all frames; all data */
  readonly xLimits?: readonly [number, number];
  /** What the y axis shows; the values of the colours of a heat map. @default all data, and a little more */
  readonly yLimits?: readonly [number, number];
  /** `transparent` makes BGRA, to be laid over pictures. @default "light" */
  readonly theme?: ThemeName;
  /** Of the series, by name or in hexadecimal, again from the first. @default Okabe's and Ito's, safe for colour-blind people */
  readonly colors?: readonly string[];
  /** Pixels. @default 1.5 */
  readonly lineWidth?: number;
  /** Of dots, pixels across. @default 5 */
  readonly markerSize?: number;
  /** Of a histogram. @default 40 */
  readonly bins?: number;
  /** Of a heat map. @default "viridis" */
  readonly map?: ColorMapName;
  /** Pixels an em. @default by the size of the picture, 10 to 24 */
  readonly fontSize?: number;
  /** @default true */
  readonly grid?: boolean;
  /**
   * How times are written on the axis: `seconds` as they are, `elapsed` since the first frame, `clock` the time of day.
   * @default "elapsed" for Unix times, else "seconds"
   */
  readonly times?: "seconds" | "elapsed" | "clock";
  /** Of `clock`: "UTC", "+02:00", "Europe/Paris". @default "UTC" */
  readonly zone?: string;
}

const makers: Readonly<Record<PlotKind, ChartMaker>> = {
  ...{ line: lineChart, scatter: scatterChart, histogram: histogramChart },
  ...{ "heat-map": heatMapChart, raster: rasterChart },
};

/** Pixels in a picture: more would be a mistake of units. */
const mostPixels = 1 << 26;

/**
 * A chart as frames: a source like any other, to be shown beside or over the video that it belongs to. Millions of values
 * are drawn with what can be seen of them; the same pixels on every machine.
 * @throws {TransformError} if there is nothing to draw, or the data do not meet the frames; {RangeError} for wrong options.
 */
export function plot(data: readonly PlotSeries[], options: PlotOptions = {}): SeekableSource {
  const plan = planOf(data, options);
  const { info, index } = plan;
  const frames = new PlotFrames(plan);
  const at = (rank: number): IndexedFrame => {
    const stamp = index.stamp(rank);
    return { index: rank, ...stamp, image: frames.at(stamp.time) };
  };
  async function* run(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    const { start, count, step } = resolveRange(range, index.length);
    for (let i = 0; i < count; i++) yield at(start + i * step);
  }
  return {
    ...{ info, index, frames: run },
    frame: async (address) => at(index.locate(address)),
    describe: () => ({
      ...{ plot: options.kind ?? "line", mode: plan.mode },
      series: data.map(({ name, times }, i) => ({ name: name ?? String(i), values: times.length })),
    }),
    close: async () => {},
    [Symbol.asyncIterator]: () => run(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The whole chart as one picture, without a cursor. @throws as `plot` does. */
export function plotImage(data: readonly PlotSeries[], options: PlotOptions = {}): Image {
  return new PlotFrames(planOf(data, options)).whole();
}

function planOf(data: readonly PlotSeries[], options: PlotOptions): PlotPlan {
  checkOptions(options);
  const { kind = "line", theme = "light", ahead = 0, window = 10 } = options;
  const offset = options.offset === "start" ? (options.like?.index.timeRange?.min ?? 0) : options.offset;
  const series = data.map((one) => sortSeries(one, offset ?? 0));
  const span = rangeOf(series.map(({ times }) => times));
  if (!span) throw new TransformError("plot", "there are no data with a time");
  const index = options.like?.index ?? regularIndex(span, options);
  const times = timesOf(index, span, options.like !== undefined);
  const style: ChartStyle = {
    ...{ theme: themes[theme], colors: options.colors ?? themes[theme].series },
    ...{ lineWidth: options.lineWidth ?? 1.5, markerSize: options.markerSize ?? 5, bins: options.bins ?? 40 },
    map: colorMap(options.map ?? "viridis"),
  };
  const xLimits = options.xLimits && asRange(options.xLimits);
  const yLimits = options.yLimits && asRange(options.yLimits);
  const chart = makers[kind](series, style, {
    ...(xLimits && { x: xLimits }),
    ...(yLimits && { y: yLimits }),
  });
  const mode = options.mode ?? (options.window === undefined ? "cursor" : "scroll");
  const x = xLimits ?? chart.x ?? widened(times, 0);
  const { width = 640, height = 360 } = options;
  const axes = makeAxes(chart, options, { x, start: times.min, mode, map: style.map });
  const names = series.map(({ name }, i) => name ?? String(i));
  const hasLegend = options.legend ?? (series.length > 1 && series.some(({ name }) => name !== undefined));
  return {
    info: imageInfo(width, height, theme),
    ...{ index, chart, style, axes, mode, x, times, window, ahead },
    legend: hasLegend ? { names, at: options.legend || "top-right" } : undefined,
  };
}

function imageInfo(width: number, height: number, theme: ThemeName): ImageInfo {
  const isOver = theme === "transparent";
  return { width, height, channels: isOver ? 4 : 3, dtype: "uint8", color: isOver ? "bgra" : "bgr" };
}

function makeAxes(
  chart: Chart,
  options: PlotOptions,
  {
    x,
    start,
    mode,
    map,
  }: { readonly x: Range; readonly start: number; readonly mode: PlotMode; readonly map: Uint8Array },
): Axes {
  const { width = 640, height = 360, theme = "light", title, yLabel, zone = "UTC", window = 10 } = options;
  const style = options.times ?? (Math.abs(start) >= 1e8 ? "elapsed" : "seconds");
  const usual = chart.isOverTime && style !== "clock" ? "time (s)" : undefined;
  const xLabel = options.xLabel ?? usual;
  const scale = { style, start, zone };
  const y =
    options.yLimits && !chart.rows
      ? asRange(options.yLimits)
      : chart.y(mode === "scroll" ? window : undefined);
  return new Axes(
    {
      ...{ width, height, theme: themes[theme], title, yLabel, xLabel, grid: options.grid ?? true, y },
      ...{ rows: chart.rows, colors: chart.colors, map },
      fontSize:
        options.fontSize ?? Math.min(24, Math.max(10, Math.round(Math.min(width, height * 1.6) / 42))),
      xTicks: (range, count) =>
        chart.isOverTime ? timeTicks(range, count, scale) : numberTicks(range, count),
    },
    mode === "scroll" && chart.isOverTime ? { min: x.max - window, max: x.max } : x,
  );
}

function checkOptions(options: PlotOptions): void {
  const { kind = "line", mode, theme = "light", legend, width = 640, height = 360 } = options;
  const oneOf = (name: string, value: unknown, known: readonly string[]): void => {
    if (value !== undefined && value !== false && !known.includes(value as string)) {
      throw new RangeError(`plot: ${name} must be one of ${known.join(", ")}, got ${JSON.stringify(value)}`);
    }
  };
  oneOf("kind", kind, plotKinds);
  oneOf("mode", mode, plotModes);
  oneOf("theme", theme, themeNames);
  oneOf("legend", legend, anchors);
  oneOf("map", options.map, colorMapNames);
  oneOf("times", options.times, ["seconds", "elapsed", "clock"]);
  for (const name of ["fps", "duration", "window", "lineWidth", "markerSize", "bins", "fontSize"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`plot: ${name} must be a number above 0, got ${value}`);
    }
  }
  for (const [name, value] of [["width", width] as const, ["height", height] as const]) {
    if (Number.isInteger(value) && value >= 32 && width * height <= mostPixels) continue;
    throw new RangeError(`plot: ${name} must be an integer from 32, got ${value} (${width}x${height})`);
  }
  if (options.bins !== undefined && !(Number.isInteger(options.bins) && options.bins <= 100_000)) {
    throw new RangeError(`plot: bins must be an integer up to 100000, got ${options.bins}`);
  }
  for (const name of ["xLimits", "yLimits"] as const) {
    const limits = options[name];
    if (limits && !(limits[0] < limits[1] && Number.isFinite(limits[1] - limits[0]))) {
      throw new RangeError(`plot: ${name} must be two numbers, the lower first, got ${limits.join(", ")}`);
    }
  }
  if (typeof options.offset === "number" && !Number.isFinite(options.offset)) {
    throw new RangeError(`plot: offset must be a number of seconds or "start", got ${options.offset}`);
  }
  if ((options.ahead ?? 0) < 0 || (options.ahead ?? 0) > (options.window ?? 10)) {
    throw new RangeError(`plot: ahead must be from 0 to the window, got ${options.ahead}`);
  }
}

function asRange([min, max]: readonly [number, number]): Range {
  return { min, max };
}

/** Frames that no memory holds the times of are a mistake of units. */
const mostFrames = 1e8;

function regularIndex(span: Range, { fps = 25, start = span.min, duration }: PlotOptions): ColumnIndex {
  const seconds = duration ?? Math.max(0, span.max - start);
  // The last value is to be seen, too; a duration is what it says.
  const length = Math.max(
    1,
    duration === undefined ? Math.floor(seconds * fps + 1e-6) + 1 : Math.ceil(seconds * fps - 1e-6),
  );
  if (length > mostFrames) {
    const found = `${seconds} s at ${fps} frames a second are ${length} frames`;
    throw new TransformError("plot", `${found}; say the unit of the times, or a duration`);
  }
  return new ColumnIndex({ times: Float64Array.from({ length }, (_, i) => start + i / fps) });
}

function timesOf({ timeRange }: FrameIndex, data: Range, isLike: boolean): Range {
  if (!timeRange) {
    if (isLike) throw new TransformError("plot", "the frames that it is to go with have no times");
    return data;
  }
  if (isLike && (data.max < timeRange.min || data.min > timeRange.max)) {
    const [found, frames] = [data, timeRange].map(({ min, max }) => `${min} to ${max} s`);
    throw new TransformError(
      "plot",
      `the data are from ${found}, the frames from ${frames}; an offset can be given: "start" if they count from the first frame`,
    );
  }
  return timeRange;
}
