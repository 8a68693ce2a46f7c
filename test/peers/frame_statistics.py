"""Statistics of frame times as ataraxis-video-system describes them, written from its description for the tests.

Reads lists of {"times": [texts], "threshold": us, "locations": n} on standard input, and prints what comes out of each.
"""
import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
FACTOR = {"s": 1, "ms": 0.001}


def from_us(value, unit):
    # ataraxis-time's convert_time: by way of seconds, and always rounded to three decimals.
    return float(np.round((np.float64(value) * 1e-6) / FACTOR[unit], decimals=3))


def statistics(times, threshold_us, most):
    n = len(times)
    if n == 0:
        return {"basic_stats": {"total_frames": 0}, "inter_frame_timing": {}, "frame_drop_analysis": {}}
    first, last = int(times[0]), int(times[-1])
    seconds = round(from_us(last - first, "s"), 6)
    basic = {
        "total_frames": n, "first_timestamp_us": first, "last_timestamp_us": last, "duration_us": last - first,
        "duration_seconds": seconds, "estimated_fps": round((n - 1) / seconds, 3) if seconds > 0 else 0.0,
    }
    if n == 1:
        return {"basic_stats": basic, "inter_frame_timing": {}, "frame_drop_analysis": {}}
    steps = np.diff(times.view(np.int64))
    timing = {
        "mean_us": round(float(np.mean(steps)), 2), "median_us": round(float(np.median(steps)), 2),
        "std_us": round(float(np.std(steps)), 2), "min_us": int(steps.min()), "max_us": int(steps.max()),
    }
    median = timing["median_us"]
    threshold = float(threshold_us) if threshold_us > 0 else 1.5 * median
    usual = median if median > 0 else 1.0
    lost = []
    places = [i for i in range(n - 1) if steps[i] > threshold]
    for i in places:
        after = float(steps[i + 1]) if i + 1 < n - 1 else usual
        lost.append(max(int(np.round((float(steps[i]) - max(usual - after, 0.0)) / usual)) - 1, 0))
    total = sum(lost)
    longest = max((int(steps[i]) for i in places), default=0)
    drops = {
        "threshold_us": round(threshold, 2),
        "threshold_source": "user_specified" if threshold_us > 0 else "auto_1.5x_median",
        "total_gaps_detected": len(places), "jitter_compensated_gaps": lost.count(0),
        "total_estimated_dropped_frames": total, "drop_rate_percent": round(total / (n + total) * 100, 4),
        "longest_gap_us": longest, "longest_gap_ms": round(from_us(longest, "ms"), 4),
        "drop_locations": [
            {"frame_index": i, "gap_us": int(steps[i]), "gap_ms": round(from_us(int(steps[i]), "ms"), 4),
             "estimated_frames_lost": few}
            for i, few in list(zip(places, lost))[:most]
        ],
        "drop_locations_truncated": len(places) > most,
    }
    for name in ("mean", "median", "std", "min", "max"):
        timing[name + "_ms"] = round(from_us(timing[name + "_us"], "ms"), 4)
    return {"basic_stats": basic, "inter_frame_timing": timing, "frame_drop_analysis": drops}


def percentiles(times):
    steps = np.diff(times.view(np.int64)).astype(np.float64)
    return {f"p{p}": round(float(np.percentile(steps, p)), 2) for p in (1, 5, 25, 75, 95, 99)}


results = []
for case in json.load(sys.stdin):
    stamps = np.array([int(text) for text in case["times"]], dtype=np.uint64)
    results.append({
        "statistics": statistics(stamps, case["threshold"], case["locations"]),
        "percentiles": percentiles(stamps) if len(stamps) > 1 else None,
    })
print(json.dumps(results))
