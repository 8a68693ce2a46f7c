import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { Option } from "commander";
import type { TimestampFormat } from "../timestamps/export-timestamps.js";
import { addCommonOptions, type CliCommand, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf } from "./output.js";
import { assembleFolder, type LogFolderOptions, processFolder } from "./process-logs.js";
import { addSourceOptions, gather } from "./source-options.js";
import { readTimeTracks, type TimeTrack, type TrackOptions } from "./time-tracks.js";

interface TimestampsOptions extends LogFolderOptions, TrackOptions {
  readonly overwrite?: boolean;
  readonly format?: TimestampFormat;
}

const help = `
Prints when each frame was as CSV (number, time in seconds, frame_time_us), or writes a FILE, of the kind that its name says:

  .csv                as above
  .feather .arrow     one column, frame_time_us (uint64): what ataraxis-video-system's processing writes
  .parquet            number, time, frame_time_us
  .npz                NumPy arrays frame_number, frame_time, frame_time_us
  .npy                one NumPy array: frame_time_us
  .txt                time codes for mkvmerge, milliseconds from the first frame
  101_log.npz         a log of ataraxis' DataLogger: its archive for camera 101, and camera_manifest.yaml beside it

PATH is anything that Marey opens, or a log of ataraxis: an archive (101_log.npz), a .feather, a folder with its messages, or
any folder above. Of a folder with camera_manifest.yaml in it or below, and an OUTPUT that is a folder, all logs are processed
as "axvs process" does, into the same files: OUTPUT/camera_timestamps/camera_101_timestamps.feather for each camera, and
camera_processing_tracker.yaml, which says what became of each job. Files of an earlier run are replaced there.

--assemble puts the messages of a folder, one small file each, into one archive a camera, and then removes them.

Examples:
  marey timestamps store -o times.parquet
  marey timestamps store -o log/101_log.npz --name face_camera
  marey timestamps recording/ -o processed
  marey timestamps recording/ --source 101 -o times.csv
  marey timestamps recording/demo_data_log --assemble --verify`;

const formats: readonly TimestampFormat[] = ["csv", "feather", "parquet", "npz", "npy", "timecodes", "log"];

export const timestamps: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, images, array, URL; log folder, archive or .feather of ataraxis")
      .option("-o, --output <file>", "write a file; its name says of what kind. Of logs: a folder")
      .option("--overwrite", "replace FILE if it exists")
      .addOption(
        new Option("--format <format>", "what to write (default: what the name says)").choices(formats),
      )
      .option("--source <id>", "of logs: this camera only; may be given again", gather, [])
      .option("--job <id>", "of logs: only the job of this id, for schedulers")
      .option(
        "--name <name>",
        'of a log that is written: what the manifest calls the camera (default: "camera 101")',
      )
      .option("--assemble", "put the messages of a log folder into archives")
      .option("--verify", "with --assemble: compare each archive with the messages before they are removed")
      .option("--keep", "with --assemble: do not remove the messages")
      .addHelpText("after", help)
      .action(async (path: string, options: TimestampsOptions) =>
        finish(await giveTimestamps(path, options, context)),
      );
  },
};

async function giveTimestamps(path: string, options: TimestampsOptions, context: Context): Promise<number> {
  const { output, assemble, job } = options;
  if (assemble) return assembleFolder(path, options, context);
  if ((options.verify || options.keep) && !assemble)
    throw new UsageError("--verify and --keep go with --assemble");
  const format = await formatOf(path, options);
  if (format === undefined) return processFolder(path, options, context);
  if (job !== undefined)
    throw new UsageError("--job goes with a folder of logs, and an OUTPUT that is a folder");
  await using read = await readTimeTracks(path, options, context);
  if (output === undefined) return printTracks(read.tracks, format, options, context);
  const [track] = read.tracks;
  if (track === undefined || read.tracks.length > 1) {
    const ids = read.tracks.map(({ source }) => source).join(", ");
    throw new UsageError(
      `${path} has several cameras, ${ids}: choose one with --source, or give a folder as OUTPUT`,
    );
  }
  const { exportTimestamps } = await import("../timestamps/export-timestamps.js");
  const { onset, times, name } = track;
  const settings = { format, overwrite: options.overwrite, name: options.name ?? name, onset };
  await context.guard(() => exportTimestamps(times, output, settings));
  if (options.json) await context.out.json({ path, output, format, frames: times.length });
  else if (!options.quiet) await context.out.line(`${output}: ${countOf(times.length, "frame")}`);
  return exit.ok;
}

/** @returns undefined if all logs of a folder are to be processed. */
async function formatOf(
  path: string,
  { output, format }: TimestampsOptions,
): Promise<TimestampFormat | undefined> {
  if (output === undefined) return format ?? "csv";
  if (format) return format;
  const { timestampFormatOf } = await import("../timestamps/export-timestamps.js");
  try {
    return timestampFormatOf(output);
  } catch (error) {
    // A folder of results has a name without an ending, or is there already.
    const isFolder = async (place: string): Promise<boolean> =>
      (await stat(place).catch(() => undefined))?.isDirectory() ?? false;
    const fits = extname(output) === "" || output.endsWith("/") || (await isFolder(output));
    if (fits && (await isFolder(path))) return undefined;
    throw error;
  }
}

async function printTracks(
  tracks: readonly TimeTrack[],
  format: TimestampFormat,
  options: TimestampsOptions,
  context: Context,
): Promise<number> {
  const { out, signal } = context;
  if (format !== "csv" && format !== "timecodes")
    throw new UsageError(`${format} is no text: say where with -o FILE`);
  if (options.json) {
    await out.json(tracks.length === 1 ? columnsOf(tracks[0]!) : tracks.map(columnsOf));
    return exit.ok;
  }
  for await (const line of format === "csv" ? csvOf(tracks) : timecodesOfOnly(tracks)) {
    signal.throwIfAborted();
    await out.line(line);
  }
  return exit.ok;
}

function columnsOf({ path, source, name, onset, times }: TimeTrack) {
  const frames = Array.from({ length: times.length }, (_, frame) => frame);
  return {
    ...{ path, source, name, onset_us: onset, frames: times.length },
    number: frames.map((frame) => times.number(frame)),
    time: frames.map((frame) => times.time(frame)),
    frame_time_us: frames.map((frame) => times.microseconds(frame) ?? null),
  };
}

/** Of several cameras, the first column says which. */
async function* csvOf(tracks: readonly TimeTrack[]): AsyncGenerator<string> {
  const { csvLines, csvRow } = await import("../timestamps/export-timestamps.js");
  const [first] = tracks;
  if (tracks.length === 1 && first) return yield* csvLines(first.times);
  yield "source,number,time,frame_time_us";
  for (const { source, times } of tracks) {
    for (let frame = 0; frame < times.length; frame++) yield `${source ?? ""},${csvRow(times, frame)}`;
  }
}

async function* timecodesOfOnly([track, another]: readonly TimeTrack[]): AsyncGenerator<string> {
  if (track === undefined || another)
    throw new UsageError("time codes are of one camera: choose one with --source");
  const { timecodeLines } = await import("../core/timecodes.js");
  yield* timecodeLines(track.index);
}
