import { type Command, Option } from "commander";
import type { AlignOptions } from "../index.js";
import { UsageError } from "./exit.js";

/** What says which frames of several sources go together. */
export interface PairingOptions {
  readonly by?: "number" | "time" | "index";
  readonly exact?: boolean;
  readonly nearest?: boolean;
  readonly past?: boolean;
  readonly tolerance?: number;
  readonly policy?: "drop" | "hold" | "black";
}

/** @param policy what --policy says of itself; @param usual what frames are paired by otherwise. */
export function addPairingOptions(command: Command, policy: string, usual: "number" | "time"): Command {
  return command
    .addOption(
      new Option("--by <key>", `what frames are paired by (default: ${usual})`).choices([
        ...["number", "time", "index"],
      ]),
    )
    .option("--exact", "the very same number or time (default by number)")
    .option("--nearest", "the nearest number or time (default by time)")
    .option("--past", "the last number or time that is not later")
    .option("--tolerance <distance>", "how far off a frame may be: 5ms, 0.1s, 2, any", parseTolerance)
    .addOption(new Option("--policy <policy>", policy).choices(["drop", "hold", "black"]));
}

/** Seconds or numbers. */
function parseTolerance(text: string): number {
  if (text === "any") return Number.POSITIVE_INFINITY;
  const [, value, unit] = /^(\d+(?:\.\d+)?)(us|ms|s)?$/.exec(text) ?? [];
  if (value === undefined) throw new UsageError(`"${text}" is no tolerance: 5ms, 0.1s, 2 or any would be`);
  return Number(value) / (unit === "us" ? 1e6 : unit === "ms" ? 1000 : 1);
}

/** As the library takes them. @throws {UsageError} for directions that exclude each other. */
export function pairingOptions(options: PairingOptions): AlignOptions {
  const { by, tolerance, policy } = options;
  const directions = (["exact", "nearest", "past"] as const).filter((name) => options[name]);
  if (directions.length > 1) throw new UsageError(`--${directions.join(" and --")} exclude each other`);
  return {
    ...(by && { by }),
    ...(directions[0] && { direction: directions[0] }),
    ...(tolerance !== undefined && { tolerance }),
    ...(policy && { policy }),
  };
}
