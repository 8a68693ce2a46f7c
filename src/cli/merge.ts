import type { Planes } from "../index.js";
import type { CliCommand, Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import {
  addJoinedOutputOptions,
  type JoinedOutputOptions,
  joinedOutput,
  openJoined,
} from "./joined-output.js";
import { addPairingOptions, type PairingOptions, pairingOptions } from "./pairing-options.js";

interface MergeCommandOptions extends JoinedOutputOptions, PairingOptions {}

const names = ["red", "green", "blue", "alpha"] as const;
type Plane = (typeof names)[number];

const help = `
Each COLOR=SOURCE is a store, video, image folder, array or recording, taken as gray; all have one size and depth. Colours that are
not named are black. A source may be named twice: red=a.mp4 blue=a.mp4 is magenta.

The frames are those of the first source; from each other goes with it the frame of the same instant, by time (the nearest
one), number or index. --policy says what becomes of frames for which a source has none: black leaves its colour black (the
default), hold keeps the one before, drop leaves the frame out. -t bends the result.

Without -o: how large it is and how many frames there are. With --json one object: inputs, width, height, output, frames, seconds.

Examples:
  marey merge red=mcherry.tif green=gfp.tif -o both.mp4
  marey merge green=calcium.h5 red=behaviour.mp4 -o day3 --by index --format png
  marey merge red=a.zarr blue=b.zarr -o magenta.tif --policy hold -t rescale:dtype`;

export const merge: CliCommand = {
  define(command, context, finish) {
    addPairingOptions(addJoinedOutputOptions(command), "where a source has no frame (default: black)", "time")
      .argument("<color=source...>", "red=, green=, blue= and alpha= with what gives that colour")
      .addHelpText("after", help)
      .action(async (given: string[], options: MergeCommandOptions) => {
        await run(given, options, context);
        finish(exit.ok);
      });
  },
};

/** The source of each colour, in the order given. */
function planesOf(given: readonly string[]): (readonly [plane: Plane, path: string])[] {
  const planes = given.map((text) => {
    const [, plane, path] = /^(\w+)=(.+)$/s.exec(text) ?? [];
    if (path === undefined || !names.includes(plane as Plane)) {
      throw new UsageError(`"${text}" is none of ${names.map((name) => `${name}=SOURCE`).join(", ")}`);
    }
    return [plane as Plane, path] as const;
  });
  const twice = planes.find(([plane], at) => planes.findIndex(([other]) => other === plane) !== at);
  if (twice) throw new UsageError(`${twice[0]} is given twice`);
  return planes;
}

async function run(given: readonly string[], options: MergeCommandOptions, context: Context): Promise<void> {
  const planes = planesOf(given);
  const pairing = { by: "time" as const, policy: "black" as const, ...pairingOptions(options) };
  const { mergeSources, open } = await import("../index.js");
  const { signal } = context;
  const source = await openJoined(
    planes.map(
      ([, path]) =>
        () =>
          open(path, { signal, as: "gray" }),
    ),
    (sources) => {
      const named = Object.fromEntries(planes.map(([plane], at) => [plane, sources[at]!])) as Planes<
        (typeof sources)[number]
      >;
      return mergeSources(named, { ...pairing, reference: planes[0]![0] });
    },
  );
  await joinedOutput({ source, label: "merge", inputs: Object.fromEntries(planes) }, options, context);
}
