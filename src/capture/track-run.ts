import { CameraError } from "../core/errors.js";
import type { Frame, Stamp } from "../core/frame.js";
import type { FrameSink, FrameSource } from "../core/stream.js";
import type { CameraFrame } from "./camera.js";
import type { ClockFitSummary } from "./clock-fit.js";
import type { DropPolicy } from "./frame-queue.js";
import { FrameStamper, type StampedFrame } from "./frame-stamper.js";
import { HostClock } from "./host-clock.js";
import { Interruptible } from "./interruptible.js";
import { PreTrigger } from "./pre-trigger.js";
import { Segment, type SegmentOptions } from "./segment.js";

export interface TrackRunOptions {
  /** Bytes of pixels that may wait for a sink. @default 256 MiB */
  readonly queueBytes?: number | undefined;
  /** What to do when a sink is too slow. @default "newest" */
  readonly drop?: DropPolicy | undefined;
  /** Seconds before `begin` that are saved, too. @default 0 */
  readonly preTrigger?: number | undefined;
  /** Bytes of pixels that are kept for it at most. @default 256 MiB */
  readonly preTriggerBytes?: number | undefined;
  /** The time line that all tracks of a recording share. @default one of its own */
  readonly clock?: HostClock;
  /** Is shown every frame that comes, saved or not. It must not wait. */
  readonly onFrame?: ((frame: Frame) => void) | undefined;
  /** Called after each frame that was written or lost. */
  readonly onChange?: (() => void) | undefined;
}

/** Which frames of a track a sink is to have. */
export type SegmentLimits = Pick<SegmentOptions, "from" | "until" | "frames" | "continues">;

/** Why no more frames are pumped: it was stopped, the source has ended, or there is nothing left to be saved. */
export type PumpEnd = "stopped" | "ended" | "done";

const usualPreTriggerBytes = 256 * 2 ** 20;
/** Milliseconds between two looks whether the camera has fallen silent. */
const watch = 100;

/**
 * One camera, and the sinks that its frames go to, one after another or none:
 *
 *   camera -> number and time -> pre-trigger -> Segment (queue -> sink)
 *
 * Acquisition goes on while saving begins and ends; no frame comes into two sinks, and between two that follow one another
 * none is lost.
 */
export class TrackRun {
  readonly name: string;
  readonly clock: HostClock;
  readonly #options: TrackRunOptions;
  readonly #stamper: FrameStamper;
  readonly #preTrigger: PreTrigger;
  #segment: Segment | undefined;
  /** Takes over at a time that is still to come. */
  #next: Segment | undefined;
  #offered = 0;
  #unsaved = 0;
  #lastSeen = performance.now();

  constructor(name: string, options: TrackRunOptions = {}) {
    this.name = name;
    this.#options = options;
    this.clock = options.clock ?? new HostClock();
    this.#stamper = new FrameStamper(this.clock);
    const { preTrigger = 0, preTriggerBytes = usualPreTriggerBytes } = options;
    this.#preTrigger = new PreTrigger(preTrigger, preTriggerBytes);
  }

  /** Frames that the camera gave, saved or not. */
  get offered(): number {
    return this.#offered;
  }

  /** Frames that nobody wanted to be saved; those of the pre-trigger are still undecided. */
  get unsaved(): number {
    return this.#unsaved;
  }

  /** Where frames go now. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /** How the camera's clock runs; undefined if it has none. */
  get fit(): ClockFitSummary | undefined {
    return this.#stamper.fit;
  }

  /** Frames whose number was not above that of the one before. */
  get repeated(): number {
    return this.#stamper.repeated;
  }

  /** Number and time of the last frame that came. */
  get last(): Stamp | undefined {
    return this.#stamper.last;
  }

  /** Numbers go on after those of an earlier process, with frames so many seconds apart if the camera does not say. */
  continueAfter(last: Stamp, why: string, interval?: number): void {
    this.#stamper.continueAfter(last, why, interval);
  }

  /**
   * From now on, or from `limits.from` on, frames go into this sink; what went into another until then goes there no more.
   * What the pre-trigger holds goes first. The caller closes the sink when `finish()` of the segment has resolved.
   */
  begin(sink: FrameSink, limits: SegmentLimits = {}): Segment {
    const { queueBytes, drop, onChange, preTrigger = 0 } = this.#options;
    // What runs already is left when it is time; what the pre-trigger holds is of the time before.
    const early = this.#segment === undefined ? preTrigger : 0;
    const from = limits.from === undefined ? undefined : limits.from - early;
    const segment = new Segment(sink, { name: this.name, queueBytes, drop, onChange, ...limits, from });
    if (this.#segment !== undefined && from !== undefined) {
      this.#next?.finish();
      this.#next = segment;
      return segment;
    }
    this.end();
    this.#segment = segment;
    for (const held of this.#preTrigger.take()) this.#route(held, true);
    return segment;
  }

  /** Frames are no longer saved. @returns the segment that ends; its `finish()` resolves when all is written. */
  end(): Segment | undefined {
    const segment = this.#segment;
    this.#segment = this.#next;
    this.#next = undefined;
    segment?.finish();
    return segment;
  }

  /** Nothing is saved from now on, nor what was to begin later; what the pre-trigger holds goes. */
  stop(): void {
    while (this.end() !== undefined);
    this.#unsaved += this.#preTrigger.take().length;
  }

  /**
   * Takes what the camera gives. One at a time.
   * @param isDone looked at before each frame.
   * @param why the camera had to be opened again, if it had.
   * @param silence seconds without a frame after which it counts as lost.
   * @throws {CameraError} and whatever else the camera throws; {QueueOverflowError} if nothing may be dropped.
   */
  async pump(
    source: FrameSource,
    stop: AbortSignal,
    options: { readonly isDone?: () => boolean; readonly why?: string; readonly silence?: number } = {},
  ): Promise<PumpEnd> {
    const { isDone = () => false, why, silence = Number.POSITIVE_INFINITY } = options;
    this.#stamper.open(source, why);
    const iterator = source[Symbol.asyncIterator]() as AsyncIterator<CameraFrame>;
    this.#lastSeen = performance.now();
    const turns = new Interruptible<"stopped" | "silent">();
    const stopped = (): void => turns.interrupt("stopped");
    stop.addEventListener("abort", stopped, { once: true });
    let looked = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // Whoever stood still himself knows nothing of the camera.
      if (now - looked > 10 * watch) this.#lastSeen += now - looked;
      looked = now;
      if (now - this.#lastSeen > silence * 1000) turns.interrupt("silent");
    }, watch);
    try {
      while (!stop.aborted) {
        if (isDone()) return "done";
        const next = await turns.wait(iterator.next());
        if (next === "silent") {
          throw new CameraError(
            (source as { id?: string }).id ?? this.name,
            `gave no frame for ${silence} s`,
          );
        }
        if (next === "stopped") break;
        if (next.done) return "ended";
        this.take(next.value);
      }
      return "stopped";
    } finally {
      clearInterval(timer);
      stop.removeEventListener("abort", stopped);
      // Not awaited: a generator that waits for a frame that never comes would hold the whole recording.
      iterator.return?.().catch(() => {});
    }
  }

  /** One frame of the camera. Never waits. */
  take(given: CameraFrame): void {
    this.#lastSeen = performance.now();
    this.#offered++;
    const stamped = this.#stamper.stamp(given);
    this.#options.onFrame?.(stamped.frame);
    this.#route(stamped, false);
  }

  #route(stamped: StampedFrame, isHeld: boolean): void {
    const { frame, gap } = stamped;
    if (this.#next !== undefined && this.#next.place(frame) !== "before") this.end();
    const place = this.#segment?.place(frame);
    if (place === "in") this.#segment!.offer(frame, gap, isHeld);
    else if (place === "after") {
      this.end();
      this.#unsaved++;
    } else if (isHeld) this.#unsaved++;
    else this.#unsaved += this.#preTrigger.keep(stamped);
  }
}
