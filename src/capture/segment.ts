import { DiskFullError, FrameMismatchError, QueueOverflowError } from "../core/errors.js";
import type { Frame, Stamp } from "../core/frame.js";
import type { WriteProgress } from "../core/stream.js";
import { type Captured, type CapturedSink, leansOnOthers } from "./captured.js";
import { DurationHistogram, type DurationSummary } from "./duration-histogram.js";
import { type DropPolicy, FrameQueue } from "./frame-queue.js";
import { monotonicSeconds } from "./host-clock.js";
import { type Gap, type LossCause, LossLedger } from "./loss-ledger.js";

/** What of a track goes into one sink. */
export interface SegmentOptions {
  /** For errors. */
  readonly name: string;
  /** Bytes of pixels, or of packets, that may wait. @default 256 MiB */
  readonly queueBytes?: number | undefined;
  /** What to do when the sink is too slow. @default "newest" */
  readonly drop?: DropPolicy | undefined;
  /** Frames before this time (seconds since 1970) are not wanted. */
  readonly from?: number | undefined;
  /** Nor are those from this time on. */
  readonly until?: number | undefined;
  /** Frames that are offered to it at most. */
  readonly frames?: number | undefined;
  /** The sink had frames of this camera before: what was lost since then is lost to it. @default false */
  readonly continues?: boolean | undefined;
  /** Called after each frame that was written or lost. */
  readonly onChange?: (() => void) | undefined;
}

/** offered = written + dropped + waiting; at the end nothing waits. */
export interface SegmentCounts {
  /** Frames that were to be saved. */
  readonly offered: number;
  /** Safe, as the sink promises. */
  readonly written: number;
  /** Frames that came, but were not written. */
  readonly dropped: number;
  readonly waiting: number;
  /** Frame numbers that never came. */
  readonly missing: number;
  /** All that was lost, by cause: missing + dropped. */
  readonly losses: Readonly<Record<LossCause, number>>;
}

/** All that is known of a segment. */
export interface SegmentReport extends SegmentCounts {
  readonly first: Stamp | undefined;
  readonly last: Stamp | undefined;
  /** How far its frames have come, where the sink tells. */
  readonly progress: WriteProgress | undefined;
  readonly gaps: readonly Gap[];
  /** Gaps in all; `gaps` has the first ten thousand. */
  readonly gapCount: number;
  /** Seconds from frame to frame. */
  readonly intervals: DurationSummary | undefined;
  /** The same in bins, seconds. */
  readonly intervalBins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** Seconds from the arrival of a frame until it was written. */
  readonly latency: DurationSummary | undefined;
  /** The most bytes that ever waited. */
  readonly peakBytes: number;
}

/** Frames in a row that a sink may refuse before it counts as broken: a store begins a new chunk after each that failed. */
const patience = 24;

/** A queue, and the sink into which it is poured; every frame that is offered ends as written or as lost, with a cause. */
export class Segment<F extends Captured = Frame> {
  readonly sink: CapturedSink<F>;
  readonly #options: SegmentOptions;
  readonly #queue: FrameQueue<F>;
  readonly #ledger = new LossLedger();
  readonly #intervals = new DurationHistogram();
  readonly #latency = new DurationHistogram();
  /** Resolves when all that was to be written is written or lost, and after a failure at once. The sink is idle then. */
  readonly drained: Promise<void>;
  /** Resolves when nothing more is offered to it. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #written = 0;
  /** Lost by the sink. */
  #refused = 0;
  #missing = 0;
  #refusedInARow = 0;
  #first: Stamp | undefined;
  #last: Stamp | undefined;
  #failure: unknown;
  #failureCause: LossCause = "encoder";
  #isEnded = false;
  /** Of the last frame that the sink did not take. */
  #lastCause: LossCause = "camera";

  constructor(sink: CapturedSink<F>, options: SegmentOptions) {
    this.sink = sink;
    this.#options = options;
    this.#queue = new FrameQueue({
      name: options.name,
      ...(options.queueBytes !== undefined && { maxBytes: options.queueBytes }),
      ...(options.drop !== undefined && { drop: options.drop }),
      onDrop: (frame) => this.#lose(frame),
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.drained = this.#pour();
  }

  /** Seconds since 1970 from which on frames are wanted. */
  get from(): number | undefined {
    return this.#options.from;
  }

  /** Why it takes no more frames; undefined if it does. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whose fault that is. */
  get failureCause(): LossCause {
    return this.#failureCause;
  }

  /** True once it has all the frames that it was to have. */
  get isFull(): boolean {
    return this.#queue.counts.offered >= (this.#options.frames ?? Number.POSITIVE_INFINITY);
  }

  get counts(): SegmentCounts {
    const { offered, dropped } = this.#queue.counts;
    const lost = dropped + this.#refused;
    return {
      offered,
      written: this.#written,
      dropped: lost,
      waiting: offered - this.#written - lost,
      missing: this.#missing,
      losses: this.#ledger.totals,
    };
  }

  /** Seconds from the arrival of a frame until it was written. */
  get latency(): DurationSummary | undefined {
    return this.#latency.summary();
  }

  /** The most bytes that ever waited. */
  get peakBytes(): number {
    return this.#queue.counts.peakBytes;
  }

  get report(): SegmentReport {
    return {
      ...this.counts,
      first: this.#first,
      last: this.#last,
      progress: this.sink.progress,
      gaps: this.#ledger.gaps,
      gapCount: this.#ledger.count,
      intervals: this.#intervals.summary(),
      intervalBins: this.#intervals.bins(),
      latency: this.latency,
      peakBytes: this.peakBytes,
    };
  }

  /**
   * Whether a frame comes before what is wanted, belongs to it, or comes after it. What leans on others is not wanted before
   * a keyframe: a sink begins with what can be decoded.
   */
  place(frame: F): "before" | "in" | "after" {
    const { time } = frame;
    const { from, until } = this.#options;
    if (from !== undefined && time < from) return "before";
    if (this.isFull || (until !== undefined && time >= until)) return "after";
    return this.#first === undefined && leansOnOthers(frame) ? "before" : "in";
  }

  /** Whether a frame would be taken, and none be dropped for it. */
  hasRoomFor(frame: F): boolean {
    return this.#failure === undefined && this.#queue.hasRoomFor(frame);
  }

  /**
   * Never waits.
   * @param gap what was lost before it.
   * @param isHeld it is in memory anyway, and fits into a full queue, too.
   * @throws {QueueOverflowError} if the queue is full and nothing may be dropped.
   */
  offer(frame: F, gap?: Gap, isHeld = false): void {
    const { number, time } = frame;
    if (gap !== undefined && (this.#first !== undefined || this.#options.continues)) {
      this.#missing += gap.count;
      this.#ledger.add(gap);
    }
    if (this.#last !== undefined && gap === undefined) this.#intervals.add(time - this.#last.time);
    this.#first ??= { number, time };
    this.#last = { number, time };
    if (isHeld) this.#queue.admit(frame);
    else this.#queue.offer(frame);
  }

  /** Resolves when every frame is written or lost. The sink stays open. May be called twice. */
  finish(): Promise<void> {
    this.#isEnded = true;
    this.#queue.end();
    this.#end();
    return this.drained;
  }

  async #pour(): Promise<void> {
    const writing: Promise<void>[] = [];
    for (let frame = await this.#queue.take(); frame; frame = await this.#queue.take()) {
      writing.push(this.#write(frame));
      while (writing.length > (this.sink.ahead ?? 0)) await writing.shift();
    }
    await Promise.all(writing);
  }

  /** Never rejects. */
  async #write(frame: F): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if ((await this.sink.write(frame)) === false) {
        this.#refused++;
        this.#tell(frame, this.#lastCause, "one that it leans on was lost");
        return;
      }
      this.#written++;
      this.#refusedInARow = 0;
      const arrived = frame.clocks?.arrived;
      if (arrived !== undefined) this.#latency.add(monotonicSeconds() - arrived);
      this.#options.onChange?.();
    } catch (error) {
      this.#refuse(frame, error);
    }
  }

  #refuse(frame: F, error: unknown): void {
    const cause = causeOf(error);
    this.#lastCause = cause;
    this.#refused++;
    if (cause !== "camera") this.#refusedInARow++;
    const isFinal =
      error instanceof DiskFullError || this.#refusedInARow >= patience || this.sink.progress === undefined;
    if (this.#failure === undefined && cause !== "camera" && isFinal) {
      this.#failure = error;
      this.#failureCause = cause;
      this.#queue.end();
      this.#queue.clear();
    }
    this.#tell(frame, cause, reasonOf(error));
  }

  /** By the queue: full, or closed because the sink has failed. */
  #lose(frame: F): void {
    if (this.#failure !== undefined) this.#tell(frame, this.#failureCause, reasonOf(this.#failure));
    else this.#tell(frame, "queue", this.#isEnded ? "it came after the end" : "the queue was full");
  }

  #tell({ number, time }: Stamp, cause: LossCause, reason: string): void {
    this.#ledger.add({ number, count: 1, time, cause, reason });
    this.#options.onChange?.();
  }
}

const diskCodes = new Set(["ENOSPC", "EIO", "EDQUOT", "EROFS", "ENOENT", "ESTALE", "ENXIO", "EFBIG"]);

function causeOf(error: unknown): LossCause {
  if (error instanceof FrameMismatchError) return "camera";
  if (error instanceof QueueOverflowError) return "queue";
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DiskFullError || diskCodes.has((cause as NodeJS.ErrnoException).code ?? ""))
      return "disk";
  }
  return "encoder";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
