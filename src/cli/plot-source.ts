import type { SeekableSource } from "../core/stream.js";
import type { PlotOptions } from "../index.js";
import {
  checkOptions,
  choice,
  type OptionTable,
  real,
  several,
  text,
  whole,
} from "../transforms/option-kind.js";
import { UsageError } from "./exit.js";
import { readPlotData } from "./plot-data.js";

/** What may be said of a chart among other sources; a few of what "marey plot" takes. */
interface PlotSettings {
  readonly data: string;
  readonly kind?: "line" | "scatter" | "histogram" | "heat-map" | "raster";
  readonly columns?: readonly string[];
  readonly time?: string;
  readonly unit?: "s" | "ms" | "us" | "ns";
  readonly rate?: number;
  readonly offset?: number;
  readonly window?: number;
  readonly title?: string;
  readonly ylabel?: string;
  readonly height?: number;
  readonly theme?: "light" | "dark";
}

const table: OptionTable<PlotSettings> = {
  data: text("CSV, .npy or .npz file, or a store with extra data"),
  kind: choice("of chart", ["line", "scatter", "histogram", "heat-map", "raster"]),
  columns: several(text("what is drawn")),
  time: text("which column is the time"),
  unit: choice("of times that are numbers", ["s", "ms", "us", "ns"]),
  rate: real("samples a second of arrays that have no times", { above: 0 }),
  offset: real("seconds that are added to the times of the data"),
  window: real("seconds that move by at once", { above: 0 }),
  title: text("above the chart"),
  ylabel: text("beside the y axis"),
  height: whole("pixels", { least: 40 }),
  theme: choice("its colours", ["light", "dark"]),
};

/** Names of what `openPlot` takes, for the help. */
export const plotSettingNames = Object.keys(table).slice(1);

/** Whether a source is a chart: "plot:signals.csv", "plot:signals.csv,columns=a,window=10". */
export function isPlot(address: string): boolean {
  return address.startsWith("plot:");
}

/**
 * Opens a chart that goes with a film: as wide as that, a third as high, with its times.
 * @throws {UsageError} for options and columns that there are not.
 */
export async function openPlot(address: string, like: SeekableSource): Promise<SeekableSource> {
  const { parseOptions, plot } = await import("../index.js");
  try {
    const kind = { name: "plot", options: table, main: "data" };
    const given = parseOptions(address.slice("plot:".length), kind);
    const settings = checkOptions("plot", table, ["data"], given);
    const { data, columns, time, unit, rate, ylabel, height, ...chart } = settings;
    const { index, info } = like;
    const series = await readPlotData(data, { columns, time, unit, rate }, index);
    const options: PlotOptions = {
      ...chart,
      like,
      width: Math.max(160, info.width),
      height: height ?? Math.max(90, Math.round(info.height / 3)),
      ...(ylabel !== undefined && { yLabel: ylabel }),
    };
    return plot(series, options);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}
