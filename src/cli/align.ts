import { basename, resolve } from "node:path";
import { Option } from "commander";
import type { SeekableSource } from "../core/stream.js";
import type { SideBySide, SideBySideOptions } from "../index.js";
import { csvTable, jsonTable } from "./align-table.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf, formatCount, table } from "./output.js";
import { addOutputOptions, createOptions, type OutputOptions } from "./output-options.js";
import { addPairingOptions, type PairingOptions, pairingOptions } from "./pairing-options.js";
import { parsePositive } from "./selection.js";
import { shareOf } from "./several-sources.js";
import { writeFrames } from "./write-frames.js";

interface AlignCommandOptions extends CommonOptions, OutputOptions, PairingOptions {
  readonly out?: string;
  readonly table?: boolean;
  readonly reference?: string;
  readonly layout?: "row" | "column" | "grid";
  readonly damage?: "throw" | "black";
  readonly outside?: boolean;
}

const help = `
Sources are stores, videos, image folders and arrays, of any size and rate; they are called after their files. One
store alone is opened with the cameras that it lists under extra_cameras, as "master" and by their folders' names.

Each frame of the first source is a row (--reference takes another one, by name or rank, or "union": every number or
time that any source has). From each other source goes with it
  by number            the frame with the same number; of a number's second frame the second, and so on
  by index             the frame of the same rank, whatever its number and time
  by time              the nearest frame; with --past the last one that is not later
and --policy says what becomes of a row for which a source has none: drop leaves the row out, hold shows the frame
of the row before, black shows none. A frame that is farther off than --tolerance does not count: 5ms, 0.1s, a
number of frames, or "any". Default: 3/4 of the usual distance of that source's frames, for --past 3/2 of it.

Without -o and --table: how many frames go together. -o writes them side by side, unscaled; its name says what, as
for "marey convert". --table prints the rows as CSV, --json as one object a line: row, number, time, and for each
source index, number, time and held (1: it stays from an earlier row), or nothing. With -o, --json prints one
object: inputs, output, frames, damaged, seconds, sources. Extra data stays where it is.

Examples:
  marey align left right -o both.mp4 --by time --policy hold
  marey align top side front --table > pairs.csv
  marey align left right --by time --past --tolerance 5ms -o both --format png`;

export const align: CliCommand = {
  define(command, context, finish) {
    addPairingOptions(
      addCommonOptions(addOutputOptions(command)),
      "for rows with missing frames (default: drop)",
      "number",
    )
      .argument(
        "<sources...>",
        "two or more stores, videos, image folders or arrays; or one multi-camera store",
      )
      .option("-o, --out <path>", "write the frames side by side into a store, a video, pictures, an array")
      .option("--table", "print which frames go together, as CSV")
      .option("--reference <source>", "whose frames the rows are: a name, a rank or union (default: 0)")
      .addOption(
        new Option("--layout <layout>", "how pictures stand (default: row)").choices([
          "row",
          "column",
          "grid",
        ]),
      )
      .addOption(
        new Option("--damage <what>", "a damaged frame ends it, or is black (default: throw)").choices([
          "throw",
          "black",
        ]),
      )
      .option("--outside", "a multi-camera store may list stores that lie outside its own parent folder")
      .option("--fps <rate>", "frames a second of a video (default: the reference's)", parsePositive)
      .addHelpText("after", help)
      .action(async (paths: string[], options: AlignCommandOptions) =>
        finish(await run(paths, options, context)),
      );
  },
};

async function run(
  paths: readonly string[],
  options: AlignCommandOptions,
  context: Context,
): Promise<number> {
  let damaged = 0;
  await using source = await openSources(
    paths,
    { ...alignOptions(options, () => damaged++), ...(options.outside && { outside: true }) },
    context,
  );
  if (options.out !== undefined) await write(source, paths, options.out, options, context, () => damaged);
  else if (options.table || options.json) await printTable(source, options, context);
  else await context.out.line(describeRows(source));
  if (damaged > 0) context.note(`marey: ${countOf(damaged, "frame")} could not be read, and is black`, {});
  return damaged > 0 ? exit.partly : exit.ok;
}

function alignOptions(options: AlignCommandOptions, onDamage: () => void): SideBySideOptions {
  const { reference, layout, damage } = options;
  return {
    onDamage,
    ...pairingOptions(options),
    ...(reference !== undefined && { reference: /^\d+$/.test(reference) ? Number(reference) : reference }),
    ...(layout && { layout }),
    ...(damage && { damage }),
  };
}

async function openSources(
  paths: readonly string[],
  options: SideBySideOptions & { readonly outside?: boolean },
  { signal }: Context,
): Promise<SideBySide> {
  const { open, openStores, sideBySide } = await import("../index.js");
  if (paths.length === 1) {
    const stores = await openStores(paths[0]!, options);
    if (stores.names.length > 1) return stores;
    await stores.close();
    throw new UsageError(`${paths[0]} lists no other cameras: name the sources that go with it, too`);
  }
  const opened: (readonly [string, SeekableSource])[] = [];
  try {
    for (const path of paths)
      opened.push([basename(resolve(path)), await open(path, { signal, ...shareOf(paths.length) })]);
    return sideBySide(opened, options);
  } catch (error) {
    await Promise.allSettled(opened.map(([, source]) => source.close()));
    throw error;
  }
}

async function write(
  source: SideBySide,
  inputs: readonly string[],
  output: string,
  options: AlignCommandOptions,
  context: Context,
  damaged: () => number,
): Promise<void> {
  if (source.index.length === 0) {
    throw new UsageError(
      "no frames go together, so there is nothing to write; see --by, --tolerance and --policy",
    );
  }
  const total = source.index.length;
  const create = createOptions(source.info, source.index, options);
  const writing = { label: "aligning", started: performance.now(), total };
  const { frames, seconds } = await writeFrames(source, output, create, writing, options, context);
  if (!options.json) return;
  const { sources } = source.describe();
  await context.out.json({ inputs, output, frames, damaged: damaged(), seconds, sources });
}

async function printTable({ aligned }: SideBySide, { json }: AlignCommandOptions, { out, signal }: Context) {
  const { head, line } = json ? jsonTable(aligned) : csvTable(aligned);
  if (head !== undefined) await out.line(head);
  for (let row = 0; row < aligned.index.length; row++) {
    signal.throwIfAborted();
    await out.line(line(row));
  }
}

function describeRows({ aligned, names, index }: SideBySide): string {
  const { frames, held } = aligned.alignment;
  const rows = names.map((name, at): [string, string] => {
    const stays = held[at]!.reduce((sum, isHeld) => sum + isHeld, 0);
    const none = frames[at]!.reduce((sum, rank) => sum + (rank < 0 ? 1 : 0), 0);
    const has = index.length - stays - none;
    const rest = [
      ...(stays > 0 ? [`${formatCount(stays)} held`] : []),
      ...(none > 0 ? [`${formatCount(none)} missing`] : []),
    ];
    const of = countOf(aligned.sources[at]!.index.length, "frame");
    return [name, [`${of}, in ${countOf(has, "row")}`, ...rest].join(", ")];
  });
  return table([["rows", formatCount(index.length)], ...rows]);
}
