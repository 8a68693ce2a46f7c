import type { Frame, FrameNumber } from "../core/frame.js";
import type { Camera, CameraFrame } from "./camera.js";
import type { Captured, Given } from "./captured.js";
import { ClockFit, type ClockFitSummary } from "./clock-fit.js";
import { type HostClock, monotonicSeconds } from "./host-clock.js";
import type { Gap } from "./loss-ledger.js";

/** A frame with its final number and time, and what was lost before it. */
export interface StampedFrame<F extends Captured = Frame> {
  readonly frame: F;
  /** Undefined if it follows the one before. */
  readonly gap: Gap | undefined;
}

/**
 * Gives the frames of a camera numbers and times that go on, whatever the camera does.
 *
 * Numbers are the camera's own. When it is opened again, and counts from 0 again, they go on after those that the pause
 * has cost, by its rate; at least one, so that every pause is seen. The time is the camera's own, mapped to this machine's
 * (see `ClockFit`), or that of the driver (always so for a camera that waits); where neither has a clock, when the frame arrived. It never goes back.
 */
export class FrameStamper<F extends Captured = Frame> {
  readonly #clock: HostClock;
  #camera: Pick<Camera, "clock" | "rate" | "waits"> = {};
  #isCamera = false;
  #fit = new ClockFit();
  /** Why the camera had to be opened again; undefined once its first frame has come. */
  #reopened: string | undefined;
  #shift = 0;
  #last: { readonly number: FrameNumber; readonly time: number; readonly arrived: number } | undefined;
  /** Seconds from frame to frame, smoothed; for cameras that know no rate. */
  #usual = Number.NaN;
  #repeated = 0;

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  /** How the camera's clock runs; undefined if it has none. */
  get fit(): ClockFitSummary | undefined {
    return this.#fit.summary();
  }

  /** Frames whose number was not above that of the one before. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Number and time of the last frame. */
  get last(): { readonly number: FrameNumber; readonly time: number } | undefined {
    return this.#last;
  }

  /**
   * The camera's frames come from now on.
   * @param why it was opened again, if it was.
   */
  open(source: object, why?: string): void {
    const { clock, rate, waits = false } = source as Partial<Camera>;
    this.#camera = { ...(clock && { clock }), ...(rate !== undefined && { rate }), waits };
    this.#isCamera = clock !== undefined || "id" in source;
    if (this.#last !== undefined) {
      this.#reopened = why ?? "it was opened again";
      this.#fit = new ClockFit();
    }
  }

  /**
   * Carries on after frames of an earlier process.
   * @param interval seconds from frame to frame, for a camera that knows no rate.
   */
  continueAfter(
    last: { readonly number: FrameNumber; readonly time: number },
    why: string,
    interval = Number.NaN,
  ): void {
    this.#usual = interval;
    const ago = this.#clock.now() - last.time;
    this.#last = { ...last, arrived: monotonicSeconds() - ago };
    this.#reopened = why;
  }

  stamp(frame: Given<F>): StampedFrame<F> {
    this.#clock.look();
    const isOwn = this.#isCamera || frame.arrived !== undefined;
    const arrived = frame.arrived ?? monotonicSeconds();
    const time = isOwn ? this.#timeOf(frame, arrived) : frame.time;
    const gap = this.#gapBefore(frame.number, arrived);
    const number = typeof frame.number === "number" ? frame.number + this.#shift : frame.number;
    const before = this.#last;
    if (before !== undefined && gap === undefined && !(Number(number) > Number(before.number)))
      this.#repeated++;
    if (before !== undefined && gap === undefined) this.#learn(arrived - before.arrived);
    this.#last = { number, time, arrived };
    const { cameraTime: _, arrived: __, clocks: ___, ...kept } = frame;
    const stamped = { ...kept, number, time } as unknown as F;
    if (!isOwn) return { frame: stamped, gap };
    const clocks = {
      cameraNumber: frame.number,
      ...(frame.cameraTime !== undefined && { cameraTime: frame.cameraTime }),
      arrived,
      arrivedUtc: this.#clock.utcOf(arrived) + this.#clock.ahead,
    };
    return { frame: { ...stamped, clocks }, gap };
  }

  #timeOf({ time, cameraTime }: Pick<CameraFrame, "time" | "cameraTime">, arrived: number): number {
    const estimate = this.#estimate(time, cameraTime, arrived);
    if (this.#last === undefined || estimate > this.#last.time) return estimate;
    const here = this.#clock.utcOf(arrived);
    return here > this.#last.time ? here : this.#last.time + 1e-6;
  }

  #estimate(time: number, cameraTime: number | undefined, arrived: number): number {
    const { clock, waits } = this.#camera;
    // How fast it is read says nothing of its clock.
    if (clock === undefined || waits) return Number.isNaN(time) ? this.#clock.utcOf(arrived) : time;
    if (cameraTime === undefined) return this.#clock.utcOf(arrived);
    if (clock === "monotonic") return this.#clock.utcOf(cameraTime);
    this.#fit.add(cameraTime, arrived);
    const isDoubtful = this.#fit.isSuspicious(cameraTime, arrived);
    return this.#clock.utcOf(isDoubtful ? arrived : this.#fit.hostTimeOf(cameraTime));
  }

  /** Also moves the numbers of a camera that was opened again. */
  #gapBefore(raw: FrameNumber, arrived: number): Gap | undefined {
    const before = this.#last;
    if (before === undefined || typeof raw !== "number" || typeof before.number !== "number")
      return undefined;
    const reason = this.#reopened;
    if (reason !== undefined) {
      this.#reopened = undefined;
      const every = this.#camera.rate === undefined ? this.#usual : 1 / this.#camera.rate;
      const guess = Math.round((arrived - before.arrived) / every) - 1;
      const count = Number.isFinite(guess) ? Math.max(1, guess) : 1;
      this.#shift = before.number + 1 + count - raw;
      return {
        number: before.number + 1,
        count,
        time: before.time,
        cause: "camera",
        reason,
        estimated: true,
      };
    }
    const count = raw + this.#shift - before.number - 1;
    if (!(count > 0)) return undefined;
    return { number: before.number + 1, count, time: before.time, cause: "camera" };
  }

  #learn(interval: number): void {
    this.#usual = Number.isNaN(this.#usual) ? interval : this.#usual + (interval - this.#usual) / 32;
  }
}
