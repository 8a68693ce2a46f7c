import type { CliCommand } from "./context.js";
import { addMakingOptions, type ConvertCommandOptions, convertOptions } from "./convert-options.js";
import { readPresets } from "./convert-preset.js";
import { convertOne } from "./convert-run.js";
import { UsageError } from "./exit.js";

const help = `
START..STOP is a range of frames; STOP is not included, and either may be left out. Both take the addresses that
"marey help frame" lists: 100..200, 00:01:00..00:02:00, "#500..", 50%..100%.
All else is as "marey help convert" says. --copy cuts a video without encoding it anew, from the keyframe at or before
START on, and says which that is; --copy exact refuses if it is another frame.

Examples:
  marey clip film.mp4 00:10:00..00:10:30 part.mp4 --copy
  marey clip store "#81200..#81400" trial --format png
  marey clip film.mp4 100..200 "out/%04d.png"`;

export const clip: CliCommand = {
  define(command, context, finish) {
    addMakingOptions(command)
      .argument("<in>", "store, video, image folder or pattern, array, URL")
      .argument("<start..stop>", "which frames")
      .argument("<out>", "what to write; its name says what it becomes")
      .addHelpText("after", help)
      .action(async (input: string, range: string, output: string, given: ConvertCommandOptions) => {
        await readPresets(command, given.preset);
        const options = { ...command.opts<ConvertCommandOptions>(), ...spanOf(range) };
        finish(await convertOne({ input, output }, await convertOptions(options, context), options, context));
      });
  },
};

function spanOf(range: string): { readonly start?: string; readonly stop?: string } {
  const at = range.indexOf("..");
  if (at < 0) throw new UsageError(`"${range}" is no range: START..STOP, as 100..200 or 00:01:00..00:02:00`);
  const [start, stop] = [range.slice(0, at).trim(), range.slice(at + 2).trim()];
  return { ...(start !== "" && { start }), ...(stop !== "" && { stop }) };
}
