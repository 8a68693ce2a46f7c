import { Option } from "commander";
import { type CommonSpan, commonSpan } from "../core/common-span.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { describeError, exit, UsageError } from "./exit.js";
import { renderStatistics, renderTogether } from "./render-statistics.js";
import { addSourceOptions, gather } from "./source-options.js";
import { readTimeTracks, type TrackOptions } from "./time-tracks.js";
import { describeStatistics, type TrackStatistics, trackStatistics } from "./track-statistics.js";

interface StatsOptions extends CommonOptions, TrackOptions {
  readonly dropThreshold: number;
  readonly maxLocations: number;
}

const help = `
Reads when frames were, no picture. PATH is anything that Marey opens, or a log of ataraxis-video-system: an archive
(101_log.npz), a .feather, a folder of logs or one above. Several paths, and all cameras of a log, are compared.

Where frames have the camera's own numbers (stores, recordings), these say what was lost. By times alone it is estimated as
ataraxis does: an interval above the threshold is a gap, and lost in it are max(round((gap - max(median - next, 0)) / median) - 1, 0)
frames; what the next interval is too short is taken off first, because then a frame was only late. Half is rounded to even.

With --json one object: total_files, results, and together, if there are several. Of each result: file (source, name, of logs);
as ataraxis' analyze_camera_frame_statistics_tool names them, basic_stats (total_frames, first_timestamp_us, last_timestamp_us,
duration_us, duration_seconds, estimated_fps), inter_frame_timing (mean, median, std, min and max in _us and _ms) and
frame_drop_analysis (threshold_us, threshold_source, total_gaps_detected, jitter_compensated_gaps,
total_estimated_dropped_frames, drop_rate_percent, longest_gap_us, longest_gap_ms, drop_locations, drop_locations_truncated);
and beyond these percentiles_us, jitter_us (half of the intervals are nearer to the median), untimed_frames, and
numbers: null where frames have none of their own, else missing, gaps, repeated and backward, each with count and first.
together has start_skew_us, starts_us (after the earliest), ends_us (before the latest), common_start_us, common_stop_us,
common_seconds. A path that cannot be read has error instead, and the exit code is 4, or 1 if none can be.

Examples:
  marey stats store
  marey stats processed/camera_timestamps/*.feather --json
  marey stats left right --max-locations 5`;

export const stats: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path...>", "store, video, images, array, URL; log folder, archive or .feather of ataraxis")
      .option("--source <id>", "of logs: this camera only; may be given again", gather, [])
      .addOption(
        new Option(
          "--drop-threshold <us>",
          "microseconds above which an interval is a gap; 0: 1.5 times the median",
        )
          .argParser(parseAmount)
          .default(0),
      )
      .addOption(
        new Option("--max-locations <count>", "gaps that are listed").argParser(parseAmount).default(50),
      )
      .addHelpText("after", help)
      .action(async (paths: string[], options: StatsOptions) =>
        finish(await giveStats(paths, options, context)),
      );
  },
};

function parseAmount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`"${text}" is no whole number from 0 on`);
  return Number(text);
}

/** Why a path could not be read. */
interface Failure {
  readonly path: string;
  readonly error: string;
}

async function giveStats(paths: readonly string[], options: StatsOptions, context: Context): Promise<number> {
  const results: (TrackStatistics | Failure)[] = [];
  for (const path of paths) {
    try {
      results.push(...(await statisticsOf(path, options, context)));
    } catch (error) {
      // What is wrong with the call itself is wrong for all.
      if (paths.length === 1 || error instanceof UsageError) throw error;
      context.signal.throwIfAborted();
      results.push({ path, error: describeError(error) });
    }
  }
  const together = togetherOf(results.flatMap((result) => ("error" in result ? [] : [result])));
  if (options.json) {
    const all = results.map((result) =>
      "error" in result
        ? { file: result.path, error: result.error }
        : describeStatistics(result, options.maxLocations),
    );
    await context.out.json({
      ...{ total_files: results.length, results: all },
      together: together && describeTogether(together),
    });
  } else {
    const texts = results.map((result) =>
      "error" in result ? `${result.path}\n  error: ${result.error}` : renderStatistics(result),
    );
    await context.out.line([...texts, ...(together ? [renderTogether(together)] : [])].join("\n\n"));
  }
  const failed = results.filter((result) => "error" in result).length;
  return failed === 0 ? exit.ok : failed === results.length ? exit.failed : exit.partly;
}

async function statisticsOf(
  path: string,
  options: StatsOptions,
  context: Context,
): Promise<readonly TrackStatistics[]> {
  const { dropThreshold, maxLocations } = options;
  await using read = await readTimeTracks(path, options, context);
  return read.tracks.map((track) =>
    trackStatistics(track, { dropThreshold, maxDropLocations: maxLocations }),
  );
}

function togetherOf(found: readonly TrackStatistics[]): CommonSpan | undefined {
  const spans = found.flatMap(({ analysis: { first, last } }) =>
    first === undefined || last === undefined ? [] : [{ first: BigInt(first), last: BigInt(last) }],
  );
  return spans.length > 1 ? commonSpan(spans) : undefined;
}

function describeTogether({ starts, ends, common }: CommonSpan) {
  return {
    start_skew_us: starts.reduce((a, b) => (b > a ? b : a)),
    ...{ starts_us: starts, ends_us: ends },
    ...{ common_start_us: common?.first ?? null, common_stop_us: common?.last ?? null },
    common_seconds: common ? Number(common.last - common.first) / 1e6 : 0,
  };
}
