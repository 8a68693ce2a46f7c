/** What is known of a frame when it comes in. */
export interface FrameSign {
  /** Seconds on the stream's clock; NaN where it has none. */
  readonly pts: number;
  /** Seconds on the monotonic clock. */
  readonly arrived: number;
  /** Frames that were there before it, and have not been given. */
  readonly leftOut: number;
}

/** Frames that the pace is told by. */
const RECENT = 64;

/** Seconds over which arrivals tell a pace: they come in bursts. */
const ARRIVALS = 1;

/** Seconds by which the stream's clock may differ from arrival within one step; beyond, it has been set. */
const SET_CLOCK = 10;

/**
 * Numbers the frames of a stream. They are counted as they come; where it is known that some are missing (the transport
 * says so, or the connection broke), the gap is as many as its time holds, and after a break one at least.
 */
export class FrameCount {
  #number = -1;
  #last: { readonly pts: number; readonly arrived: number } | undefined;
  /** Seconds that the stream's clock is ahead of its stamps, since it was set anew. */
  #ahead = 0;
  /** Of the newest frames, without a gap: stamps, or arrivals where there are none. */
  #recent: number[] = [];
  #rate: number | undefined;
  #isStamped = false;
  #hasLost = false;
  #hasBroken = false;

  /**
   * Frames a second: by their stamps, in the order in which they are shown; where they have none, by how many came in a
   * second or more. Undefined before enough have come.
   */
  get rate(): number | undefined {
    this.#rate = this.#measured() ?? this.#rate;
    return this.#rate;
  }

  /** Something before the next frame is missing, and nobody knows how much. */
  lose(): void {
    this.#hasLost = true;
  }

  /** The next frame comes by another connection. */
  break(): void {
    this.#hasBroken = this.#last !== undefined;
  }

  /** @returns the frame's number, and its time on the stream's clock, which goes on over breaks by arrival. */
  next({ pts, arrived, leftOut }: FrameSign): { readonly number: number; readonly cameraTime: number } {
    const last = this.#last;
    if (last === undefined) {
      this.#number += 1 + leftOut;
      this.#last = { pts, arrived };
      this.#note(pts, arrived);
      return { number: this.#number, cameraTime: pts };
    }
    const byArrival = arrived - last.arrived;
    const byStamp = pts - last.pts;
    const isSet = this.#hasBroken || Math.abs(byStamp - byArrival) > SET_CLOCK;
    const step = isSet || Number.isNaN(byStamp) ? byArrival : byStamp;
    const rate = this.rate ?? 0;
    const least = 1 + leftOut + (this.#hasBroken ? 1 : 0);
    const held = this.#hasLost || this.#hasBroken ? Math.round(step * rate) : 0;
    this.#number += Math.max(least, held);
    if (isSet || this.#hasLost || leftOut > 0) this.#recent = [];
    this.#note(pts, arrived);
    this.#hasLost = false;
    this.#hasBroken = false;
    if (isSet) this.#ahead += byArrival - byStamp;
    this.#last = { pts, arrived };
    return { number: this.#number, cameraTime: pts + this.#ahead };
  }

  #note(pts: number, arrived: number): void {
    this.#recent.push(Number.isNaN(pts) ? arrived : pts);
    this.#isStamped = !Number.isNaN(pts);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  #measured(): number | undefined {
    const times = [...this.#recent].sort((a, b) => a - b);
    const span = times.at(-1)! - times[0]!;
    if (!this.#isStamped) return span >= ARRIVALS ? (times.length - 1) / span : undefined;
    if (times.length < 5) return undefined;
    const steps = times.slice(1).map((time, at) => time - times[at]!);
    const middle = [...steps].sort((a, b) => a - b)[steps.length >> 1]!;
    // A frame that the camera left out, or a stamp that was rounded, is no pace.
    const usual = steps.filter((step) => step > middle / 2 && step < middle * 1.5);
    return middle > 0 ? usual.length / usual.reduce((sum, step) => sum + step, 0) : undefined;
  }
}
