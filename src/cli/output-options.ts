import { type Command, Option } from "commander";
import type { FrameIndex } from "../core/frame-index.js";
import type { ImageInfo } from "../core/image.js";
import { summarizeStamps } from "../core/stamp-summary.js";
import type { CreateOptions } from "../index.js";
import { parseInteger, parsePositive } from "./selection.js";

/** What is said of a result that is made of several sources. */
export interface OutputOptions {
  readonly format?: string;
  readonly codec?: "h264" | "h265" | "av1" | "mjpeg" | "ffv1" | "raw" | "h264-rgb";
  readonly quality?: number;
  readonly fps?: number;
  readonly times?: boolean;
  readonly chunkSize?: number;
  readonly overwrite?: boolean;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("--format <name>", "store format: npy, png, avc1/mp4 ...")
    .addOption(
      new Option("--codec <name>", "video codec").choices([
        ...["h264", "h265", "av1", "mjpeg", "ffv1", "raw", "h264-rgb"],
      ]),
    )
    .option("--chunk-size <frames>", "frames in each chunk of a store", parseInteger)
    .option("--quality <value>", 'as for "marey convert"', parsePositive)
    .option("--times", "each video frame keeps its own time (variable rate)")
    .option("--overwrite", "replace what -o names if it exists");
}

/** What `create` takes; without a rate of its own a video has that of the frames. */
export function createOptions(
  info: ImageInfo,
  index: FrameIndex,
  options: { readonly [K in keyof OutputOptions]: OutputOptions[K] | undefined },
): CreateOptions {
  const { format, codec, quality, times, overwrite, chunkSize } = options;
  const { rate } = summarizeStamps(index);
  const fps = options.fps ?? (rate === undefined || rate > 100_000 ? undefined : rate);
  return {
    info,
    ...(fps !== undefined && { fps }),
    ...(format !== undefined && { format }),
    ...(codec !== undefined && { codec }),
    ...(quality !== undefined && { quality }),
    ...(times !== undefined && { times }),
    ...(chunkSize !== undefined && { chunkSize }),
    ...(overwrite !== undefined && { overwrite }),
  };
}
