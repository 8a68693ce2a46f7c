import type { Command } from "commander";
import type { OpenOptions } from "../index.js";
import type { Context } from "./context.js";

/** --key, --axes and --stored-pixels, for sources that do not say themselves what their pictures are. */
export interface SourceOptions {
  readonly key?: string;
  readonly axes?: string;
  readonly storedPixels?: boolean;
}

export function addSourceOptions(command: Command): Command {
  return command
    .option("--key <name>", "which array of an .npz (default: the only one that can be pictures)")
    .option(
      "--axes <letters>",
      "what an array's axes are, slowest first: thw, hwt, thwc ... (default: guessed)",
    )
    .option("--stored-pixels", "of stores with encoded pixels (Bayer, YUV ...): what was written, not BGR");
}

/** What `open` takes; Ctrl-C cancels the opening. */
export function openOptions({ key, axes, storedPixels }: SourceOptions, { signal }: Context): OpenOptions {
  return {
    signal,
    ...(key !== undefined && { key }),
    ...(axes !== undefined && { axes }),
    ...(storedPixels && { pixels: "stored" as const }),
  };
}
