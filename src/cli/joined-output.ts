import type { Command } from "commander";
import { describeImage } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { addCommonOptions, type CommonOptions, type Context } from "./context.js";
import { UsageError } from "./exit.js";
import { countOf } from "./output.js";
import { addOutputOptions, createOptions, type OutputOptions } from "./output-options.js";
import { readTransforms } from "./read-transforms.js";
import { parsePositive } from "./selection.js";
import { addTransformOption, type TransformOption } from "./source-options.js";
import { writeFrames } from "./write-frames.js";

/** What a command that makes one film of several sources takes. */
export interface JoinedOutputOptions extends CommonOptions, OutputOptions, TransformOption {
  readonly out?: string;
}

export function addJoinedOutputOptions(command: Command): Command {
  return addCommonOptions(addOutputOptions(addTransformOption(command)))
    .option("-o, --out <path>", "a store, a video, pictures, an array; as for marey convert")
    .option("--fps <rate>", "frames a second of a video (default: those of the frames)", parsePositive);
}

export interface Joined {
  /** Is closed. */
  readonly source: SeekableSource;
  /** For the progress bar, and for people: "overlay". */
  readonly label: string;
  /** What was joined, for JSON. */
  readonly inputs: unknown;
}

/** Writes what sources became, behind all --transform, or says what it is where no output is given. */
export async function joinedOutput(
  { source, label, inputs }: Joined,
  options: JoinedOutputOptions,
  context: Context,
): Promise<void> {
  await using joined = source;
  const { bend } = await import("../index.js");
  const bent = bend(joined, ...(await readTransforms(options.transform)));
  const { info, index } = bent;
  const { out, json } = options;
  if (index.length === 0) throw new UsageError("no frames go together; see --by, --tolerance and --policy");
  const facts = { inputs, width: info.width, height: info.height };
  if (out === undefined) {
    const text = `${label}: ${describeImage(info)}, ${countOf(index.length, "frame")}`;
    return json ? context.out.json({ ...facts, frames: index.length }) : context.out.line(text);
  }
  const writing = { label, started: performance.now(), total: index.length };
  const written = await writeFrames(
    bent,
    out,
    createOptions(info, index, options),
    writing,
    options,
    context,
  );
  if (json) await context.out.json({ ...facts, output: out, ...written });
}

/** Opens each; if one cannot be opened, or `join` fails, all are closed again. */
export async function openJoined(
  open: readonly (() => Promise<SeekableSource>)[],
  join: (sources: readonly SeekableSource[]) => SeekableSource,
): Promise<SeekableSource> {
  const opened: SeekableSource[] = [];
  try {
    for (const each of open) opened.push(await each());
    return join(opened);
  } catch (error) {
    await Promise.allSettled(opened.map((source) => source.close()));
    throw error;
  }
}
