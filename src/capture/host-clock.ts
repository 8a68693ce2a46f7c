import { uptime } from "node:os";

/** Seconds on the monotonic clock of this machine: the same in all of its processes, set by nobody. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** The clocks of a machine, in seconds. */
export interface MachineClocks {
  monotonic(): number;
  /** Since 1970. */
  utc(): number;
  /** As `monotonic`, but it goes on while the machine sleeps. */
  awake(): number;
}

export const clocksOfThisMachine: MachineClocks = {
  monotonic: monotonicSeconds,
  // Whole milliseconds, cut off: half of one is what is missing on average.
  utc: () => Date.now() / 1000 + 0.0005,
  awake: uptime,
};

/** Somebody set the clock, or the machine slept. */
export interface ClockStep {
  /** Seconds since 1970, on the time line of the recording. */
  readonly time: number;
  /** By which the clock went ahead of it. */
  readonly seconds: number;
  readonly kind: "set" | "slept";
}

/** Seconds a second that a clock which is being steered may go wrong: what NTP does at most. */
const steering = 500e-6;
/** Seconds between two looks. */
const rest = 1;
/** A clock that is off by more has been set. */
const least = 0.25;
/** Steps that are kept. */
const mostSteps = 1000;

/**
 * The time line of a recording: UTC as it was when the recording began, carried on by the monotonic clock. A clock that is
 * steered is followed, slowly; one that is set is not, so that frames never change their order and no second comes twice.
 * How far it was set is kept. A machine that slept has lost no time: what it slept is added.
 */
export class HostClock {
  readonly #clocks: MachineClocks;
  readonly #steps: ClockStep[] = [];
  /** UTC minus monotonic, as this clock has it. */
  #offset: number;
  /** How far the machine's own clock was set since. */
  #set = 0;
  #looked: number;
  /** What `awake` is ahead of `monotonic`. */
  #asleep: number;

  /** @param offset of another clock on this machine, whose time line this one shares. */
  constructor(clocks: MachineClocks = clocksOfThisMachine, offset?: number) {
    this.#clocks = clocks;
    this.#looked = clocks.monotonic();
    this.#offset = offset ?? clocks.utc() - this.#looked;
    this.#asleep = clocks.awake() - this.#looked;
  }

  /** Seconds since 1970 when the monotonic clock read 0. */
  get offset(): number {
    return this.#offset;
  }

  /** Times that the machine's clock was set, or that it slept; the first thousand. */
  get steps(): readonly ClockStep[] {
    return this.#steps;
  }

  /** Seconds by which the machine's clock is ahead of this time line, because it was set. */
  get ahead(): number {
    return this.#set;
  }

  /** Seconds since 1970 of a reading of the monotonic clock. */
  utcOf(monotonic: number): number {
    return monotonic + this.#offset;
  }

  now(): number {
    return this.utcOf(this.#clocks.monotonic());
  }

  /** Looks at the machine's clocks, at most once a second; call it often. */
  look(): void {
    const now = this.#clocks.monotonic();
    const passed = now - this.#looked;
    if (passed < rest) return;
    this.#looked = now;
    const slept = this.#clocks.awake() - now - this.#asleep;
    if (slept > least) this.#sleep(slept, now);
    const off = this.#clocks.utc() - this.#set - this.utcOf(now);
    if (Math.abs(off) > least) this.#keep({ time: this.utcOf(now), seconds: off, kind: "set" }, off);
    else this.#offset += Math.sign(off) * Math.min(Math.abs(off), steering * passed);
  }

  #sleep(seconds: number, now: number): void {
    this.#asleep += seconds;
    this.#offset += seconds;
    this.#keep({ time: this.utcOf(now), seconds, kind: "slept" }, 0);
  }

  #keep(step: ClockStep, set: number): void {
    this.#set += set;
    if (this.#steps.length < mostSteps) this.#steps.push(step);
  }
}
