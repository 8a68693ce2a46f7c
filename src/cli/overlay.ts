import { Option } from "commander";
import type { BlendMode } from "../index.js";
import { blendModes } from "../transforms/blend-modes.js";
import type { CliCommand, Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import {
  addJoinedOutputOptions,
  type JoinedOutputOptions,
  joinedOutput,
  openJoined,
} from "./joined-output.js";
import { addPairingOptions, type PairingOptions, pairingOptions } from "./pairing-options.js";

interface OverlayCommandOptions extends JoinedOutputOptions, PairingOptions {
  readonly mode?: BlendMode;
  readonly opacity?: number;
  readonly at?: { readonly x: number; readonly y: number };
}

const help = `
BASE and TOP are stores, videos, image folders, arrays and recordings. Each frame of BASE is there; over it lies the frame of
TOP of the same instant, by time (the nearest one), number or index. A picture as TOP lies over all of them. Alpha of TOP counts.
Without --at both have the same size. TOP is taken in the colours and the order of BASE.

--policy says what becomes of frames of BASE for which TOP has none: black shows BASE alone (the default), hold keeps the frame
of TOP that was there before, drop leaves them out. -t bends the result.

Without -o: how large it is and how many frames there are. With --json one object: inputs, width, height, output, frames, seconds.

Examples:
  marey overlay behaviour.mp4 heat.mp4 -o both.mp4 --mode screen --opacity 0.6
  marey overlay day3 logo.png -o signed.mp4 --at 20,20
  marey overlay left right -o difference --by index --mode difference --format png`;

export const overlay: CliCommand = {
  define(command, context, finish) {
    addPairingOptions(
      addJoinedOutputOptions(command),
      "where TOP has no frame (default: black, BASE alone)",
      "time",
    )
      .argument("<base>", "what lies below")
      .argument("<top>", "what lies above")
      .addOption(new Option("--mode <mode>", "how they are blended (default: normal)").choices(blendModes))
      .option("--opacity <share>", "of TOP, 0 to 1 (default: 1)", parseOpacity)
      .option("--at <x,y>", "where its upper left corner is, in pixels of BASE; cut off outside", parsePlace)
      .addHelpText("after", help)
      .action(async (base: string, top: string, options: OverlayCommandOptions) => {
        await run(base, top, options, context);
        finish(exit.ok);
      });
  },
};

function parseOpacity(text: string): number {
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return share;
  throw new UsageError(`"${text}" is no share from 0 to 1`);
}

function parsePlace(text: string): { x: number; y: number } {
  const [, x, y] = /^\s*(-?\d{1,9})\s*,\s*(-?\d{1,9})\s*$/.exec(text) ?? [];
  if (x === undefined) throw new UsageError(`"${text}" is no place such as 20,40`);
  return { x: Number(x), y: Number(y) };
}

async function run(
  base: string,
  top: string,
  options: OverlayCommandOptions,
  context: Context,
): Promise<void> {
  const { mode, opacity, at } = options;
  const pairing = { by: "time" as const, policy: "black" as const, ...pairingOptions(options) };
  const { open, overlay: lay } = await import("../index.js");
  const { signal } = context;
  const source = await openJoined(
    [base, top].map((path) => () => open(path, { signal })),
    ([below, above]) =>
      lay(below!, above!, {
        ...pairing,
        ...(mode && { mode }),
        ...(opacity !== undefined && { opacity }),
        ...(at && { at }),
      }),
  );
  await joinedOutput({ source, label: "overlay", inputs: [base, top] }, options, context);
}
