import { availableParallelism, totalmem } from "node:os";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import type { Trial } from "./doctor-trials.js";
import { exit } from "./exit.js";
import { formatBytes, table } from "./output.js";
import { parsePositive } from "./selection.js";

interface DoctorOptions extends CommonOptions {
  readonly disk: string;
  readonly size: number;
}

const help = `
Writes a moving test pattern with every store format and video codec, reads it back in shuffled order and compares:
what is told here works, on this machine, now. "missing" is a codec that this build does not have; "broken" is one
that gives something else than it was given, and makes the exit code 3.

With --json one object: node, platform, cpus, memoryBytes, ok, trials (objects of kind, name, result, detail).`;

export const doctor: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .option("--disk <folder>", "whose speed is measured", ".")
      .option("--size <MB>", "how much is written for that", parsePositive, 128)
      .addHelpText("after", help)
      .action(async (options: DoctorOptions) => finish(await examine(options, context)));
  },
};

async function examine(options: DoctorOptions, context: Context): Promise<number> {
  const { tryDisk, tryEverything } = await import("./doctor-trials.js");
  const trials: Trial[] = [];
  const progress = context.progress("trying", undefined, options);
  try {
    for await (const trial of tryEverything(context.signal)) progress.update(trials.push(trial));
    trials.push(await tryDisk(options.disk, options.size * 1e6));
  } finally {
    progress.end();
  }
  const ok = trials.every(({ result }) => result !== "broken");
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
  };
  if (options.json) await context.out.json({ ...machine, ok, trials });
  else await context.out.line(render(machine, trials));
  return ok ? exit.ok : exit.problems;
}

function render(
  machine: { node: string; platform: string; cpus: number; memoryBytes: number },
  trials: readonly Trial[],
): string {
  const { node, platform, cpus, memoryBytes } = machine;
  return [
    `Node ${node}, ${platform}, ${cpus} CPUs, ${formatBytes(memoryBytes)} of memory`,
    "",
    table(
      trials.map(({ kind, name, result, detail }) => [
        `${kind.padEnd(12)}  ${name}`,
        `${result.padEnd(7)}  ${detail}`,
      ]),
    ),
  ].join("\n");
}
