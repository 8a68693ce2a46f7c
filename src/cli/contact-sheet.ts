import type { IndexedFrame } from "../core/frame.js";
import type { MosaicSource } from "../index.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf } from "./output.js";
import { addSelectionOptions, parseInteger, type SelectionOptions, select } from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";

interface SheetOptions extends CommonOptions, SelectionOptions, SourceOptions {
  readonly output: string;
  readonly count: number;
  readonly columns?: number;
  readonly width: number;
  readonly labels: boolean;
}

const help = `
Frames are spread evenly from --start to --stop, the first one included; with --step every n-th, as many as --count allows.
Above each stands its number, and its time in seconds from the first. The extension of -o says the format: png, tif, jpg.
With --json one object: output, width, height, frames (index, number, time of each).

Examples:
  marey contact-sheet session.mp4 -o sheet.png
  marey contact-sheet store -o hour.jpg --count 60 --columns 10 --start 00:10:00 --stop 01:10:00 --width 3000`;

export const contactSheet: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSelectionOptions(addSourceOptions(command)))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .requiredOption("-o, --output <file>", "the picture to write")
      .option("--count <frames>", "how many frames at most", parseInteger, 20)
      .option("--columns <count>", "beside each other (default: what makes it about 16:9)", parseInteger)
      .option("--width <pixels>", "of the sheet at most", parseInteger, 1600)
      .option("--no-labels", "no numbers and times")
      .addHelpText("after", help)
      .action(async (path: string, options: SheetOptions) => finish(await run(path, options, context)));
  },
};

async function run(path: string, options: SheetOptions, context: Context): Promise<number> {
  const { count, columns, output, labels } = options;
  if (count < 1) throw new UsageError(`--count ${count} is no number of frames`);
  const { create, layMosaic, mosaic, open, resize, stillPicture } = await import("../index.js");
  await using source = await open(path, await openOptions(options, context));
  const selection = select(source.index, options);
  if (selection.count === 0) throw new UsageError(`${path}: there are no frames in that range`);
  const taken = Math.min(count, selection.count);
  const rankOf = (at: number): number =>
    selection.start + Math.floor((at * selection.count) / taken) * selection.step;
  const layout = {
    padding: 4,
    border: 4,
    maxWidth: options.width,
    ...(columns !== undefined && { columns }),
  };
  const { cells } = layMosaic(new Array(taken).fill(source.info), layout);
  const { width, height } = cells[0]!.cell;
  const shrink = resize({ width, height });
  const progress = context.progress("reading", taken, options);
  const pictures: MosaicSource[] = [];
  const shown: Record<string, unknown>[] = [];
  let start: number | undefined;
  try {
    for (let at = 0; at < taken; at++) {
      context.signal.throwIfAborted();
      const frame = await source.frame({ index: rankOf(at) });
      start ??= frame.time;
      // Only the small pictures are kept.
      const image = shrink.pictures!(frame.image).apply(frame.image, frame);
      pictures.push({ source: stillPicture(image), ...(labels && { title: labelOf(frame, start) }) });
      shown.push({ index: frame.index, number: frame.number, time: frame.time });
      progress.update(at + 1);
    }
  } finally {
    progress.end();
  }
  await using sheet = mosaic(pictures, { ...layout, by: "index" });
  const sink = await create(output, { info: sheet.info, kind: "images", overwrite: true });
  try {
    await sink.write(await sheet.frame({ index: 0 }));
  } finally {
    await sink.close();
  }
  const { info } = sheet;
  if (options.json) await context.out.json({ output, width: info.width, height: info.height, frames: shown });
  else if (!options.quiet) {
    await context.out.line(`${output}: ${countOf(taken, "frame")}, ${info.width}x${info.height}`);
  }
  return exit.ok;
}

function labelOf({ number, time }: IndexedFrame, start: number): string {
  const elapsed = time - start;
  return Number.isFinite(elapsed) ? `#${number}  ${elapsed.toFixed(2)} s` : `#${number}`;
}
