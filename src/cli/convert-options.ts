import { type Command, Option } from "commander";
import { rangeOf } from "../core/stream.js";
import type { ConvertOptions, CreateOptions, TargetKind } from "../index.js";
import { addCommonOptions, type CommonOptions, type Context } from "./context.js";
import { isInterruption, UsageError } from "./exit.js";
import {
  addSelectionOptions,
  parseInteger,
  parsePositive,
  type SelectionOptions,
  select,
} from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";

const colors = ["bgr", "rgb", "gray"] as const;
const codecs = ["h264", "h265", "av1", "mjpeg", "ffv1", "raw", "h264-rgb"] as const;

/** What says what is made of an input, on the command line and in preset files. */
export interface MakingOptions
  extends SelectionOptions,
    SourceOptions,
    Pick<
      CreateOptions,
      "compression" | "bigtiff" | "zarrVersion" | "loop" | "pingPong" | "palette" | "dither"
    > {
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
  /** x264's name, and files of options; see `readPresets`. */
  readonly preset: readonly string[];
  readonly pixelFormat?: string;
  readonly hardware?: boolean;
  readonly threads?: number;
  readonly jobs?: number;
  readonly overwrite?: boolean;
  readonly copy?: "keyframe" | "exact";
}

/** All options of `convert` and `clip`. */
export interface ConvertCommandOptions extends CommonOptions, MakingOptions {
  /** A file, or false with --no-recipe. */
  readonly recipe?: string | boolean;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** Those of `convert` that `clip` has as well. */
export function addMakingOptions(command: Command): Command {
  // "--copy IN OUT": what comes next is its value only if it can be one.
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const how = (at: number): string => (args[at + 1] === "exact" ? "exact" : "keyframe");
    const isHow = (at: number): boolean => args[at - 1] === "--copy" && args[at] === "exact";
    return parse(
      args.flatMap((arg, at) => (isHow(at) ? [] : arg === "--copy" ? [`--copy=${how(at)}`] : [arg])),
    );
  };
  return addCommonOptions(addSourceOptions(command))
    .addOption(
      new Option("--to <kind>", "what OUT is").choices([
        ...["store", "video", "images", "array", "animation", "recording"],
      ]),
    )
    .option(
      "--format <name>",
      "store format: npy, png, tif, bmp, pgm, ppm, jpg, mjpeg/avi, avc1/mp4, h264/mkv, hevc/mp4, av1/mkv, ffv1/mkv, raw, blosc ...",
    )
    .option(
      "--encoding <name>",
      "what the samples mean, for a store: cv_bayerbg, cv_yuv420p ...; png+color and the like turn them into BGR",
    )
    .option("--chunk-size <frames>", "frames in each chunk of a store, or of Zarr", parseInteger)
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
    .option(
      "--preset <name>",
      "x264's and x265's: ultrafast ... veryslow; or FILE.yaml with any of these options",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--pixel-format <name>", "FFmpeg's name: yuv420p, yuv444p, gray, yuv420p10le, gbrp ...")
    .option("--hardware", "use a hardware encoder if one works")
    .option("--threads <count>", "encoder threads", parseInteger)
    .addOption(
      new Option(
        "--compression <name>",
        "of a TIFF stack: none, deflate, lzw (default: deflate); of Zarr: none, zlib, zstd, blosc (default: blosc)",
      ).choices([...["none", "deflate", "lzw", "zlib", "zstd", "blosc"]]),
    )
    .addOption(
      new Option("--zarr-version <number>", "of Zarr's format (default: 2, which all programs read)")
        .choices(["2", "3"])
        .argParser(parseZarrVersion),
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
    .option(
      "--jobs <count>",
      "threads that bend pictures, 0 for none (default: cores - 1 where it pays)",
      parseJobs,
    )
    .addOption(
      new Option(
        "--copy [exact]",
        "video: its packets as they are, from the keyframe before; exact: refuse if that is another frame",
      ).choices(["keyframe", "exact"]),
    )
    .option("--overwrite", "replace OUT if it exists")
    .option("--no-recipe", "no OUT.recipe.json beside the result");
}

export function addConvertOptions(command: Command): Command {
  return addSelectionOptions(addMakingOptions(command))
    .option("--recipe <file>", "do again what the recipe of a result tells of; IN and OUT may be others")
    .option("--force", "--recipe: even if the input has changed")
    .option(
      "--resume",
      "leave out results that are there with the same recipe; make all others, again if need be",
    )
    .option("--dry-run", "say what would be done, and write nothing");
}

function parseZarrVersion(text: string): 2 | 3 {
  if (text === "2" || text === "3") return text === "2" ? 2 : 3;
  throw new UsageError(`"${text}" is no version of Zarr's format: 2 or 3`);
}

function parseQuality(text: string): number {
  return text.trim() === "0" ? 0 : parsePositive(text);
}

function parseJobs(text: string): number {
  const jobs = parseInteger(text);
  if (jobs >= 0 && jobs <= 256) return jobs;
  throw new UsageError(`"${text}" is no number of threads, 0 to 256`);
}

/** What is common to all inputs of a command line, as the library takes it. */
export async function convertOptions(options: MakingOptions, context: Context): Promise<ConvertOptions> {
  const { signal: _, transforms, ...opening } = await openOptions(options, context);
  const { as, fps, jobs, copy } = options;
  return {
    ...(transforms && { transforms }),
    range: (index) => rangeOf(select(index, options)),
    open: { ...opening, ...(as && { as }), ...(fps !== undefined && { fps }) },
    create: createOptions(options),
    ...(jobs !== undefined && { jobs }),
    ...(copy && { copy: copy === "exact" ? copy : true }),
    signal: context.signal,
    keepsPart: isInterruption,
  };
}

function createOptions(options: MakingOptions): Partial<CreateOptions> {
  const { to, format, encoding, chunkSize, codec, quality, fps, times, gop, bFrames, preset } = options;
  const { pixelFormat, hardware, threads, overwrite } = options;
  const { compression, bigtiff, zarrVersion, loop, pingPong, palette, dither } = options;
  const all = { format, encoding, chunkSize, codec, quality, fps, times, gop, bFrames };
  const more = {
    kind: to,
    preset: preset.at(-1),
    ...{
      pixelFormat,
      threads,
      overwrite,
      compression,
      bigtiff,
      zarrVersion,
      loop,
      pingPong,
      palette,
      dither,
    },
    ...(hardware && { hardware: "auto" as const }),
  };
  const given = Object.entries({ ...all, ...more }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
