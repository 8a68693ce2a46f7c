import { availableParallelism, totalmem } from "node:os";
import { Option } from "commander";
import { UnsupportedError } from "../core/errors.js";
import type { BayerPattern } from "../core/image.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import type { CameraQuestion } from "./doctor-cameras.js";
import type { Trial } from "./doctor-trials.js";
import { exit, UsageError } from "./exit.js";
import { formatBytes, table } from "./output.js";
import { parseLength } from "./record-units.js";
import { parseInteger, parsePositive } from "./selection.js";

interface DoctorOptions extends CommonOptions {
  readonly disk: string;
  readonly size?: string;
  readonly cameras?: number;
  readonly fps?: number;
  readonly color?: "gray" | "bgr" | BayerPattern;
  readonly format?: string;
  readonly preset?: string;
  readonly for?: string;
}

const help = `
Writes a moving test pattern with every store format and video codec, reads it back in shuffled order and compares:
what is told here works, on this machine, now. "missing" is a codec that this build does not have; "broken" is one
that gives something else than it was given, and makes the exit code 3.

With --json one object: node, platform, cpus, memoryBytes, ok, trials (objects of kind, name, result, detail).

With --cameras it says how many cameras this machine can take: it records synthetic ones in real time, each in a process of
its own as marey record does, on the disk that is named, and looks for lost frames, queues that grow, CPUs, delay (p95, from
the arrival of a frame until it is as safe as it gets), disk and memory. If they hold, more are tried, up to four times as
many; if not, the largest number and the highest rate that hold are looked for, and other formats. What the synthetic cameras
themselves cost is measured and told apart. Exit code 3 if the machine cannot take what was asked for. Nothing is left behind.

With --json one object: cpus, memoryBytes, asked, ok, trials (each with its format, written, losses by cause, waiting, cores,
otherCores, latencyP95 in seconds, byteRate, memory, holds), source (cores, share of frames that came), diskRate, cameras and
rate (value: the largest that holds; above: the smallest that does not), limit (cpu, encoder, disk, source, trouble or null)
and others, trials in other formats.

Examples:
  marey doctor --cameras 4 --size 1280x1024 --fps 60
  marey doctor --cameras 2 --size 1920x1080 --fps 30 --color bayer-rg --disk /data --for 1min --json`;

export const doctor: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .option("--disk <folder>", "whose speed is measured", ".")
      .option("--size <size>", "MB that are written for that (default: 128); with --cameras their pictures'")
      .option(
        "--cameras <count>",
        "how many cameras can be recorded? Tries so many, more, or fewer",
        parseInteger,
      )
      .option("--fps <rate>", "with --cameras: frames a second of each (default: 30)", parsePositive)
      .addOption(
        new Option("--color <name>", "with --cameras: of their frames (default: gray)").choices([
          ...["gray", "bgr", "bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"],
        ]),
      )
      .option("--format <name>", "with --cameras: store format (default: the usual one of such frames)")
      .option("--preset <name>", "with --cameras: of the encoder, ultrafast ... veryslow")
      .option("--for <length>", "with --cameras: how long each trial is (default: 10s)")
      .addHelpText("after", help)
      .action(async (options: DoctorOptions) => finish(await examine(options, context)));
  },
};

async function examine(options: DoctorOptions, context: Context): Promise<number> {
  if (options.cameras !== undefined) {
    const { examineCameras } = await import("./doctor-cameras.js");
    return examineCameras(await questionOf(options, options.cameras), options, context);
  }
  for (const name of ["fps", "color", "format", "preset", "for"] as const) {
    if (options[name] !== undefined) throw new UsageError(`--${name} goes with --cameras`);
  }
  const size = options.size === undefined ? 128 : parsePositive(options.size);
  const { tryDisk, tryEverything } = await import("./doctor-trials.js");
  const trials: Trial[] = [];
  const progress = context.progress("trying", undefined, options);
  try {
    for await (const trial of tryEverything(context.signal)) progress.update(trials.push(trial));
    trials.push(await tryDisk(options.disk, size * 1e6));
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

/** @throws {UsageError} if there can be no such cameras; {UnsupportedError} if no such format holds their pictures. */
async function questionOf(options: DoctorOptions, cameras: number): Promise<CameraQuestion> {
  const { size = "640x480", fps = 30, color = "gray", format, preset, disk } = options;
  const match = /^(\d+)x(\d+)$/.exec(size);
  if (!match) throw new UsageError(`with --cameras, --size is as 1280x1024, not "${size}"`);
  if (cameras < 1 || cameras > 64) throw new UsageError(`--cameras is from 1 to 64, not ${cameras}`);
  const seconds = parseLength(options.for ?? "10s");
  if (seconds < 1 || seconds > 3600) throw new UsageError("--for is from 1 second to an hour");
  const [{ builtInFormats, syntheticCamera, usualFormat }, { encoderSettings }, { storedPixels }] =
    await Promise.all([
      import("../index.js"),
      import("../store/chunk-format.js"),
      import("../store/stored-pixels.js"),
    ]);
  const question = {
    cameras,
    width: Number(match[1]),
    height: Number(match[2]),
    rate: fps,
    color,
    format,
    preset,
  };
  const { info } = syntheticCamera(question);
  const name = format ?? usualFormat(info);
  const found = builtInFormats.find((each) => each.name === name);
  const names = builtInFormats.map((each) => each.name);
  if (found === undefined) throw new UnsupportedError("store format", name, names);
  // A mosaic is stored as what its encoding says.
  const { stored } = storedPixels(info, found, name);
  encoderSettings(found, stored, preset === undefined ? {} : { preset });
  return { ...question, seconds, disk };
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
