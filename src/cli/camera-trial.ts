import { mkdtemp, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LossCause } from "../capture/loss-ledger.js";
import type { BayerPattern } from "../core/image.js";
import type { Recording } from "../recording/recording.js";

/** What is recorded in a trial. */
export interface TrialWish {
  readonly cameras: number;
  readonly width: number;
  readonly height: number;
  /** Frames a second of each camera. */
  readonly rate: number;
  readonly color: "gray" | "bgr" | BayerPattern;
  /** Store format; undefined takes the camera's usual one. */
  readonly format?: string | undefined;
  readonly preset?: string | undefined;
  /** How long. */
  readonly seconds: number;
}

/** What a trial has shown; all figures are of all cameras together, unless they say something else. */
export interface CameraTrial extends TrialWish {
  /** The format that was taken. */
  readonly format: string;
  readonly written: number;
  readonly losses: Readonly<Record<LossCause, number>>;
  /** Frames that still waited when the last one came. */
  readonly waiting: number;
  /** CPUs that were busy with it: 1.5 is one and a half. */
  readonly cores: number;
  /** CPUs that other programs kept busy meanwhile. */
  readonly otherCores: number;
  /** Seconds from the arrival of a frame until it was written, of the slowest camera; undefined if none was. */
  readonly latencyP95: number | undefined;
  /** Bytes a second that went into the stores. */
  readonly byteRate: number;
  /** Bytes of memory of all processes, at most. */
  readonly memory: number;
  /** What went wrong with a camera or a store, the first of it. */
  readonly trouble?: string;
}

/** What the synthetic cameras cost by themselves, when nobody keeps their frames. */
export interface SourceTrial {
  /** CPUs that were busy with them. */
  readonly cores: number;
  /** Of all frames, those that came. 1 is all. */
  readonly share: number;
}

/** Milliseconds between two looks at a recording. */
const look = 100;

interface Look {
  /** Seconds. */
  readonly at: number;
  /** Seconds of CPU, all processes together. */
  readonly cpu: number;
  /** The same of the whole machine. */
  readonly busy: number;
}

/**
 * Records synthetic cameras in real time, each in a process of its own, into a folder that is removed afterwards, however
 * it ends.
 * @param folder where.
 * @param onLook is told how many seconds have passed.
 * @throws {TrackError} if a camera or a store cannot be opened.
 */
export async function tryCameras(
  folder: string,
  wish: TrialWish,
  signal: AbortSignal,
  onLook: (seconds: number) => void = () => {},
): Promise<CameraTrial> {
  const { startRecording } = await import("../recording/index.js");
  const directory = await mkdtemp(join(folder, ".marey-trial-"));
  try {
    let trouble: string | undefined;
    const recording = await startRecording(
      { directory, pattern: "{name}", cameras: camerasOf(wish), seconds: wish.seconds },
      {
        signal,
        onEvent: ({ kind, track, text }) => {
          if (["broken", "failed", "restarted"].includes(kind)) trouble ??= `${track}: ${text}`;
        },
      },
    );
    const found = await watchRecording(recording, recording.done, onLook);
    signal.throwIfAborted();
    const { tracks } = recording;
    const losses = { camera: 0, queue: 0, encoder: 0, disk: 0 };
    for (const { counts } of tracks) {
      for (const cause of Object.keys(losses) as LossCause[]) losses[cause] += counts.losses[cause];
    }
    const reports = tracks.flatMap(({ saved }) => saved.flatMap(({ report }) => report ?? []));
    const latencies = reports.flatMap(({ latency }) => latency?.p95 ?? []);
    return {
      ...wish,
      format: tracks[0]!.format,
      written: tracks.reduce((sum, { counts }) => sum + counts.written, 0),
      losses,
      waiting: found.waiting,
      cores: found.cores,
      otherCores: found.otherCores,
      latencyP95: latencies.length > 0 ? Math.max(...latencies) : undefined,
      byteRate: reports.reduce((sum, { progress }) => sum + (progress?.bytes ?? 0), 0) / wish.seconds,
      memory: found.memory,
      ...(trouble !== undefined && { trouble }),
    };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Lets synthetic cameras run in real time as `tryCameras` does, and keeps nothing. */
export async function trySources(wish: TrialWish, signal: AbortSignal): Promise<SourceTrial> {
  const { startRecording } = await import("../recording/index.js");
  // What nobody asks to save is thrown away.
  const recording = await startRecording({ cameras: camerasOf(wish), armed: true }, { signal });
  const first = recording.tracks.map(({ status }) => ({ ...status?.last, offered: status?.offered ?? 0 }));
  const over = sleep(wish.seconds * 1000, undefined, { signal }).catch(() => {});
  const { cores } = await watchRecording(recording, over, () => {});
  let [came, due] = [0, 0];
  for (const [i, { status }] of recording.tracks.entries()) {
    came += (status?.offered ?? 0) - first[i]!.offered;
    due += Number(status?.last?.number ?? 0) - Number(first[i]!.number ?? -1);
  }
  await recording.stop();
  signal.throwIfAborted();
  return { cores, share: due > 0 ? came / due : 0 };
}

function camerasOf({ cameras, width, height, rate, color, format, preset }: TrialWish) {
  return Array.from({ length: cameras }, (_, i) => ({
    ...{ name: `cam${i + 1}`, camera: `synthetic:${width}x${height}@${rate}`, color },
    ...(format !== undefined && { format }),
    ...(preset !== undefined && { preset }),
  }));
}

/** What it costs until `over`, and how much waits then. What comes after that, closing, is not counted. */
async function watchRecording(recording: Recording, over: Promise<void>, onLook: (seconds: number) => void) {
  const started = performance.now() / 1000;
  const first = lookAt(recording);
  let last = first;
  let [waiting, memory] = [0, 0];
  const timer = setInterval(() => {
    const isOpen = recording.tracks.some(({ isSaving }) => isSaving) || recording.rig.armed === true;
    if (isOpen) last = lookAt(recording);
    if (isOpen) waiting = recording.tracks.reduce((sum, { counts }) => sum + counts.waiting, 0);
    const processes = recording.tracks.reduce((sum, { status }) => sum + (status?.memory ?? 0), 0);
    memory = Math.max(memory, processes + process.memoryUsage.rss());
    onLook(performance.now() / 1000 - started);
  }, look);
  await over;
  clearInterval(timer);
  const passed = Math.max(1e-3, last.at - first.at);
  const cores = (last.cpu - first.cpu) / passed;
  return { waiting, memory, cores, otherCores: Math.max(0, (last.busy - first.busy) / passed - cores) };
}

function lookAt({ tracks }: Recording): Look {
  const { user, system } = process.cpuUsage();
  const children = tracks.reduce((sum, { status }) => sum + (status?.cpu ?? 0), 0);
  const busy = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { at: performance.now() / 1000, cpu: children + (user + system) / 1e6, busy: busy / 1000 };
}
