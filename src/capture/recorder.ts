import { MareyError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import type { FrameSink, FrameSource } from "../core/stream.js";
import { WriteAhead } from "../core/write-ahead.js";
import { type DropPolicy, FrameQueue } from "./frame-queue.js";

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
  /** Called after each frame that was written or dropped. */
  readonly onProgress?: (tracks: readonly TrackCounts[]) => void;
}

/** offered = written + dropped + waiting; at the end nothing waits. */
export interface TrackCounts {
  readonly name: string;
  /** Frames that the source gave. */
  readonly offered: number;
  readonly written: number;
  /** Frames that were given but not written: the queue was full, or the sink had failed. */
  readonly dropped: number;
  readonly waiting: number;
  /** Frame numbers that never came: lost by the camera, before anyone could count them. */
  readonly missing: number;
}

export interface RecordingReceipt {
  readonly tracks: readonly TrackCounts[];
  /** From the call to the last frame written. */
  readonly seconds: number;
  /** What ended it: the asked length, the signal, or the sources themselves. */
  readonly stoppedBy: "length" | "signal" | "source";
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
 * Records every track until its length is reached, the signal aborts or the source ends, and leaves sinks open.
 * Start is the call, stop is the signal, done is the promise. A failing track does not stop the others.
 * @throws {RecordingError} after all tracks have ended, if one or more failed.
 */
export async function record(
  tracks: readonly Track[],
  options: RecordOptions = {},
): Promise<RecordingReceipt> {
  const started = performance.now();
  const length = new AbortController();
  const stop = options.signal ? AbortSignal.any([options.signal, length.signal]) : length.signal;
  const timer =
    options.seconds === undefined ? undefined : setTimeout(() => length.abort(), options.seconds * 1000);
  const running = tracks.map((track) => new RunningTrack(track, options));
  const progress = (): void => options.onProgress?.(running.map((track) => track.counts));
  try {
    await Promise.all(running.map((track) => track.run(stop, progress)));
  } finally {
    clearTimeout(timer);
  }
  const receipt: RecordingReceipt = {
    tracks: running.map((track) => track.counts),
    seconds: (performance.now() - started) / 1000,
    stoppedBy: options.signal?.aborted
      ? "signal"
      : length.signal.aborted || running.every((track) => track.reachedLength)
        ? "length"
        : "source",
  };
  const errors = running.flatMap(({ name, errors }) => errors.map((error) => ({ track: name, error })));
  if (errors.length > 0) throw new RecordingError(receipt, errors);
  return receipt;
}

/** A source pumped into a queue, and the queue poured into a sink. */
class RunningTrack {
  readonly name: string;
  readonly errors: unknown[] = [];
  reachedLength = false;
  readonly #track: Track;
  readonly #queue: FrameQueue;
  readonly #frames: number;
  #written = 0;
  /** Taken from the queue, but refused by the sink. */
  #refused = 0;
  #missing = 0;
  #lastNumber: number | undefined;

  constructor(track: Track, options: RecordOptions) {
    this.name = track.name;
    this.#track = track;
    this.#frames = options.frames ?? Number.POSITIVE_INFINITY;
    this.#queue = new FrameQueue({
      name: track.name,
      ...(options.queueBytes !== undefined && { maxBytes: options.queueBytes }),
      ...(options.drop !== undefined && { drop: options.drop }),
    });
  }

  get counts(): TrackCounts {
    const { offered, dropped } = this.#queue.counts;
    const lost = dropped + this.#refused;
    return {
      name: this.name,
      offered,
      written: this.#written,
      dropped: lost,
      waiting: offered - this.#written - lost,
      missing: this.#missing,
    };
  }

  async run(stop: AbortSignal, progress: () => void): Promise<void> {
    const failed = new AbortController();
    await Promise.all([
      this.#pump(AbortSignal.any([stop, failed.signal]), progress).catch((error) => this.errors.push(error)),
      this.#pour(progress).catch((error) => {
        this.errors.push(error);
        failed.abort();
        this.#queue.end();
        this.#queue.clear();
      }),
    ]);
  }

  /** Source to queue. A source that hangs is left behind when `stop` aborts: its owner closes it. */
  async #pump(stop: AbortSignal, progress: () => void): Promise<void> {
    const iterator = this.#track.source[Symbol.asyncIterator]();
    let stopped: (() => void) | undefined;
    const aborted = new Promise<undefined>((resolve) => {
      stopped = () => resolve(undefined);
    });
    stop.addEventListener("abort", stopped!, { once: true });
    try {
      while (!stop.aborted) {
        if (this.#queue.counts.offered >= this.#frames) {
          this.reachedLength = true;
          break;
        }
        const next = await Promise.race([iterator.next(), aborted]);
        if (next === undefined || next.done) break;
        this.#countMissing(next.value);
        if (!this.#queue.offer(next.value)) progress();
      }
    } finally {
      stop.removeEventListener("abort", stopped!);
      this.#queue.end();
      // Not awaited: a generator that waits for a frame that never comes would hold the whole recording.
      iterator.return?.().catch((error) => this.errors.push(error));
    }
  }

  async #pour(progress: () => void): Promise<void> {
    let taken = 0;
    const writer = new WriteAhead(this.#track.sink, (written) => {
      this.#written = written;
      progress();
    });
    try {
      for (let frame = await this.#queue.take(); frame; frame = await this.#queue.take()) {
        taken++;
        await writer.write(frame);
      }
      await writer.finish();
    } finally {
      this.#refused = taken - this.#written;
    }
  }

  #countMissing({ number }: Frame): void {
    const current = Number(number);
    if (Number.isNaN(current)) return;
    if (this.#lastNumber !== undefined) this.#missing += Math.max(0, current - this.#lastNumber - 1);
    this.#lastNumber = current;
  }
}
