import type { FrameIndex } from "../core/frame-index.js";
import { describeImage } from "../core/image.js";
import { summarizeStamps } from "../core/stamp-summary.js";
import type { SeekableSource } from "../core/stream.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { toJson } from "./json.js";
import { countOf, formatSeconds, table } from "./output.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";

interface InfoOptions extends CommonOptions, SourceOptions {}

const help = `
With --json one object: path, kind (store, video, images, array or recording), frames, width, height, channels, dtype, color,
firstNumber, lastNumber (in the source's order), minNumber, maxNumber, missingNumbers (numbers between the lowest and
the highest that no frame has), firstTime, lastTime (seconds; since 1970 where the source knows the date), seconds
(from the earliest to the latest frame), rate (frames a second, of frames at the usual distance), and source:
what else it says of itself (codec, container, chunks, metadata ...).`;

export const info: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .addHelpText("after", help)
      .action(async (path: string, options: InfoOptions) => finish(await printInfo(path, options, context)));
  },
};

async function printInfo(path: string, options: InfoOptions, context: Context): Promise<number> {
  const { open, sniff } = await import("../index.js");
  const kind = await sniff(path);
  await using source = await open(path, await openOptions(options, context));
  const facts = gatherInfo(path, kind, source);
  if (options.json) await context.out.json(facts);
  else await context.out.line(renderInfo(facts, source));
  return exit.ok;
}

type Facts = ReturnType<typeof gatherInfo>;

function gatherInfo(path: string, kind: string, source: SeekableSource) {
  const { index, info } = source;
  const stamps = summarizeStamps(index);
  return {
    path,
    kind,
    frames: index.length,
    ...info,
    firstNumber: index.length > 0 ? index.number(0) : null,
    lastNumber: index.length > 0 ? index.number(index.length - 1) : null,
    minNumber: index.numberRange?.min ?? null,
    maxNumber: index.numberRange?.max ?? null,
    missingNumbers: stamps.missingNumbers,
    firstTime: index.length > 0 ? index.time(0) : null,
    lastTime: index.length > 0 ? index.time(index.length - 1) : null,
    seconds: secondsOf(index),
    rate: stamps.rate ?? null,
    source: source.describe(),
  };
}

function secondsOf({ timeRange }: FrameIndex): number | null {
  return timeRange ? timeRange.max - timeRange.min : null;
}

function renderInfo(facts: Facts, { info, index }: SeekableSource): string {
  const range = index.numberRange;
  const missing =
    facts.missingNumbers > 0 ? `, ${countOf(Number(facts.missingNumbers), "number")} missing` : "";
  const own: [string, string | undefined][] = [
    ["path", facts.path],
    ["kind", facts.kind],
    ["frames", countOf(facts.frames, "frame")],
    ["picture", describeImage(info)],
    ["numbers", range && `${range.min} to ${range.max}${missing}`],
    [
      "times",
      index.timeRange && `${describeTime(index.timeRange.min)} to ${describeTime(index.timeRange.max)}`,
    ],
    ["length", facts.seconds === null ? undefined : formatSeconds(facts.seconds)],
    ["rate", facts.rate === null ? undefined : `${Number(facts.rate.toFixed(3))} frames/s`],
  ];
  const names = new Set(own.map(([name]) => name));
  const more = Object.entries(facts.source)
    .filter(([name, value]) => value !== undefined && value !== null && !names.has(name))
    .map(([name, value]): [string, string] => [name, typeof value === "string" ? value : toJson(value)]);
  return table([...own, ...more]);
}

/** As a date where the clock counts from 1970. */
function describeTime(seconds: number): string {
  if (Math.abs(seconds) < 1e8) return `${Number(seconds.toFixed(6))} s`;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}
