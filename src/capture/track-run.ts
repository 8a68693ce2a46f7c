import { CameraError } from "../core/errors.js";
import type { Frame, Stamp } from "../core/frame.js";
import type { Camera } from "./camera.js";
import type { Captured, CapturedSink, Given } from "./captured.js";
import type { ClockFitSummary } from "./clock-fit.js";
import type { DropPolicy } from "./frame-queue.js";
import { FrameStamper, type StampedFrame } from "./frame-stamper.js";
import { HostClock } from "./host-clock.js";
import { Interruption } from "./interruption.js";
import { PreTrigger } from "./pre-trigger.js";
import { Segment, type SegmentOptions } from "./segment.js";

export interface TrackRunOptions<F extends Captured = Frame> {
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
  readonly onFrame?: ((frame: F) => void) | undefined;
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
/** Milliseconds that a camera may keep everything else from happening. */
const breath = 10;

/**
 * One camera, and the sinks that its frames go to, one after another or none:
 *
 *   camera -> number and time -> pre-trigger -> Segment (queue -> sink)
 *
 * Acquisition goes on while saving begins and ends; no frame comes into two sinks, and between two that follow one another
 * none is lost.
 */
export class TrackRun<F extends Captured = Frame> {
  readonly name: string;
  readonly clock: HostClock;
  readonly #options: TrackRunOptions<F>;
  readonly #stamper: FrameStamper<F>;
  readonly #preTrigger: PreTrigger<F>;
  #segment: Segment<F> | undefined;
  /** Takes over at a time that is still to come. */
  #next: Segment<F> | undefined;
  /** Frames are packets: one sink is left for the next at a keyframe. */
  #isCoded = false;
  #offered = 0;
  #unsaved = 0;
  #lastSeen = performance.now();
  /** Seconds by which the times of a source that waits are moved: its first frame is of the moment when saving began. */
  #delay: number | undefined;
  /** Tells the frame that waits that there may be room. */
  #look: (() => void) | undefined;

  constructor(name: string, options: TrackRunOptions<F> = {}) {
    this.name = name;
    this.#options = options;
    this.clock = options.clock ?? new HostClock();
    this.#stamper = new FrameStamper<F>(this.clock);
    const { preTrigger = 0, preTriggerBytes = usualPreTriggerBytes } = options;
    this.#preTrigger = new PreTrigger<F>(preTrigger, preTriggerBytes);
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
  get segment(): Segment<F> | undefined {
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
  begin(sink: CapturedSink<F>, limits: SegmentLimits = {}): Segment<F> {
    const { queueBytes, drop, preTrigger = 0 } = this.#options;
    const onChange = (): void => {
      this.#look?.();
      this.#options.onChange?.();
    };
    // What runs already is left when it is time; what the pre-trigger holds is of the time before.
    const early = this.#segment === undefined ? preTrigger : 0;
    const from = limits.from === undefined ? undefined : limits.from - early;
    const segment = new Segment<F>(sink, { name: this.name, queueBytes, drop, onChange, ...limits, from });
    if (this.#segment !== undefined && (from !== undefined || this.#isCoded)) {
      this.#next?.finish();
      this.#next = segment;
      return segment;
    }
    this.end();
    this.#segment = segment;
    for (const held of this.#preTrigger.take()) this.#route(held, true);
    this.#look?.();
    return segment;
  }

  /** Frames are no longer saved. @returns the segment that ends; its `finish()` resolves when all is written. */
  end(): Segment<F> | undefined {
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
   * Takes what the camera gives. One at a time. A camera that waits is read as fast as its frames are wanted: each is held
   * until something saves it and has room.
   * @param isDone looked at before each frame.
   * @param why the camera had to be opened again, if it had.
   * @param silence seconds without a frame after which it counts as lost.
   * @throws {CameraError} and whatever else the camera throws; {QueueOverflowError} if nothing may be dropped.
   */
  async pump(
    source: AsyncIterable<Given<F>>,
    stop: AbortSignal,
    options: { readonly isDone?: () => boolean; readonly why?: string; readonly silence?: number } = {},
  ): Promise<PumpEnd> {
    const { isDone = () => false, why, silence = Number.POSITIVE_INFINITY } = options;
    this.#stamper.open(source, why);
    const { id = this.name, waits = false } = source as Partial<Camera>;
    const iterator = source[Symbol.asyncIterator]();
    this.#lastSeen = performance.now();
    const interruption = new Interruption();
    const stopped = (): void => interruption.come("stopped");
    stop.addEventListener("abort", stopped, { once: true });
    let looked = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // Whoever stood still himself knows nothing of the camera, nor does one who did not ask it.
      if (this.#look !== undefined) this.#lastSeen = now;
      else if (now - looked > 10 * watch) this.#lastSeen += now - looked;
      looked = now;
      if (now - this.#lastSeen > silence * 1000) interruption.come("silent");
    }, watch);
    let rested = performance.now();
    try {
      while (!stop.aborted) {
        if (isDone()) return "done";
        const next = await interruption.or(iterator.next());
        if (next === "silent") throw new CameraError(id, `gave no frame for ${silence} s`);
        if (next === "stopped") break;
        if (next.done) return "ended";
        if (waits) await this.#takeWaiting(next.value, interruption, isDone);
        else this.take(next.value);
        // Others must live beside a camera that always has a frame.
        if (performance.now() - rested > breath) {
          await new Promise((resolve) => setImmediate(resolve));
          rested = performance.now();
        }
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
  take(given: Given<F>): void {
    this.#route(this.#receive(given), false);
  }

  #receive(given: Given<F>): StampedFrame<F> {
    this.#lastSeen = performance.now();
    this.#offered++;
    this.#isCoded = !("image" in given);
    const stamped = this.#stamper.stamp(given);
    this.#options.onFrame?.(stamped.frame);
    return stamped;
  }

  /** Holds a frame until it is wanted and fits, whenever saving began; it is not saved if that never happens. */
  async #takeWaiting(given: Given<F>, interruption: Interruption, isDone: () => boolean): Promise<void> {
    const { frame: held, gap } = this.#receive(given);
    while (!isDone() && !interruption.hasCome) {
      if (this.#segment !== undefined) this.#delay ??= Math.max(0, (this.#segment.from ?? 0) - held.time);
      const frame = { ...held, time: held.time + (this.#delay ?? 0) };
      if (this.#next !== undefined && this.#next.place(frame) !== "before") this.end();
      if (this.#segment?.place(frame) === "after") this.end();
      else if (this.#segment?.hasRoomFor(frame)) return this.#segment.offer(frame, gap);
      else {
        const looked = new Promise<void>((resolve) => {
          this.#look = resolve;
        });
        await interruption.or(looked);
        this.#look = undefined;
      }
    }
    this.#unsaved++;
  }

  #route(stamped: StampedFrame<F>, isHeld: boolean): void {
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
