import { InvalidArgumentError, Option } from "commander";
import type { CameraOptions } from "../capture/camera.js";
import type { RecordingReceipt, TrackCounts } from "../capture/recorder.js";
import { CameraError } from "../core/errors.js";
import type { BayerPattern } from "../core/image.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { countOf, formatSeconds } from "./output.js";
import { parseInteger, parsePositive } from "./selection.js";

interface RecordCliOptions extends CommonOptions {
  readonly camera: string;
  readonly seconds?: number;
  readonly frames?: number;
  readonly width?: number;
  readonly height?: number;
  readonly rate?: number;
  readonly dtype?: "uint8" | "uint16";
  readonly color?: "gray" | "bgr" | BayerPattern;
  readonly format?: string;
  readonly chunkSize?: number;
  readonly quality?: number;
  readonly gop?: number;
  readonly preset?: string;
  readonly fps?: number;
  readonly pixelFormat?: string;
  readonly threads?: number;
  readonly hardware?: boolean;
  readonly drop: "newest" | "oldest" | "fail";
  readonly queue: number;
  readonly metadata: Record<string, string>;
  readonly overwrite?: boolean;
}

const help = `
Cameras: device:0, device:/dev/video0 or what "marey cameras" lists; synthetic, or synthetic:640x480@25 with a size and a rate,
each frame with its number painted in; replay:PATH plays anything that Marey opens, at its own pace.
Records until --seconds or --frames are reached, or Ctrl-C, which closes the store as the end does (exit code 130). So
does SIGTERM (143), and a terminal that is closed (129; under setsid or tmux the recording outlives it). A second signal
does not stop the closing, a third one does: then "marey repair" makes the store whole. Who reads the output, or started
the recording, may go: it goes on.
A sink that is too slow makes the queue full; what is dropped then is counted, and leaves a gap in the frame numbers.

Without --format, gray and colour of 8 bits go into avc1/mp4; Bayer mosaics of 8 bits into h264-lossless/mkv, because a
lossy codec would mix the colours of neighbouring pixels; 16 bits into npy. Mosaics come back debayered, as BGR;
--stored-pixels of the reading commands gives the mosaic itself.

With --json one object: output, camera, seconds, stoppedBy (length, signal or source), offered, written, dropped,
missing (numbers that the camera itself lost).

Example:
  marey record run1 --camera synthetic:1280x1024@100 --seconds 10 --format avc1/mp4`;

export const record: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<store>", "the store to make")
      .requiredOption("--camera <address>", "which camera")
      .option("--seconds <length>", "how long", parsePositive)
      .option("--frames <count>", "how many frames", parseInteger)
      .option("--width <pixels>", "of the picture", parseInteger)
      .option("--height <pixels>", "of the picture", parseInteger)
      .option("--rate <fps>", "frames a second", parsePositive)
      .addOption(new Option("--dtype <name>", "of a sample").choices(["uint8", "uint16"]))
      .addOption(
        new Option("--color <name>", "of the frames").choices([
          ...["gray", "bgr", "bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"],
        ]),
      )
      .option("--format <name>", "store format (default: by what the camera gives, see below)")
      .option("--chunk-size <frames>", "frames in each chunk", parseInteger)
      .option("--quality <value>", "as the format counts it", parsePositive)
      .option("--gop <frames>", "from keyframe to keyframe (default: 30)", parseInteger)
      .option(
        "--preset <name>",
        "x264's and x265's: ultrafast ... veryslow (default: veryfast; lossless ultrafast)",
      )
      .option(
        "--fps <rate>",
        "what the video files say; the true times are kept beside (default: 25)",
        parsePositive,
      )
      .option("--pixel-format <name>", "FFmpeg's name: yuv420p, yuv422p, yuv444p, gray ...")
      .option("--threads <count>", "encoder threads", parseInteger)
      .option("--hardware", "use a hardware encoder if one works")
      .addOption(
        new Option("--drop <policy>", "what goes when the queue is full")
          .choices(["newest", "oldest", "fail"])
          .default("newest"),
      )
      .option("--queue <MiB>", "pixels that may wait for the disk", parsePositive, 256)
      .option("--metadata <key=value>", "kept in the store; may be given again", addPair, {})
      .option("--overwrite", "replace the store if it exists")
      .addHelpText("after", help)
      .action(async (output: string, options: RecordCliOptions) =>
        finish(await run(output, options, context)),
      );
  },
};

export function addPair(text: string, pairs: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("it is written key=value.");
  return { ...pairs, [text.slice(0, at)]: text.slice(at + 1) };
}

async function run(output: string, options: RecordCliOptions, context: Context): Promise<number> {
  const { builtInFormats, createStore, record, usualFormat } = await import("../index.js");
  await using camera = await openCamera(options);
  const { chunkSize, overwrite, seconds, frames } = options;
  const format = options.format ?? usualFormat(camera.info);
  const isLossy = builtInFormats.find(({ name }) => name === format)?.lossless === false;
  const progress = context.progress("recording", expectedFrames(options), options);
  const receipt = await context
    .guard(async () => {
      context.signal.throwIfAborted();
      const sink = await createStore(output, {
        info: camera.info,
        format,
        metadata: { ...options.metadata, camera: camera.id },
        ...(chunkSize !== undefined && { chunkSize }),
        ...encoderOptions(options),
        ...(overwrite !== undefined && { overwrite }),
      });
      if (isLossy && camera.info.color.startsWith("bayer-")) {
        const better = usualFormat(camera.info);
        const found = `loses colour of a ${camera.info.color} mosaic; ${better} does not`;
        context.note(`marey: ${format} ${found}`, options);
      }
      try {
        return await record([{ name: camera.id, source: camera, sink }], {
          signal: context.signal,
          drop: options.drop,
          queueBytes: options.queue * 2 ** 20,
          ...(seconds !== undefined && { seconds }),
          ...(frames !== undefined && { frames }),
          onProgress: ([track]) => progress.update(track!.written),
        });
      } finally {
        await sink.close();
      }
    })
    .finally(() => progress.end());
  await report(output, camera.id, receipt, options, context);
  return exit.ok;
}

function encoderOptions(options: RecordCliOptions) {
  const { quality, gop, preset, fps, pixelFormat, threads, hardware } = options;
  return {
    ...(quality !== undefined && { quality }),
    ...(gop !== undefined && { gop }),
    ...(preset !== undefined && { preset }),
    ...(fps !== undefined && { fps }),
    ...(pixelFormat !== undefined && { pixelFormat }),
    ...(threads !== undefined && { threads }),
    ...(hardware && { hardware: "auto" as const }),
  };
}

async function openCamera({ camera, width, height, rate, dtype, color }: RecordCliOptions) {
  const { builtInCameras } = await import("../index.js");
  const [scheme, ...rest] = camera.split(":");
  const driver = builtInCameras.find((candidate) => candidate.scheme === scheme);
  if (!driver) {
    const known = builtInCameras.map((candidate) => candidate.scheme).join(", ");
    throw new CameraError(camera, `no driver for "${scheme}" (known: ${known})`);
  }
  const asked: CameraOptions = {
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(rate !== undefined && { rate }),
    ...(dtype && { dtype }),
    ...(color && { color }),
  };
  return driver.open(rest.join(":"), asked);
}

function expectedFrames({ frames, seconds, rate }: RecordCliOptions): number | undefined {
  return frames ?? (seconds !== undefined && rate !== undefined ? Math.round(seconds * rate) : undefined);
}

async function report(
  output: string,
  camera: string,
  { tracks, seconds, stoppedBy }: RecordingReceipt,
  options: CommonOptions,
  { out }: Context,
): Promise<void> {
  const { offered, written, dropped, missing } = tracks[0] as TrackCounts;
  if (options.json) {
    await out.json({ output, camera, seconds, stoppedBy, offered, written, dropped, missing });
    return;
  }
  if (options.quiet) return;
  const lost = dropped + missing === 0 ? "none lost" : `${dropped} dropped, ${missing} lost by the camera`;
  await out.line(`${output}: ${countOf(written, "frame")} in ${formatSeconds(seconds)}, ${lost}`);
}
