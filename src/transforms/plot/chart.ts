import type { Axes } from "./axes.js";
import type { Canvas } from "./canvas.js";
import type { Range, SortedSeries } from "./series.js";
import type { Theme } from "./theme.js";

export const plotKinds = ["line", "scatter", "histogram", "heat-map", "raster"] as const;
export type PlotKind = (typeof plotKinds)[number];

/** How data are drawn. */
export interface ChartStyle {
  readonly theme: Theme;
  readonly colors: readonly string[];
  /** Pixels. */
  readonly lineWidth: number;
  /** Pixels across. */
  readonly markerSize: number;
  readonly bins: number;
  /** Red, green and blue of the 256 levels of a heat map. */
  readonly map: Uint8Array;
}

/** One kind of chart with its data. */
export interface Chart {
  /** True if the x axis is the time of the frames. */
  readonly isOverTime: boolean;
  /** What the data take on the x axis; undefined for charts over time. */
  readonly x: Range | undefined;
  /** What the data take on the y axis. @param window seconds that are shown at once; undefined: all. */
  y(window: number | undefined): Range;
  /** Names of rows, for charts of rows. */
  readonly rows?: readonly string[];
  /** Values of the colours, for heat maps. */
  readonly colors?: Range;
  /** What the legend shows: a line, a dot, a block; undefined: none. */
  readonly legend: "line" | "dot" | "block" | undefined;
  /**
   * Draws the data of some time.
   * @param x what the x axis shows.
   * @param times from when (with it) to when (with it); charts over time draw what `x` shows of them.
   */
  draw(canvas: Canvas, axes: Axes, x: Range, times: Range): void;
  /** Shows what is at one instant, for charts that are not over time. */
  mark?(canvas: Canvas, axes: Axes, x: Range, time: number): void;
}

/** What the axes are told to show. */
export interface ChartLimits {
  readonly x?: Range;
  readonly y?: Range;
}

export type ChartMaker = (series: readonly SortedSeries[], style: ChartStyle, limits: ChartLimits) => Chart;
