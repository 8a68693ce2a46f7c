import { type Command, Option } from "commander";
import type { OpenOptions } from "../index.js";
import type { Context } from "./context.js";
import { readTransforms } from "./read-transforms.js";
import { parseInteger } from "./selection.js";

/** --key, --axes, --channel ... and --transform: what is read of a source, and how. */
export interface SourceOptions extends TransformOption {
  readonly key?: string;
  readonly axes?: string;
  readonly channel?: number;
  readonly byteOrder?: "little" | "big";
  readonly storedPixels?: boolean;
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
    .option("--stored-pixels", "of stores with encoded pixels (Bayer, YUV ...): what was written, not BGR");
}

export function addTransformOption(command: Command): Command {
  return command.option(
    "-t, --transform <name:options>",
    'bend the pictures: crop:left=80, flip ...; may be given again, done in order; see "marey transforms"',
    (text: string, before: readonly string[]) => [...before, text],
    [],
  );
}

/** What `open` takes; Ctrl-C cancels the opening. */
export async function openOptions(options: SourceOptions, { signal }: Context): Promise<OpenOptions> {
  const { key, axes, channel, byteOrder, storedPixels, transform } = options;
  return {
    signal,
    ...(key !== undefined && { key }),
    ...(axes !== undefined && { axes }),
    ...(channel !== undefined && { channel }),
    ...(byteOrder !== undefined && { byteOrder }),
    ...(storedPixels && { pixels: "stored" as const }),
    ...(transform.length > 0 && { transforms: await readTransforms(transform) }),
  };
}
