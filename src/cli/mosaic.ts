import { basename, extname } from "node:path";
import { Option } from "commander";
import type { SeekableSource } from "../core/stream.js";
import type { Fit, Mosaic, MosaicOptions, MosaicSource } from "../index.js";
import type { ColorValue } from "../transforms/color-option.js";
import { color } from "../transforms/color-option.js";
import { checkOptions, choice, type OptionTable, real, text } from "../transforms/option-kind.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf, table } from "./output.js";
import { addOutputOptions, createOptions, type OutputOptions } from "./output-options.js";
import { isPlot, openPlot, plotSettingNames } from "./plot-source.js";
import { readTransforms } from "./read-transforms.js";
import { parseInteger, parsePositive } from "./selection.js";
import { shareOf } from "./several-sources.js";
import { addTransformOption, type TransformOption } from "./source-options.js";
import { writeFrames } from "./write-frames.js";

interface MosaicCommandOptions extends CommonOptions, OutputOptions, TransformOption {
  readonly out?: string;
  readonly layout?: "grid" | "row" | "column";
  readonly columns?: number;
  readonly rows?: number;
  readonly cell?: { readonly cellWidth?: number; readonly cellHeight?: number };
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  readonly fit?: Fit;
  readonly border?: number;
  readonly padding?: number;
  readonly background?: ColorValue;
  readonly titles?: string;
  readonly source: readonly string[];
  readonly by?: "time" | "index" | "number";
  readonly clock?: "shared" | "start";
  readonly damage?: "throw" | "blank";
}

const help = `
Sources are stores, videos, image folders, arrays and single pictures, of any size and rate. By time (the default) each
shows at every instant what was on its screen; where they were never running at once, all begin at 0. --source says more of
one of them, by its rank (0 is the first):
  --source 1:offset=2.5,after=blank      starts 2.5 s later, and its cell is blank when it is over
options: title, offset (seconds; by index frames), speed (2 is twice as fast), fps (instead of its own times),
after (hold, blank, loop, stop), before (blank, hold), fit (contain, cover, stretch, none).

A source "plot:DATA" is a chart that goes with the first film: DATA as for "marey plot", and behind it, with commas between,
${plotSettingNames.join("=, ")}=.

--titles takes a list ("left,right"), or "names" for the names of the files. -t bends the whole mosaic: a scale bar, a text.
Without -o: how large it is, where each source stands and how many frames there are. With --json one object: output,
width, height, frames, seconds, cells.

Examples:
  marey mosaic left.mp4 right.mp4 -o both.mp4 --layout row --titles left,right
  marey mosaic cam1 cam2 cam3 cam4 -o all.mp4 --titles names --max-width 1920 --padding 4
  marey mosaic fly.mp4 plot:signals.csv -o signals.mp4 --layout column
  marey mosaic fly.mp4 logo.png -o talk.mp4 --layout column --source 0:speed=0.25 -t "text:{time:.2f} s,at=bottom-right"`;

export const mosaic: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addOutputOptions(addTransformOption(command)))
      .argument("<sources...>", "stores, videos, image folders, arrays, pictures")
      .option("-o, --out <path>", "a store, a video, pictures, an array; as for marey convert")
      .addOption(
        new Option("--layout <layout>", "how they stand (default: grid)").choices(["grid", "row", "column"]),
      )
      .option("--columns <count>", "of a grid", parseInteger)
      .option("--rows <count>", "of a grid", parseInteger)
      .option("--cell <width>x<height>", "pixels of each cell (default: the largest source)", parseCell)
      .option("--max-width <pixels>", "all is made smaller until it fits", parseInteger)
      .option("--max-height <pixels>", "all is made smaller until it fits", parseInteger)
      .addOption(
        new Option("--fit <how>", "how pictures fit their cells (default: contain)").choices([
          ...["contain", "cover", "stretch", "none"],
        ]),
      )
      .option("--border <pixels>", "around all", parseInteger)
      .option("--padding <pixels>", "between cells", parseInteger)
      .option("--background <color>", "behind all (default: black)", parseColor)
      .option("--titles <list>", 'above the cells: "left,right", or "names"')
      .option(
        "--source <rank:options>",
        "more about one source; may be given again",
        (given: string, before: readonly string[]) => [...before, given],
        [],
      )
      .addOption(
        new Option("--by <key>", "what brings frames together (default: time)").choices([
          ...["time", "index", "number"],
        ]),
      )
      .addOption(
        new Option("--clock <clock>", "one for all, or each starts at 0").choices(["shared", "start"]),
      )
      .option("--fps <rate>", "frames a second (default: those of the quickest source)", parsePositive)
      .addOption(
        new Option("--damage <what>", "a damaged frame ends it, or is blank (default: throw)").choices([
          ...["throw", "blank"],
        ]),
      )
      .addHelpText("after", help)
      .action(async (paths: string[], options: MosaicCommandOptions) =>
        finish(await run(paths, options, context)),
      );
  },
};

function parseCell(given: string): { cellWidth?: number; cellHeight?: number } {
  const [, width, height] = /^(\d+)?x(\d+)?$/.exec(given) ?? [];
  if (width === undefined && height === undefined)
    throw new UsageError(`"${given}" is no size such as 640x480`);
  return {
    ...(width !== undefined && { cellWidth: Number(width) }),
    ...(height !== undefined && { cellHeight: Number(height) }),
  };
}

function parseColor(given: string): ColorValue {
  const kind = color("");
  try {
    return kind.check(kind.parse(given));
  } catch (error) {
    throw new UsageError(`--background ${(error as Error).message}, got ${given}`);
  }
}

type SourceSettings = Omit<MosaicSource, "source">;

const sourceTable: OptionTable<SourceSettings> = {
  title: text("above it"),
  offset: real("seconds that it starts later; by index frames"),
  speed: real("how many times faster it runs", { above: 0 }),
  fps: real("frames a second, instead of its own times", { above: 0 }),
  after: choice("behind its last frame", ["hold", "blank", "loop", "stop"]),
  before: choice("before its first frame", ["blank", "hold"]),
  fit: choice("how it fits its cell", ["contain", "cover", "stretch", "none"]),
};

/** What --titles and --source say of each source. */
async function settingsOf(
  paths: readonly string[],
  { titles, source }: MosaicCommandOptions,
): Promise<SourceSettings[]> {
  const { parseOptions } = await import("../index.js");
  const named =
    titles === "names" ? paths.map((path) => basename(path, extname(path))) : (titles?.split(",") ?? []);
  if (named.length > paths.length) {
    throw new UsageError(`${named.length} titles for ${paths.length} sources`);
  }
  const settings: SourceSettings[] = paths.map((_, at) => (named[at] ? { title: named[at].trim() } : {}));
  for (const given of source) {
    const [, rank, rest] = /^(\d+):(.*)$/s.exec(given) ?? [];
    if (rank === undefined || Number(rank) >= paths.length) {
      throw new UsageError(`--source ${given}: begins with a rank from 0 to ${paths.length - 1} and a colon`);
    }
    try {
      const kind = { name: `--source ${rank}`, options: sourceTable };
      const found = checkOptions(kind.name, sourceTable, [], parseOptions(rest!, kind));
      settings[Number(rank)] = { ...settings[Number(rank)], ...found };
    } catch (error) {
      throw new UsageError((error as Error).message, { cause: error });
    }
  }
  return settings;
}

function mosaicOptions(options: MosaicCommandOptions, onDamage: () => void): MosaicOptions {
  const { layout, columns, rows, cell, maxWidth, maxHeight, fit, border, padding } = options;
  const { background, by, clock, fps, damage } = options;
  const given = { layout, columns, rows, ...cell, maxWidth, maxHeight, fit, border, padding };
  const all = { ...given, background, by, clock, fps, damage, onDamage };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function openAll(
  paths: readonly string[],
  settings: readonly SourceSettings[],
  options: MosaicOptions,
  { signal }: Context,
): Promise<Mosaic> {
  const { mosaic: make, open } = await import("../index.js");
  const opened: SeekableSource[] = [];
  try {
    for (const path of paths)
      if (!isPlot(path)) opened.push(await open(path, { signal, ...shareOf(paths.length) }));
    const first = opened[0];
    if (first === undefined) throw new UsageError("a chart goes with a film: name one, too");
    let next = 0;
    const all: SeekableSource[] = [];
    for (const path of paths) all.push(isPlot(path) ? await openPlot(path, first) : opened[next++]!);
    return make(
      all.map((source, at) => ({ source, ...settings[at] })),
      options,
    );
  } catch (error) {
    await Promise.allSettled(opened.map((source) => source.close()));
    throw error;
  }
}

async function run(
  paths: readonly string[],
  options: MosaicCommandOptions,
  context: Context,
): Promise<number> {
  const transforms = await readTransforms(options.transform);
  const settings = await settingsOf(paths, options);
  let damaged = 0;
  await using all = await openAll(
    paths,
    settings,
    mosaicOptions(options, () => damaged++),
    context,
  );
  const { bend } = await import("../index.js");
  const source = bend(all, ...transforms);
  if (options.out === undefined) await describe(all, source, options, context);
  else await write(all, source, options.out, options, context);
  if (damaged > 0) context.note(`marey: ${countOf(damaged, "frame")} could not be read, and is blank`, {});
  return damaged > 0 ? exit.partly : exit.ok;
}

function facts({ cells }: Mosaic, { info, index }: SeekableSource): Record<string, unknown> {
  return { width: info.width, height: info.height, frames: index.length, cells };
}

async function describe(
  all: Mosaic,
  source: SeekableSource,
  { json }: MosaicCommandOptions,
  { out }: Context,
): Promise<void> {
  if (json) return out.json(facts(all, source));
  const { info, index } = source;
  const rows = all.cells.map(({ left, top, width, height }, at): [string, string] => [
    all.aligned.names[at]!,
    `${width}x${height} at ${left},${top}`,
  ]);
  await out.line(
    table([["mosaic", `${info.width}x${info.height}, ${countOf(index.length, "frame")}`], ...rows]),
  );
}

async function write(
  all: Mosaic,
  source: SeekableSource,
  output: string,
  options: MosaicCommandOptions,
  context: Context,
): Promise<void> {
  const total = source.index.length;
  const create = createOptions(source.info, source.index, options);
  const writing = { label: "mosaic", started: performance.now(), total };
  const written = await writeFrames(source, output, create, writing, options, context);
  if (options.json) await context.out.json({ output, ...facts(all, source), ...written });
}
