import { Option } from "commander";
import type { MareyError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { SeekableSource } from "../core/stream.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { type FrameHash, frameHash, type HashName, hashNames } from "./frame-hash.js";
import { toJson } from "./json.js";
import { countOf } from "./output.js";
import { type Order, orders, readFrames } from "./read-frames.js";
import { addSelectionOptions, type SelectionOptions, select } from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";

const colors = ["native", "bgr", "rgb", "gray"] as const;

interface FramesOptions extends CommonOptions, SelectionOptions, SourceOptions {
  readonly hash?: HashName;
  readonly as?: (typeof colors)[number];
  readonly order: Order;
  readonly follow?: boolean;
}

const help = `
Prints one JSON object a line for each frame, whatever PATH is:
  index     rank in the source, from 0          number    the frame's own number (a camera's count)
  time      seconds: since 1970 where the source knows the date, else on the file's clock; null if unknown
  pts       presentation time stamp in the container's ticks, or null
  duration  seconds that the frame is shown, or null
  key       true for a keyframe, null where that means nothing
  width, height, channels, dtype, color         what the pixels below are
  hash      with --hash: of the frame's bytes, rows top to bottom without padding, little-endian
  error     instead of the picture's fields: the frame is there but cannot be read; the exit code
            is 4 then, or 1 if that goes for all of them

Without --as a frame is as the library returns it. A store gives what Python's imgstore returns (BGR or gray, but
16 bits are kept); a video gives gray for gray pixel formats and BGR for all others.
--as native gives a video's decoded planes, packed in FFmpeg's framemd5 order: with --hash md5 the hashes equal
those of "ffmpeg -noautorotate -i PATH -f framemd5 -", and pixelFormat names the layout. For everything but videos,
native is the same as no --as.

Examples:
  marey frames video.mp4 --hash md5 --as native
  marey frames store --order shuffled --hash xxh3 --start 50% | head
  marey frames recording --follow --start -1`;

export const frames: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSelectionOptions(addSourceOptions(command)))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .addOption(new Option("--hash <name>", "hash each frame's bytes").choices(hashNames))
      .addOption(new Option("--as <color>", "give the frames as").choices(colors))
      .addOption(new Option("--order <order>", "which frames come first").choices(orders).default("forward"))
      .option(
        "--follow",
        "go on with a store that is being written, frame by frame as they come, until it is closed",
      )
      .addHelpText("after", help)
      .action(async (path: string, options: FramesOptions) =>
        finish(await listFrames(path, options, context)),
      );
  },
};

async function listFrames(path: string, options: FramesOptions, context: Context): Promise<number> {
  if (options.follow) return followFrames(path, options, context);
  const { open } = await import("../index.js");
  await using source = await open(path, {
    ...(await openOptions(options, context)),
    ...(options.as && { as: options.as }),
  });
  const selection = select(source.index, options);
  const hash = options.hash && (await frameHash(options.hash));
  // Output on a terminal shows by itself how far it is.
  const progress = context.progress("reading", selection.count, {
    quiet: options.quiet || context.out.isTerminal,
  });
  let [done, failed] = [0, 0];
  try {
    for await (const { index, frame, error } of readFrames(source, selection, options.order)) {
      context.signal.throwIfAborted();
      if (error) failed++;
      await context.out.line(frame ? describeFrame(frame, hash) : describeFailure(source, index, error));
      progress.update(++done);
    }
  } finally {
    progress.end();
  }
  if (failed > 0) context.note(`marey: ${countOf(failed, "frame")} of ${done} could not be read`, {});
  if (failed === 0) return exit.ok;
  return failed === done ? exit.failed : exit.partly;
}

/** Lines come as the frames do: each is written out at once. */
async function followFrames(path: string, options: FramesOptions, context: Context): Promise<number> {
  const { followStore, openStore } = await import("../index.js");
  let start: number;
  {
    await using store = await openStore(path);
    ({ start } = select(store.index, options));
  }
  const hash = options.hash && (await frameHash(options.hash));
  for await (const frame of followStore(path, { start, signal: context.signal })) {
    await context.out.line(describeFrame(frame, hash));
    await context.out.flush();
  }
  return exit.ok;
}

function describeFrame(frame: IndexedFrame, hash: FrameHash | undefined): string {
  const { index, number, time, pts = null, duration = null, key = null, image } = frame;
  const { width, height, channels, dtype, color, pixelFormat } = image;
  return toJson({
    ...{ index, number, time, pts, duration, key, width, height, channels, dtype, color, pixelFormat },
    ...(hash && { hash: hash(image) }),
  });
}

function describeFailure(source: SeekableSource, index: number, error: MareyError | undefined): string {
  return toJson({ index, ...source.index.stamp(index), error: error?.message });
}
