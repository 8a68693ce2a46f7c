import { type IntervalAnalysis, toMilliseconds } from "../core/interval-analysis.js";

/**
 * An analysis under the names that ataraxis' `analyze_camera_frame_statistics_tool` has for it: plain JSON, what that would
 * give of the same times, number for number.
 */
export function peerStatistics({
  frames,
  first,
  last,
  duration,
  seconds,
  rate,
  intervals,
  drops,
}: IntervalAnalysis) {
  if (frames === 0) {
    return { basic_stats: { total_frames: 0 }, inter_frame_timing: {}, frame_drop_analysis: {} };
  }
  return {
    basic_stats: {
      ...{
        total_frames: frames,
        first_timestamp_us: first!,
        last_timestamp_us: last!,
        duration_us: duration,
      },
      ...{ duration_seconds: seconds, estimated_fps: rate },
    },
    inter_frame_timing: intervals ? timingOf(intervals) : {},
    frame_drop_analysis: drops ? dropsOf(drops) : {},
  };
}

function timingOf({ mean, median, std, min, max }: NonNullable<IntervalAnalysis["intervals"]>) {
  return {
    ...{ mean_us: mean, median_us: median, std_us: std, min_us: min, max_us: max },
    ...{ mean_ms: toMilliseconds(mean), median_ms: toMilliseconds(median), std_ms: toMilliseconds(std) },
    ...{ min_ms: toMilliseconds(min), max_ms: toMilliseconds(max) },
  };
}

function dropsOf(drops: NonNullable<IntervalAnalysis["drops"]>) {
  return {
    threshold_us: drops.threshold,
    threshold_source: drops.isAutomatic ? "auto_1.5x_median" : "user_specified",
    total_gaps_detected: drops.gaps,
    jitter_compensated_gaps: drops.compensated,
    total_estimated_dropped_frames: drops.lost,
    drop_rate_percent: drops.ratePercent,
    longest_gap_us: drops.longest,
    longest_gap_ms: toMilliseconds(drops.longest),
    drop_locations: drops.locations.map(({ frame, gap, lost }) => ({
      ...{ frame_index: frame, gap_us: gap, gap_ms: toMilliseconds(gap), estimated_frames_lost: lost },
    })),
    drop_locations_truncated: drops.isTruncated,
  };
}
