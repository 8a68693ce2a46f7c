import { type Command, Option } from "commander";
import type { OpenOptions } from "../index.js";
import type { Context } from "./context.js";
import { parseInteger } from "./selection.js";

/** --key, --axes, --channel ..., for sources that do not say themselves what their pictures are. */
export interface SourceOptions {
  readonly key?: string;
  readonly axes?: string;
  readonly channel?: number;
  readonly byteOrder?: "little" | "big";
  readonly storedPixels?: boolean;
}

export function addSourceOptions(command: Command): Command {
  return command
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

/** What `open` takes; Ctrl-C cancels the opening. */
export function openOptions(options: SourceOptions, { signal }: Context): OpenOptions {
  const { key, axes, channel, byteOrder, storedPixels } = options;
  return {
    signal,
    ...(key !== undefined && { key }),
    ...(axes !== undefined && { axes }),
    ...(channel !== undefined && { channel }),
    ...(byteOrder !== undefined && { byteOrder }),
    ...(storedPixels && { pixels: "stored" as const }),
  };
}
