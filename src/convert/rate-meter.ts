/** How far a conversion is, on both sides. Rates are frames a second, of the last seconds. */
export interface ConvertProgress {
  /** Frames that the source has given; where some are left out or shown twice, not as many as are written. */
  readonly read: number;
  readonly written: number;
  /** Frames that will be written. */
  readonly total: number;
  readonly readRate: number;
  readonly writeRate: number;
  /** Seconds that are left; NaN before anything can be said. */
  readonly eta: number;
}

/** Seconds after which what was measured counts half as much. */
const halfLife = 2;

/** Frames a second of late. */
export class RateMeter {
  /** How many there have been. */
  count = 0;
  #counted = 0;
  #rate = Number.NaN;
  #at: number;

  /** @param now seconds, on any clock that goes evenly. */
  constructor(now: number) {
    this.#at = now;
  }

  /** NaN before anything was counted. Looked at less often than every tenth of a second: what it was then. */
  rate(now: number): number {
    const seconds = now - this.#at;
    if (seconds < 0.1 && !Number.isNaN(this.#rate)) return this.#rate;
    if (seconds <= 0 || this.count === 0) return this.#rate;
    const latest = (this.count - this.#counted) / seconds;
    const kept = Number.isNaN(this.#rate) ? 0 : 0.5 ** (seconds / halfLife);
    this.#rate = kept === 0 ? latest : kept * this.#rate + (1 - kept) * latest;
    [this.#counted, this.#at] = [this.count, now];
    return this.#rate;
  }
}
