import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { countOf } from "./output.js";

interface RepairCliOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

const help = `
Makes a store whole that a crash left half, in place: chunks that were not finished get their index from the journal
beside them, videos that were not closed become ordinary ones, lost metadata comes back from its copy. What is good is
not touched, what cannot be read is moved aside (.damaged). Chunks that Python's imgstore left without an index get
one with estimated numbers and times, and say so ("estimated" in the .npz). A repair that is interrupted can be run again.

A store whose writer is alive is left alone; --force is for a writer on another machine that is surely dead.

Exit code 0 if all is well now, 3 if something is left that cannot be mended (with --dry-run: if anything is wrong).
With --json one object: path, dryRun, steps (objects of path, found, action).

Examples:
  marey repair /data/day3 --dry-run
  marey repair /data/day3`;

export const repair: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<store>", "the store's folder")
      .option("-n, --dry-run", "say what is wrong and what would be done; change nothing")
      .option("--force", "take the lock from a writer that may be alive")
      .addHelpText("after", help)
      .action(async (path: string, options: RepairCliOptions) => finish(await run(path, options, context)));
  },
};

async function run(path: string, options: RepairCliOptions, context: Context): Promise<number> {
  const { repairStore } = await import("../index.js");
  const { dryRun = false, force = false } = options;
  const progress = context.progress(dryRun ? "looking" : "repairing", undefined, options);
  let done = 0;
  const report = await context
    .guard(() => repairStore(path, { dryRun, force, onStep: () => progress.update(++done) }))
    .finally(() => progress.end());
  const { steps } = report;
  const left = dryRun ? steps : steps.filter(({ action }) => action === undefined);
  if (options.json) await context.out.json({ path: report.path, dryRun, steps });
  else {
    for (const step of steps) {
      await context.out.line(`${step.path}: ${step.found}: ${step.action ?? "nothing can be done"}`);
    }
    const said = dryRun ? "would be done" : "done";
    const verdict = steps.length === 0 ? "nothing is wrong" : `${countOf(steps.length, "step")} ${said}`;
    if (!options.quiet) await context.out.line(`${report.path}: ${verdict}`);
  }
  return left.length === 0 ? exit.ok : exit.problems;
}
