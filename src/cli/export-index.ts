import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { countOf } from "./output.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";
import { type FileOptions, giveLines } from "./written-file.js";

interface IndexOptions extends CommonOptions, FileOptions, SourceOptions {
  readonly clocks?: boolean;
}

const help = `
Prints frame numbers and times as CSV, or writes a FILE: .csv, .npz (NumPy arrays frame_number and frame_time), or, of a
store, .sqlite: the tables that Python's ImgStoreIndex.new_from_file reads, so that imgstore need not read all chunks.

--clocks adds, of a store that Marey recorded, what the clocks said of each frame (CSV and .npz): camera_number (the camera's
own count), camera_time (its clock), arrival_monotonic and arrival_utc (this machine's clocks when the frame was there), each
where it is known.

Examples:
  marey index video.mp4
  marey index store --clocks -o clocks.csv
  marey index store -o store/.index.sqlite`;

export const index: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .option("-o, --output <file>", "write a file; its name says of what kind")
      .option("--clocks", "what the clocks around the camera said, too")
      .option("--overwrite", "replace FILE if it exists")
      .addHelpText("after", help)
      .action(async (path: string, options: IndexOptions) => finish(await giveIndex(path, options, context)));
  },
};

async function giveIndex(path: string, options: IndexOptions, context: Context): Promise<number> {
  const { exportIndex, open } = await import("../index.js");
  await using source = await open(path, await openOptions(options, context));
  if (options.output === undefined) {
    const { clocksOfSource, indexLines } = await import("../store/export-index.js");
    const clocks = options.clocks ? await clocksOfSource(source) : undefined;
    await giveLines(indexLines(source.index, clocks), options, context);
    return exit.ok;
  }
  await context.guard(() =>
    exportIndex(source, options.output!, {
      ...(options.overwrite && { overwrite: true }),
      ...(options.clocks && { clocks: true }),
    }),
  );
  if (options.json) await context.out.json({ path, output: options.output, frames: source.index.length });
  else if (!options.quiet)
    await context.out.line(`${options.output}: ${countOf(source.index.length, "frame")}`);
  return exit.ok;
}
