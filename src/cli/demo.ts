import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import {
  checkCopy,
  checkPainted,
  copyVideo,
  type DemoCheck,
  recordCameras,
  writeSideBySide,
} from "./demo-steps.js";
import { exit } from "./exit.js";
import { countOf } from "./output.js";
import { parsePositive } from "./selection.js";

interface DemoOptions extends CommonOptions {
  readonly output: string;
  readonly seconds: number;
}

const help = `
Without VIDEO, two synthetic cameras of different size and rate, with the frame's number painted into each frame, are
recorded into a store each, with extra data. The stores are closed and opened again, every frame is read back in
shuffled order, its painted number compared with its frame number, and both are written side by side into an MP4.
With VIDEO its first seconds take the cameras' place: one store keeps every pixel, the other is small.

With --json one object: folder, stores (path, frames, checked, wrong, lost), video, ok. Exit code 3 if a frame was wrong.`;

export const demo: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("[video]", "a video of yours, instead of the cameras")
      .option(
        "-o, --output <folder>",
        "where to put everything; an earlier demo in it is replaced",
        "demo-output",
      )
      .option("--seconds <length>", "how long to record", parsePositive, 4)
      .addHelpText("after", help)
      .action(async (video: string | undefined, options: DemoOptions) =>
        finish(await run(video, options, context)),
      );
  },
};

async function run(video: string | undefined, options: DemoOptions, context: Context): Promise<number> {
  const folder = options.output;
  await mkdir(folder, { recursive: true });
  const step = { context, options };
  const stores = await context.guard(() =>
    video === undefined
      ? recordCameras(folder, options.seconds, step)
      : copyVideo(video, folder, options.seconds, step),
  );
  context.signal.throwIfAborted();
  const checks: DemoCheck[] = [];
  for (const store of stores) {
    checks.push(video === undefined ? await checkPainted(store, step) : await checkCopy(video, store, step));
  }
  const film = join(folder, "side-by-side.mp4");
  await context.guard(() => writeSideBySide(stores, film, step));
  const ok = checks.every(({ frames, checked, wrong }) => wrong === 0 && checked === frames);
  if (options.json) await context.out.json({ folder, stores: checks, video: film, ok });
  else await context.out.line(summary(folder, checks, film, ok));
  return ok ? exit.ok : exit.problems;
}

function summary(folder: string, checks: readonly DemoCheck[], film: string, ok: boolean): string {
  const [first, last] = [checks[0]!, checks.at(-1)!];
  // Started by npm, it need not be installed for all.
  const marey = process.env.npm_lifecycle_event === undefined ? "marey" : "npx marey";
  return [
    ok ? "It works. What lies where:" : "Something is wrong:",
    ...checks.map(describeCheck),
    `  ${film}  both, side by side`,
    "",
    "What to try next:",
    `  ${marey} info ${first.path}`,
    `  ${marey} frame ${first.path} 50% -o ${join(folder, "middle.png")}`,
    `  ${marey} frames ${last.path} --hash xxh3 | head`,
    `  ${marey} convert ${last.path} ${join(folder, "copy.mkv")} --codec ffv1`,
    `  ${marey} verify ${last.path}`,
  ].join("\n");
}

function describeCheck({ path, frames, wrong, lost, how }: DemoCheck): string {
  const count = countOf(frames, "frame") + (lost > 0 ? ` (${lost} lost: the machine was busy)` : "");
  return `  ${path}  ${count}, ${wrong === 0 ? `every one ${how}` : `${wrong} wrong`}`;
}
