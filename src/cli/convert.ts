import { Option } from "commander";
import type { SeekableSource } from "../core/stream.js";
import type { CreateOptions, TargetKind } from "../index.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { countOf, formatSeconds } from "./output.js";
import { pour } from "./pour.js";
import {
  addSelectionOptions,
  parseInteger,
  parsePositive,
  rangeOf,
  type SelectionOptions,
  select,
} from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";
import { evenDrift, summarizeStamps } from "./stamps.js";

const colors = ["bgr", "rgb", "gray"] as const;
const codecs = ["h264", "h265", "av1", "mjpeg", "ffv1", "raw", "h264-rgb"] as const;

interface ConvertOptions extends CommonOptions, SelectionOptions, SourceOptions {
  readonly to?: TargetKind;
  readonly format?: string;
  readonly encoding?: string;
  readonly chunkSize?: number;
  readonly as?: (typeof colors)[number];
  readonly codec?: (typeof codecs)[number];
  readonly quality?: number;
  readonly fps?: number;
  readonly times?: boolean;
  readonly gop?: number;
  readonly bFrames?: number;
  readonly preset?: string;
  readonly pixelFormat?: string;
  readonly compression?: "none" | "deflate" | "lzw";
  readonly bigtiff?: "auto" | "always";
  readonly loop?: number;
  readonly pingPong?: boolean;
  readonly palette?: "global" | "local";
  readonly dither?: "floyd-steinberg" | "ordered" | "none";
  readonly hardware?: boolean;
  readonly threads?: number;
  readonly overwrite?: boolean;
}

const help = `
OUT says what is written:
  name.mp4 .mkv .mov .avi    a video             out/%06d.png (tif, jpg, bmp, pgm, ppm)   numbered pictures
  name.npy                   an array            a name without extension                 a store
  name.tif                   a stack of pictures name.gif .apng .webp                     an animation
--to and --format overrule the name. Frame numbers, times, user metadata and extra data go from store to store.

--quality means what the format makes of it: h264 and h265 0 (lossless for h264) to 51 (worst); av1 0 to 63;
mjpeg 1 (best) to 31; jpg 1 (worst) to 100. --quality, --gop, --preset, --fps, --pixel-format, --threads and --hardware go
for the video chunks of stores too. Start, stop and step take the addresses that "marey help frame" lists.

Ctrl-C, SIGTERM and a terminal that is closed leave a store with the frames written so far, and nothing of a video or an
array. A third signal leaves at once; then "marey repair" makes the store whole.
Frames of an animation are shown until the time of the next, or --fps of them a second.
A video is evenly spaced unless --times is given. With --json one object: input, output, frames, drift (seconds that
a frame then stands off its own time at most; 0 if it is less than half a frame), seconds, framesPerSecond.

Examples:
  marey convert video.mp4 store --format png --start 00:01:00 --stop 00:02:00
  marey convert store clip.mp4 --codec h264 --quality 18 --gop 30
  marey convert "pictures/*.png" video.mkv --codec ffv1 --fps 200`;

export const convert: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSelectionOptions(addSourceOptions(command)))
      .argument("<in>", "store, video, image folder or pattern, array, URL")
      .argument("<out>", "what to write; its name says what it becomes")
      .addOption(
        new Option("--to <kind>", "what OUT is").choices(["store", "video", "images", "array", "animation"]),
      )
      .option(
        "--format <name>",
        "store format: npy, png, tif, bmp, pgm, ppm, jpg, mjpeg/avi, avc1/mp4, h264/mkv, hevc/mp4, av1/mkv, ffv1/mkv, raw, blosc ...",
      )
      .option(
        "--encoding <name>",
        "what the samples mean, for a store: cv_bayerbg, cv_yuv420p ...; png+color and the like turn them into BGR",
      )
      .option("--chunk-size <frames>", "frames in each chunk of a store", parseInteger)
      .addOption(new Option("--as <color>", "turn the colour into").choices(colors))
      .addOption(new Option("--codec <name>", "video codec").choices(codecs))
      .option("--quality <value>", "see below", parseQuality)
      .option(
        "--fps <rate>",
        "frames a second of the video, and of pictures and arrays (default: the source's, else 25)",
        parsePositive,
      )
      .option("--times", "each video frame keeps its own time (variable rate)")
      .option("--gop <frames>", "from keyframe to keyframe", parseInteger)
      .option("--b-frames <count>", "B-frames between two others", parseInteger)
      .option("--preset <name>", "x264's and x265's: ultrafast ... veryslow")
      .option("--pixel-format <name>", "FFmpeg's name: yuv420p, yuv444p, gray, yuv420p10le, gbrp ...")
      .option("--hardware", "use a hardware encoder if one works")
      .option("--threads <count>", "encoder threads", parseInteger)
      .addOption(
        new Option("--compression <name>", "of a TIFF stack (default: deflate)").choices([
          ...["none", "deflate", "lzw"],
        ]),
      )
      .addOption(
        new Option("--bigtiff <when>", "BigTIFF (default: auto, beyond 4 GiB)").choices(["auto", "always"]),
      )
      .option("--loop <times>", "how often an animation plays; 0 for ever (default: 0)", parseInteger)
      .option("--ping-pong", "an animation runs back again, too")
      .addOption(
        new Option(
          "--palette <whose>",
          "colours of a GIF: of all frames, or of each (default: global)",
        ).choices([...["global", "local"]]),
      )
      .addOption(
        new Option("--dither <how>", "colours that a GIF has not (default: floyd-steinberg)").choices([
          ...["floyd-steinberg", "ordered", "none"],
        ]),
      )
      .option("--overwrite", "replace OUT if it exists")
      .addHelpText("after", help)
      .action(async (input: string, output: string, options: ConvertOptions) =>
        finish(await run(input, output, options, context)),
      );
  },
};

function parseQuality(text: string): number {
  return text.trim() === "0" ? 0 : parsePositive(text);
}

async function run(
  input: string,
  output: string,
  options: ConvertOptions,
  context: Context,
): Promise<number> {
  const { bend, create, kindOfName, open } = await import("../index.js");
  const started = performance.now();
  const { transforms = [], ...opening } = await openOptions(options, context);
  await using opened = await open(input, {
    ...opening,
    ...(options.as && { as: options.as }),
    ...(options.fps !== undefined && { fps: options.fps }),
  });
  const source = bend(opened, ...transforms);
  const selection = select(source.index, options);
  const rate = options.fps ?? sourceRate(source, selection.step);
  const kind = options.to ?? kindOfName(output, options);
  const plan = { ...createOptions(opened, kind, rate, options), info: source.info };
  const isEven = kind === "video" && !options.times && options.fps === undefined;
  const drift = isEven ? evenDrift(source.index, selection, rate ?? 25) : 0;
  const progress = context.progress("converting", selection.count, options);
  let written = 0;
  try {
    await context.guard(async () => {
      context.signal.throwIfAborted();
      const sink = await create(output, plan);
      if (drift > 0 && !options.json) {
        const found = `evenly spaced, frames stand up to ${formatSeconds(drift)} off their own time`;
        context.note(`marey: ${output}: ${found}; --times keeps it (mp4, mkv, mov)`, options);
      }
      const frames = source.frames(rangeOf(selection));
      await pour(opened, frames, sink, context.signal, () => progress.update(++written));
    });
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - started) / 1000;
  const summary = { input, output, frames: written, drift, seconds, framesPerSecond: written / seconds };
  if (options.json) await context.out.json(summary);
  else if (!options.quiet) {
    await context.out.line(`${output}: ${countOf(written, "frame")} in ${formatSeconds(seconds)}`);
  }
  return exit.ok;
}

function createOptions(
  source: SeekableSource,
  kind: TargetKind,
  rate: number | undefined,
  options: ConvertOptions,
): Omit<CreateOptions, "info"> {
  const { start, stop, step, json, quiet, as, to, hardware, fps, storedPixels, ...others } = options;
  const { key, axes, channel, byteOrder, timestamps, timestampsUnit, ...more } = others;
  const { timestampsAllowMissing, transform, ...rest } = more;
  const metadata = (source as { userMetadata?: Record<string, unknown> }).userMetadata;
  const { encoding } = source.describe();
  const isAsStored = storedPixels && as === undefined && transform.length === 0;
  const keepsEncoding = kind === "store" && isAsStored && typeof encoding === "string";
  return {
    ...(keepsEncoding && { encoding }),
    ...rest,
    kind,
    ...(hardware && { hardware: "auto" as const }),
    // An animation knows when each frame is shown; a rate is for those who want another.
    ...(rate !== undefined && (kind !== "animation" || options.fps !== undefined) && { fps: rate }),
    ...(metadata && { metadata }),
  };
}

/** Frames a second of what is left after taking every `step`-th frame. */
function sourceRate({ index }: SeekableSource, step: number): number | undefined {
  const { rate } = summarizeStamps(index);
  return rate === undefined || rate > 100_000 ? undefined : rate / Math.abs(step);
}
