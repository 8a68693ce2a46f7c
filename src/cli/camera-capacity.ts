import { availableParallelism, freemem } from "node:os";
import type { CameraTrial, SourceTrial, TrialWish } from "./camera-trial.js";

/** What keeps a machine from taking more cameras. */
export type Limit = "cpu" | "encoder" | "disk" | "source" | "trouble";

/** Seconds of frames that may wait at the end of a trial; more is a queue that only grows. */
const backlog = 0.5;
/** Seconds until 95 of 100 frames are written, at most. */
const mostLatency = 1;
/** Of all CPUs: from here on they are what is short. */
const full = 0.85;
/** Of what the disk wrote when nothing else was to do. */
const diskShare = 0.7;
/** Of the frames of synthetic cameras that nobody keeps: fewer, and they are too slow for a trial. */
const sourceShare = 0.995;
/** Cameras, and times what was asked for: more is not tried. */
const most = { cameras: 32, times: 4 };
/** Bytes of memory that a camera's process takes before any frame waits. */
const processMemory = 150e6;
/** Trials in a search, after which the best one that is known is the answer. */
const mostTrials = 6;

/** Nothing was lost, no queue grew, and frames were written in time. */
export function holds(trial: CameraTrial): boolean {
  const lost = Object.values(trial.losses).reduce((sum, each) => sum + each, 0);
  const mayWait = Math.max(4, trial.rate * backlog) * trial.cameras;
  const isWhole = lost === 0 && trial.trouble === undefined && trial.written > 0;
  return isWhole && trial.waiting <= mayWait && (trial.latencyP95 ?? 0) <= mostLatency;
}

/**
 * Why a trial did not hold.
 * @param source the same cameras, when nobody kept their frames.
 * @param diskRate bytes a second that the disk takes.
 * @param all CPUs of the machine.
 */
export function limitOf(trial: CameraTrial, source: SourceTrial, diskRate: number, all: number): Limit {
  if (trial.losses.disk > 0 || trial.byteRate > diskRate * diskShare) return "disk";
  if (trial.trouble !== undefined) return "trouble";
  if (source.share < sourceShare) return "source";
  // One camera's encoder may be too slow while CPUs are idle: not all of them use several.
  return trial.cores + trial.otherCores >= all * full ? "cpu" : "encoder";
}

/** What a search has found. */
export interface Found {
  /** The largest that holds; 0 if none does. */
  readonly value: number;
  /** The smallest that is known not to hold; undefined if none was seen. */
  readonly above: number | undefined;
}

/**
 * The largest value that holds, in few trials: the first guesses are what the last trial suggests, then what lies between.
 * @param start what was tried first.
 * @param known how that went.
 * @param ceiling more is not tried.
 * @param step how exact it is to be.
 */
export async function searchLargest(
  start: number,
  known: CameraTrial,
  { ceiling, step }: { readonly ceiling: number; readonly step: number },
  attempt: (value: number) => Promise<CameraTrial>,
  all = availableParallelism(),
): Promise<Found> {
  let [low, high] = holds(known) ? [start, ceiling + step] : [0, start];
  let [value, last] = [start, known];
  for (let count = 0; count < mostTrials && high - low > step; count++) {
    const isOpen = low === 0 || high > ceiling;
    const guess = isOpen ? value * headroom(last, all) : (low + high) / 2;
    // Other programs make the CPUs look full: upwards it goes in longer and longer steps all the same.
    const least = high > ceiling ? low + step * 2 ** count : low + step;
    value = Math.min(high - step, Math.max(least, Math.floor(guess / step) * step));
    last = await attempt(value);
    if (holds(last)) low = value;
    else high = value;
  }
  return { value: low, above: high > ceiling ? undefined : high };
}

/** How many times as much the machine seems to take: by its CPUs if all went well, else by what was done in time. */
function headroom(trial: CameraTrial, all: number): number {
  const { cameras, rate, seconds, written, waiting, cores, otherCores } = trial;
  if (!holds(trial)) return (0.95 * (written - waiting)) / (cameras * rate * seconds);
  return (0.9 * Math.max(cores, all - otherCores)) / Math.max(0.01, cores);
}

/** Cameras that a search goes up to. */
export function ceilingOf(cameras: number): number {
  const fit = Math.floor(freemem() / 2 / processMemory);
  return Math.max(cameras, Math.min(most.cameras, most.times * cameras, fit));
}

/** What is cheaper than what was tried: for the disk smaller, for the CPU less work. */
export function othersThan({ format, preset, color }: CameraTrial): Pick<TrialWish, "format" | "preset">[] {
  const isVideo = format.startsWith("avc1") || format.startsWith("hevc") || format.startsWith("h264");
  const isFastest = preset === "ultrafast" || (preset === undefined && format.startsWith("h264-lossless"));
  return [
    ...(isVideo && !isFastest ? [{ format, preset: "ultrafast" }] : []),
    // A lossy codec would mix the colours of a mosaic.
    ...(format !== "mjpeg/avi" && !color.startsWith("bayer-") ? [{ format: "mjpeg/avi" }] : []),
    ...(format !== "raw" ? [{ format: "raw" }] : []),
  ];
}
