import type { FrameNumber } from "../core/frame.js";
import { exactInteger } from "./address.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf } from "./output.js";

interface ReindexCommandOptions extends CommonOptions {
  readonly zero: FrameNumber;
}

const help = `
For cameras that are reset by a synchronising pulse while they record: exactly one frame has number 0 then. The frames
before it become ... -2, -1, in the order of the store; those after it keep their numbers. With --zero another number
becomes 0. Rows of extra data follow their frames, in Motif's JSON and HDF5 too; what a number was before stays beside
it, as _frame_number_before_reindex.

Nothing is lost if it is interrupted: the store is as it was, or the same command finishes it. With --json one object:
path, zeroIndex (rank of frame 0), changed (frames with a new number), left (files of extra data in which
rows keep their number: no frame has it, or several have).

Example:
  marey reindex store`;

export const reindex: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<store>", "the store")
      .option("--zero <number>", "which frame number becomes 0", parseNumber, 0)
      .addHelpText("after", help)
      .action(async (path: string, options: ReindexCommandOptions) =>
        finish(await run(path, options, context)),
      );
  },
};

function parseNumber(text: string): FrameNumber {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`"${text}" is no frame number`);
  return exactInteger(text.replace("+", ""));
}

async function run(path: string, options: ReindexCommandOptions, context: Context): Promise<number> {
  const { reindexStore } = await import("../index.js");
  const result = await context.guard(() => reindexStore(path, { zero: options.zero }));
  for (const file of result.left)
    context.note(`marey: ${file}: some rows keep their number, for no one frame has it`, options);
  if (options.json) await context.out.json({ path, ...result });
  else if (!options.quiet) {
    const { changed, zeroIndex } = result;
    await context.out.line(`${path}: frame ${zeroIndex} is number 0; ${countOf(changed, "number")} changed`);
  }
  return exit.ok;
}
