import type { AssembledChunk, OpenOptions } from "../index.js";
import { parseDate } from "./address.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf } from "./output.js";
import { addPair } from "./record.js";
import { parseInteger, parsePositive } from "./selection.js";
import { stampsBeside } from "./stamps-beside.js";

interface AssembleCommandOptions extends CommonOptions {
  readonly move?: boolean;
  readonly gray?: boolean;
  readonly beside: boolean;
  readonly firstNumber?: number;
  readonly startTime?: number;
  readonly fps?: number;
  readonly metadata: Record<string, string>;
}

const help = `
Each video becomes a chunk as it is; nothing is encoded anew. All have one extension (.avi, .mp4 or .mkv) and one size.

Frame numbers and times of clip.mp4 are taken from clip.npz (arrays frame_number and frame_time), clip.csv (columns of
these names) or clip.timecodes.txt (as "marey timecodes" writes it), whichever is there. Otherwise frames are counted
on, and have the times of their video, one video played after the other. The store appears when it is whole.

Examples:
  marey assemble store part1.mp4 part2.mp4
  marey assemble store *.avi --move --fps 200 --start-time 2026-03-01T10:00:00Z`;

export const assemble: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<out>", "the store, which is not there yet")
      .argument("<video...>", "its chunks, in order")
      .option("--move", "the videos are gone from their old places once the store is whole")
      .option("--gray", "the pictures are gray, though the video is coded in colour")
      .option("--no-beside", "do not look for numbers and times beside the videos")
      .option("--first-number <number>", "count the frames from here on (default: 0)", parseInteger)
      .option("--start-time <time>", "time of the first frame: a date, or seconds since 1970", parseStart)
      .option("--fps <rate>", "evenly spaced frames, so many a second", parsePositive)
      .option("--metadata <key=value>", "kept in the store; may be given again", addPair, {})
      .addHelpText("after", help)
      .action(async (out: string, videos: string[], options: AssembleCommandOptions) =>
        finish(await run(out, videos, options, context)),
      );
  },
};

function parseStart(text: string): number {
  const seconds = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : parseDate(text);
  if (seconds !== undefined) return seconds;
  throw new UsageError(`"${text}" is neither a date nor seconds`);
}

async function run(
  out: string,
  videos: readonly string[],
  options: AssembleCommandOptions,
  context: Context,
): Promise<number> {
  const { assembleStore, openStore } = await import("../index.js");
  const chunks: AssembledChunk[] = [];
  const next = { number: options.firstNumber ?? 0, frame: 0 };
  for (const video of videos) {
    context.signal.throwIfAborted();
    const beside = options.beside ? await stampsBeside(video) : undefined;
    const made = needsStamps(options)
      ? await makeStamps(video, next, options, { signal: context.signal })
      : {};
    chunks.push({
      video,
      ...made,
      ...(beside?.numbers && { numbers: beside.numbers }),
      ...(beside?.times && { times: beside.times }),
    });
  }
  await context.guard(() =>
    assembleStore(out, {
      chunks,
      mode: options.move ? "move" : "copy",
      metadata: options.metadata,
      ...(options.gray && { color: "gray" }),
    }),
  );
  await using store = await openStore(out);
  const [frames, size] = [store.index.length, store.chunks.length];
  if (options.json) await context.out.json({ path: out, frames, chunks: size });
  else if (!options.quiet) {
    await context.out.line(`${out}: ${countOf(frames, "frame")} in ${countOf(size, "chunk")}`);
  }
  return exit.ok;
}

function needsStamps({ firstNumber, startTime, fps }: AssembleCommandOptions): boolean {
  return firstNumber !== undefined || startTime !== undefined || fps !== undefined;
}

/** What the options say of the frames of one video, after those before it. */
async function makeStamps(
  video: string,
  next: { number: number; frame: number; time?: number },
  { startTime, fps, firstNumber }: AssembleCommandOptions,
  options: OpenOptions,
): Promise<Pick<AssembledChunk, "numbers" | "times">> {
  const { openVideo } = await import("../index.js");
  await using source = await openVideo(video, options);
  const count = source.index.length;
  const numbers = Array.from({ length: count }, (_, rank) => next.number + rank);
  const own = Array.from({ length: count }, (_, rank) => source.index.time(rank));
  const start = next.time ?? startTime ?? own[0] ?? 0;
  const even = (rank: number): number => (startTime ?? 0) + (next.frame + rank) / fps!;
  const times = own.map((time, rank) => (fps === undefined ? start + time - own[0]! : even(rank)));
  next.number += count;
  next.frame += count;
  next.time = times.at(-1)! + (own.length > 1 ? (own.at(-1)! - own[0]!) / (own.length - 1) : 0.04);
  return { ...(firstNumber !== undefined && { numbers }), times };
}
