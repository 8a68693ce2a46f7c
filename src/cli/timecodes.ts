import { timecodeLines } from "../core/timecodes.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";
import { type FileOptions, giveLines } from "./written-file.js";

interface TimecodesOptions extends CommonOptions, FileOptions, SourceOptions {}

const help = `
Prints when each frame is shown, in milliseconds from the first, as mkvmerge takes it ("timecode format v2"): with it an
evenly spaced video gets the times of the store that it was made of.

Example:
  marey timecodes store -o times.txt
  mkvmerge -o true-times.mkv --timestamps 0:times.txt video.mp4`;

export const timecodes: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .option("-o, --output <file>", "write a file")
      .option("--overwrite", "replace FILE if it exists")
      .addHelpText("after", help)
      .action(async (path: string, options: TimecodesOptions) =>
        finish(await giveTimecodes(path, options, context)),
      );
  },
};

async function giveTimecodes(path: string, options: TimecodesOptions, context: Context): Promise<number> {
  const { open } = await import("../index.js");
  await using source = await open(path, await openOptions(options, context));
  await giveLines(timecodeLines(source.index), options, context);
  return exit.ok;
}
