import type { RateOptions } from "./rate-options.js";

/** Names of x264's presets, and NVENC's that stand in their place: the seven from "veryfast" on are ataraxis's own pairs. */
const nvencPresets: Readonly<Record<string, string>> = {
  ...{ ultrafast: "p1", superfast: "p1", veryfast: "p1", faster: "p2", fast: "p3" },
  ...{ medium: "p4", slow: "p5", slower: "p6", veryslow: "p7" },
};

/**
 * What a hardware encoder of FFmpeg calls a constant quantiser, a preset and a low delay; each has other names for them,
 * and does not open with those of another.
 * @param options as `encoderOptions` takes them; quality and qp mean the same here.
 */
export function hardwareOptions(encoder: string, options: RateOptions): [string, string][] {
  const { isLive, preset = "veryfast" } = options;
  const qp = String(options.qp ?? options.quality ?? 20);
  const [, maker = ""] = encoder.split("_");
  if (maker === "nvenc") {
    return [
      ...pairs({ preset: nvencPresets[preset]!, rc: "constqp", qp }),
      ...(isLive ? pairs({ delay: "0", zerolatency: "1" }) : []),
    ];
  }
  if (maker === "qsv") {
    // Its fastest is "veryfast".
    const known = preset === "ultrafast" || preset === "superfast" ? "veryfast" : preset;
    return [
      ...pairs({ preset: known, flags: "+qscale", global_quality: String(Number(qp) * lambda) }),
      ...(isLive ? pairs({ async_depth: "1" }) : []),
    ];
  }
  if (maker === "videotoolbox") {
    // Its quality goes from 1 to 100, the best.
    const quality = Math.max(1, Math.round(100 - (Number(qp) * 99) / 51));
    return [
      ...pairs({ flags: "+qscale", global_quality: String(quality * lambda) }),
      ...(isLive ? pairs({ realtime: "1" }) : []),
    ];
  }
  if (encoder.startsWith("av1")) return pairs({ rc: "cqp", qp_i: qp, qp_p: qp });
  return pairs({ rc: "cqp", qp_i: qp, qp_p: qp, usage: isLive ? "ultralowlatency" : "transcoding" });
}

/** FFmpeg's unit of `global_quality` where `+qscale` is set. */
const lambda = 118;

/** The layout that an encoder takes in the place of another of the same samples. */
export function inputFormat(encoder: string, pixelFormat: string): string {
  if (!encoder.endsWith("_qsv")) return pixelFormat;
  return pixelFormat === "yuv420p" ? "nv12" : pixelFormat === "yuv420p10le" ? "p010le" : pixelFormat;
}

function pairs(options: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(options);
}
