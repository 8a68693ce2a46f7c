import { MareyError } from "../core/errors.js";
import type { FrameSink, FrameSource } from "../core/stream.js";
import type { ClockFitSummary } from "./clock-fit.js";
import type { DropPolicy } from "./frame-queue.js";
import { type ClockStep, HostClock } from "./host-clock.js";
import type { Segment, SegmentCounts, SegmentReport } from "./segment.js";
import { TrackRun } from "./track-run.js";

/** One camera and where its frames go. */
export interface Track {
  /** For counts and errors. */
  readonly name: string;
  readonly source: FrameSource;
  readonly sink: FrameSink;
}

export interface RecordOptions {
  /** Ends the recording: what the cameras have given by then is written, and the receipt comes as always. */
  readonly signal?: AbortSignal;
  /** Seconds to record. @default until the sources end or `signal` aborts */
  readonly seconds?: number;
  /** Frames that each source is asked for. @default as `seconds` */
  readonly frames?: number;
  /** Bytes of pixels that may wait in each track. @default 256 MiB */
  readonly queueBytes?: number;
  /** What to do when a sink is too slow. @default "newest" */
  readonly drop?: DropPolicy;
  /** Called after each frame that was written or lost. */
  readonly onProgress?: (tracks: readonly TrackCounts[]) => void;
}

/** offered = written + dropped + waiting; at the end nothing waits. */
export interface TrackCounts extends SegmentCounts {
  readonly name: string;
}

/** All that is known of a track that was recorded. */
export interface TrackReceipt extends TrackCounts, SegmentReport {
  /** How the camera's clock ran; absent if it has none. */
  readonly clock?: ClockFitSummary;
}

export interface RecordingReceipt {
  readonly tracks: readonly TrackReceipt[];
  /** From the call to the last frame written. */
  readonly seconds: number;
  /** What ended it: the asked length, the signal, or the sources themselves. */
  readonly stoppedBy: "length" | "signal" | "source";
  /** Times that somebody set this machine's clock meanwhile, or that it slept. */
  readonly clockSteps: readonly ClockStep[];
}

/** At least one track failed; the others were recorded to their end. */
export class RecordingError extends MareyError {
  readonly code = "RECORDING";
  readonly receipt: RecordingReceipt;
  /** One for each track that failed. */
  readonly errors: readonly { readonly track: string; readonly error: unknown }[];

  constructor(receipt: RecordingReceipt, errors: readonly { track: string; error: unknown }[]) {
    const texts = errors.map(
      ({ track, error }) => `${track}: ${error instanceof Error ? error.message : error}`,
    );
    super(`${errors.length} of ${receipt.tracks.length} tracks failed: ${texts.join("; ")}`, {
      cause: errors[0]?.error,
    });
    this.receipt = receipt;
    this.errors = errors;
  }
}

/**
 * Records every track until its length is reached, the signal aborts or the source ends, and leaves sinks open. All in
 * this process; `startRecording` gives each camera one of its own.
 * Start is the call, stop is the signal, done is the promise. A failing track does not stop the others. A camera's frames
 * get the best estimate of when they were taken as their time, and what the clocks said as `clocks`.
 * @throws {RecordingError} after all tracks have ended, if one or more failed.
 */
export async function record(
  tracks: readonly Track[],
  options: RecordOptions = {},
): Promise<RecordingReceipt> {
  const started = performance.now();
  const clock = new HostClock();
  const length = new AbortController();
  const stop = options.signal ? AbortSignal.any([options.signal, length.signal]) : length.signal;
  const timer =
    options.seconds === undefined ? undefined : setTimeout(() => length.abort(), options.seconds * 1000);
  const running: RunningTrack[] = [];
  const progress = (): void => options.onProgress?.(running.map((track) => track.counts));
  for (const track of tracks) running.push(new RunningTrack(track, options, clock, progress));
  try {
    await Promise.all(running.map((track) => track.run(stop)));
  } finally {
    clearTimeout(timer);
  }
  const receipt: RecordingReceipt = {
    tracks: running.map((track) => track.receipt),
    seconds: (performance.now() - started) / 1000,
    stoppedBy: options.signal?.aborted
      ? "signal"
      : length.signal.aborted || running.every((track) => track.reachedLength)
        ? "length"
        : "source",
    clockSteps: clock.steps,
  };
  const errors = running.flatMap(({ name, errors }) => errors.map((error) => ({ track: name, error })));
  if (errors.length > 0) throw new RecordingError(receipt, errors);
  return receipt;
}

/** A track with one sink, from its first frame to its last. */
class RunningTrack {
  readonly name: string;
  readonly errors: unknown[] = [];
  readonly #source: FrameSource;
  readonly #run: TrackRun;
  readonly #segment: Segment;

  constructor({ name, source, sink }: Track, options: RecordOptions, clock: HostClock, progress: () => void) {
    const { queueBytes, drop, frames } = options;
    this.name = name;
    this.#source = source;
    this.#run = new TrackRun(name, { queueBytes, drop, clock, onChange: progress });
    this.#segment = this.#run.begin(sink, { frames });
  }

  get reachedLength(): boolean {
    return this.#segment.isFull;
  }

  get counts(): TrackCounts {
    return { name: this.name, ...this.#segment.counts };
  }

  get receipt(): TrackReceipt {
    const clock = this.#run.fit;
    return { name: this.name, ...this.#segment.report, ...(clock && { clock }) };
  }

  async run(stop: AbortSignal): Promise<void> {
    const isDone = (): boolean => this.#segment.isFull || this.#segment.failure !== undefined;
    await this.#run.pump(this.#source, stop, { isDone }).catch((error) => this.errors.push(error));
    this.#run.stop();
    await this.#segment.finish();
    if (this.#segment.failure !== undefined) this.errors.push(this.#segment.failure);
  }
}
