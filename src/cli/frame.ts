import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { EncodeError, FrameNotFoundError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import { encodeNpy } from "../core/npy.js";
import type { FrameSink, SeekableSource } from "../core/stream.js";
import { rangeOf } from "../core/stream.js";
import { addressHelp, locatePosition, parsePosition, parseSpan } from "./address.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { toJson } from "./json.js";
import { parsePositive, selectSpan } from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";

interface FrameOptions extends CommonOptions, SourceOptions {
  readonly output: string;
  readonly nearest?: boolean;
  readonly quality?: number;
}

const help = `${addressHelp}

The extension of -o says the format: png, tif, jpg, bmp, pgm, ppm; npy keeps every dtype. A range needs a pattern such
as out/%06d.png; the pictures are counted from 0. Existing files are replaced.
With --json one object a line for each frame: index, number, time, width, height, channels, dtype, color.

Examples:
  marey frame video.mp4 00:00:12.5 -o moment.png
  marey frame store "#81204" -o lost.tif
  marey frame store 50%..60% -o pictures/%06d.png`;

export const frame: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .argument("<address>", "which frame or range of frames")
      .requiredOption("-o, --output <file>", "the picture to write; a pattern such as %06d.png for a range")
      .option("--nearest", "the nearest number or time will do")
      .option("--quality <1-100>", "for jpg (default: 95)", parsePositive)
      .addHelpText("after", help)
      .action(async (path: string, address: string, options: FrameOptions) =>
        finish(await extract(path, address, options, context)),
      );
  },
};

/** A name with a counter, as `createImageFolder` takes it. */
const pattern = /%0?\d*d/;

async function extract(
  path: string,
  address: string,
  options: FrameOptions,
  context: Context,
): Promise<number> {
  const { output } = options;
  const span = parseSpan(address);
  const position = span ? undefined : parsePosition(address);
  if (span && !pattern.test(output)) {
    throw new UsageError(`a range needs a pattern for its pictures, such as out/%06d.png; got ${output}`);
  }
  const { create, open } = await import("../index.js");
  await using source = await open(path, await openOptions(options, context));
  const selection = span
    ? selectSpan(source.index, span)
    : {
        start: locatePosition(source.index, position!, options.nearest ? "nearest" : "playing"),
        count: 1,
        step: 1,
      };
  if (selection.count === 0) {
    const { start } = selection;
    throw new FrameNotFoundError(
      { index: start },
      `the range ${address} is empty in ${source.index.length} frames`,
    );
  }
  const frames = span ? source.frames(rangeOf(selection)) : single(source, selection.start);
  const sink = isArray(output)
    ? arrayFile(output)
    : await create(output, {
        info: source.info,
        kind: "images",
        overwrite: true,
        ...(options.quality !== undefined && { quality: options.quality }),
      });
  const progress = context.progress("writing", selection.count, options);
  try {
    let written = 0;
    for await (const found of frames) {
      context.signal.throwIfAborted();
      await sink.write(found);
      progress.update(++written);
      if (options.json) await context.out.line(describe(found));
    }
  } finally {
    progress.end();
    await sink.close();
  }
  return exit.ok;
}

async function* single(source: SeekableSource, index: number): AsyncGenerator<IndexedFrame> {
  yield await source.frame({ index });
}

function isArray(output: string): boolean {
  return extname(output).toLowerCase() === ".npy" && !pattern.test(output);
}

/** One picture as an array of its own two or three axes, not as a stack of one. */
function arrayFile(path: string): Pick<FrameSink, "write" | "close"> {
  return {
    async write({ image: { dtype, height, width, channels, data } }) {
      const unfinished = join(dirname(path), `.${basename(path)}.part`);
      const shape = [height, width, ...(channels > 1 ? [channels] : [])];
      try {
        await writeFile(unfinished, encodeNpy({ dtype, shape, data }));
        await rename(unfinished, path);
      } catch (cause) {
        await rm(unfinished, { force: true }).catch(() => {});
        throw new EncodeError(path, `cannot be written: ${(cause as Error).message}`, { cause });
      }
    },
    close: async () => {},
  };
}

function describe({ index, number, time, image }: IndexedFrame): string {
  const { width, height, channels, dtype, color } = image;
  return toJson({ index, number, time, width, height, channels, dtype, color });
}
