import { Option } from "commander";
import type { ArraysOptions, PlotOptions } from "../index.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { createOptions } from "./output-options.js";
import { readPlotData } from "./plot-data.js";
import { parseInteger, parsePositive } from "./selection.js";
import { writeFrames } from "./write-frames.js";

interface PlotCommandOptions extends CommonOptions, Omit<PlotOptions, "like" | "width" | "height" | "start"> {
  readonly out: string;
  readonly like?: string;
  readonly columns?: readonly string[];
  readonly x?: string;
  readonly time?: string;
  readonly unit?: NonNullable<ArraysOptions["unit"]>;
  readonly rate?: number;
  readonly size?: readonly [number, number];
  readonly format?: string;
  readonly quality?: number;
  readonly chunkSize?: number;
  readonly overwrite?: boolean;
}

const help = `
DATA is a CSV file (RFC 4180 with a header; semicolons and tabs are recognised), an .npy or .npz file, or a store, whose
extra data are drawn. The time is the column --time, else frame_time, time, timestamp, t, seconds or date; numbers are
seconds (--unit), texts ISO 8601 dates. Arrays without one take --rate samples a second, or the times of --like if it has
as many frames. --columns says what is drawn; without it everything that is a number.

With --like the frames have the numbers and times of that video or store, so that both can be shown together; its clock
must be that of the data, or --offset say how many seconds to add to those (start: they count from the first frame). Without, there are --fps frames a second.

--window 10 lets 10 seconds move by (--ahead 3 of them to come); else the whole chart stands still and a line shows where
now is; with --mode grow it is drawn up to now. OUT is what "marey convert" writes: a video, a store, numbered pictures; a
picture without a counter (chart.png) shows the whole chart, once.

Kinds: line, scatter (--x names the column of its x axis), histogram, heat-map (a row for each column), raster (a row of
events for each column, where it is neither 0 nor empty). --theme transparent makes BGRA, for pictures and stores.
With --json one object: data, output, frames, series, seconds.

Examples:
  marey plot temperature.csv -o chart.png --title "Session 12" --ylabel "temperature (°C)"
  marey plot store -o signals.mp4 --like store --columns temperature,humidity --window 10
  marey plot spikes.csv -o raster.mp4 --kind raster --time t --unit ms --like video.mp4 --mode grow
  marey plot trace.npy --rate 1000 -o trace.mp4 --fps 30 --size 1280x240`;

export const plot: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<data>", "CSV, .npy or .npz file, or a store with extra data")
      .requiredOption("-o, --out <path>", "what to write; its name says what it becomes")
      .option("--like <source>", "a video or store whose frames these go with")
      .addOption(
        new Option("--kind <kind>", "of chart (default: line)").choices([
          "line",
          "scatter",
          "histogram",
          "heat-map",
          "raster",
        ]),
      )
      .option("--columns <names>", "what is drawn, with commas between", parseNames)
      .option("--x <column>", "x axis of a scatter chart (default: the time)")
      .option("--time <column>", "which column is the time (default: found by its name)")
      .addOption(
        new Option("--unit <unit>", "of times that are numbers (default: s)").choices([
          "s",
          "ms",
          "us",
          "ns",
        ]),
      )
      .option("--rate <hz>", "samples a second of arrays that have no times", parsePositive)
      .option("--offset <seconds>", "added to the times of the data; start: of the first frame", parseOffset)
      .addOption(
        new Option("--mode <mode>", "how it moves (default: scroll with --window, else cursor)").choices([
          "cursor",
          "scroll",
          "grow",
        ]),
      )
      .option("--window <seconds>", "how much moves by at once", parsePositive)
      .option("--ahead <seconds>", "how much of the window is to come (default: 0)", parseNumber)
      .option("--fps <rate>", "frames a second (default: those of --like, else 25)", parsePositive)
      .option("--duration <seconds>", "how long (default: all data)", parsePositive)
      .option("--size <width>x<height>", "pixels (default: 640x360)", parseSize)
      .option("--title <text>", "above the chart")
      .option("--xlabel <text>", "below the x axis")
      .option("--ylabel <text>", "beside the y axis")
      .option("--xlim <low,high>", "what the x axis shows (default: all)", parseLimits)
      .option(
        "--ylim <low,high>",
        "what the y axis shows, or the colours of a heat map (default: all)",
        parseLimits,
      )
      .option("--legend <place>", "top-right, bottom-left ... or none (default: top-right if several)")
      .option("--colors <list>", "of the curves, with commas between", parseNames)
      .addOption(
        new Option("--theme <name>", "colours (default: light)").choices(["light", "dark", "transparent"]),
      )
      .addOption(
        new Option("--times <style>", "how times are written (default: by the data)").choices([
          "seconds",
          "elapsed",
          "clock",
        ]),
      )
      .option("--zone <name>", "of --times clock: Europe/Paris, +02:00 (default: UTC)")
      .option("--line-width <pixels>", "(default: 1.5)", parsePositive)
      .option("--marker-size <pixels>", "of the dots of a scatter chart (default: 5)", parsePositive)
      .option("--bins <count>", "of a histogram (default: 40)", parseInteger)
      .option("--map <name>", "colours of a heat map: viridis, magma, turbo, gray ... (default: viridis)")
      .option("--font-size <pixels>", "(default: by the size)", parsePositive)
      .option("--no-grid", "without lines behind the data")
      .option("--format <name>", "store format: png, npy, avc1/mp4 ...")
      .option("--chunk-size <frames>", "frames in each chunk of a store", parseInteger)
      .option("--quality <value>", 'as for "marey convert"', parsePositive)
      .option("--overwrite", "replace OUT if it exists")
      .addHelpText("after", help)
      .action(async (data: string, options: PlotCommandOptions) => finish(await run(data, options, context)));
  },
};

function parseNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`"${text}" is not a number`);
  return value;
}

function parseOffset(text: string): number | "start" {
  return text === "start" ? text : parseNumber(text);
}

function parseSize(text: string): [number, number] {
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/.exec(text) ?? [];
  if (width === undefined) throw new UsageError(`"${text}" is no size such as 640x360`);
  return [Number(width), Number(height)];
}

function parseLimits(text: string): [number, number] {
  const [low, high, more] = text.split(",").map(parseNumber);
  if (high === undefined || more !== undefined) {
    throw new UsageError(`"${text}" are no limits such as 0,10`);
  }
  return [low!, high];
}

async function run(data: string, options: PlotCommandOptions, context: Context): Promise<number> {
  const { kindOfName, open, plot: draw, plotImage, stillPicture } = await import("../index.js");
  const started = performance.now();
  const kind = kindOfName(options.out, options);
  await using like =
    options.like === undefined ? undefined : await open(options.like, { signal: context.signal });
  const series = await readPlotData(data, options, like?.index).catch(asUsage);
  const charted: PlotOptions = { ...plotOptions(options), ...(like && { like }) };
  const isOne = kind === "images" && !/%0?\d*d/.test(options.out);
  const source = await Promise.resolve()
    .then(() => (isOne ? stillPicture(plotImage(series, charted)) : draw(series, charted)))
    .catch(asUsage);
  const { format, quality, chunkSize, overwrite, fps } = options;
  const given = { format, quality, chunkSize, overwrite, fps };
  const create = { ...createOptions(source.info, source.index, given), kind };
  const writing = { label: "drawing", started, total: source.index.length };
  const { frames, seconds } = await writeFrames(source, options.out, create, writing, options, context);
  const names = series.map(({ name }) => name);
  if (options.json) await context.out.json({ data, output: options.out, frames, series: names, seconds });
  return exit.ok;
}

/** A wrong option or column is a wrong command line. */
function asUsage(error: unknown): never {
  throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
}

function plotOptions(options: PlotCommandOptions): PlotOptions {
  const { out, like, columns, x, time, unit, rate, size, format, quality, chunkSize, ...rest } = options;
  const { overwrite, json, quiet, xlabel, ylabel, xlim, ylim, legend, ...chart } = rest as typeof rest & {
    readonly xlabel?: string;
    readonly ylabel?: string;
    readonly xlim?: [number, number];
    readonly ylim?: [number, number];
  };
  return {
    ...chart,
    ...(size && { width: size[0], height: size[1] }),
    ...(xlabel !== undefined && { xLabel: xlabel }),
    ...(ylabel !== undefined && { yLabel: ylabel }),
    ...(xlim && { xLimits: xlim }),
    ...(ylim && { yLimits: ylim }),
    ...(legend !== undefined && { legend: (legend as string) === "none" ? false : legend }),
  };
}
