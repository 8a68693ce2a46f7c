import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { TimeUnit } from "../core/time-text.js";
import type { OpenOptions } from "../index.js";
import type { Context } from "./context.js";
import { readTransforms } from "./read-transforms.js";
import { parseInteger } from "./selection.js";

/** --key, --axes, --channel ..., --timestamps and --transform: what is read of a source, and how. */
export interface SourceOptions extends TransformOption {
  readonly key?: string;
  readonly axes?: string;
  readonly channel?: number;
  readonly byteOrder?: "little" | "big";
  readonly storedPixels?: boolean;
  readonly timestamps?: string;
  readonly timestampsUnit?: TimeUnit;
  readonly timestampsAllowMissing?: boolean;
}

/** --transform, in order. */
export interface TransformOption {
  readonly transform: readonly string[];
}

export function addSourceOptions(command: Command): Command {
  return addTransformOption(command)
    .option("--key <name>", "which array of an .npz or .mat (default: the only one that can be pictures)")
    .option(
      "--axes <letters>",
      "what an array's axes are, slowest first: thw, hwt, thwc ... (default: guessed)",
    )
    .option(
      "--channel <number>",
      "of recordings with channels that are no colours: one, from 0",
      parseInteger,
    )
    .addOption(
      new Option("--byte-order <order>", "of recordings that do not say it (default: little)").choices([
        "little",
        "big",
      ]),
    )
    .option("--stored-pixels", "of stores with encoded pixels (Bayer, YUV ...): what was written, not BGR")
    .option(
      "--timestamps <file[:column]>",
      "when each frame was: CSV, TSV, .npy, .npz, time codes, .videoTimeStamps, .feather, ataraxis' 101_log.npz; columns by name or number, the first is 1",
    )
    .addOption(
      new Option("--timestamps-unit <unit>", "what they count (default: as the column says, else s)").choices(
        [...["s", "ms", "us", "ns"]],
      ),
    )
    .option("--timestamps-allow-missing", "even if there are not as many of them as frames");
}

export function addTransformOption(command: Command): Command {
  return command.option(
    "-t, --transform <name:options>",
    'bend the pictures: crop:left=80, flip ...; may be given again, done in order; see "marey transforms"',
    gather,
    [],
  );
}

/** One more of an option that may be given several times. */
export function gather(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** What `open` takes; Ctrl-C cancels the opening. */
export async function openOptions(options: SourceOptions, { signal }: Context): Promise<OpenOptions> {
  const { key, axes, channel, byteOrder, storedPixels, transform } = options;
  const { timestamps, timestampsUnit, timestampsAllowMissing } = options;
  return {
    signal,
    ...(key !== undefined && { key }),
    ...(axes !== undefined && { axes }),
    ...(channel !== undefined && { channel }),
    ...(byteOrder !== undefined && { byteOrder }),
    ...(storedPixels && { pixels: "stored" as const }),
    ...(timestamps !== undefined && {
      timestamps: {
        ...fileAndColumn(timestamps),
        ...(timestampsUnit !== undefined && { unit: timestampsUnit }),
        ...(timestampsAllowMissing && { allowMissing: true }),
      },
    }),
    ...(transform.length > 0 && { transforms: await readTransforms(transform) }),
  };
}

/** A name that is there as it stands has no column in it. */
function fileAndColumn(text: string): { path: string; column?: string } {
  const at = text.lastIndexOf(":");
  if (at <= 0 || existsSync(text)) return { path: text };
  return { path: text.slice(0, at), column: text.slice(at + 1) };
}
