/** Bins a factor of ten: each is some 2.3 % wide. */
const perDecade = 100;
/** Seconds; what is shorter counts as this. */
const shortest = 1e-6;
const decades = 12;

export interface DurationSummary {
  readonly count: number;
  /** Seconds, exact. */
  readonly mean: number;
  /** Standard deviation of all of them, seconds. */
  readonly deviation: number;
  /** Seconds, exact. */
  readonly shortest: number;
  readonly longest: number;
  /** Seconds, to 2.3 %. */
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Counts durations in bins of logarithmic width: a microsecond to eleven days, 2.3 % fine, in ten kilobytes, however many
 * there are.
 */
export class DurationHistogram {
  readonly #bins = new Float64Array(perDecade * decades);
  #count = 0;
  #mean = 0;
  /** Sum of squared distances from the mean (Welford). */
  #squares = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #longest = Number.NEGATIVE_INFINITY;

  /** @param seconds negative ones count as the shortest; what is no number is left out. */
  add(seconds: number): void {
    if (Number.isNaN(seconds)) return;
    const decade = Math.log10(Math.max(seconds, shortest) / shortest);
    this.#bins[Math.min(this.#bins.length - 1, Math.floor(decade * perDecade))]!++;
    this.#count++;
    const before = seconds - this.#mean;
    this.#mean += before / this.#count;
    this.#squares += before * (seconds - this.#mean);
    this.#shortest = Math.min(this.#shortest, seconds);
    this.#longest = Math.max(this.#longest, seconds);
  }

  get count(): number {
    return this.#count;
  }

  /** @param share 0 … 1. @returns seconds, the middle of its bin; NaN if there is none. */
  quantile(share: number): number {
    if (this.#count === 0) return Number.NaN;
    let left = Math.max(1, Math.ceil(share * this.#count));
    const bin = this.#bins.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    const middle = shortest * 10 ** ((bin + 0.5) / perDecade);
    return Math.min(this.#longest, Math.max(this.#shortest, middle));
  }

  /** Bins that hold something: their edges in seconds and how many lie between. */
  bins(): { readonly from: number; readonly to: number; readonly count: number }[] {
    const edge = (bin: number): number => shortest * 10 ** (bin / perDecade);
    return [...this.#bins].flatMap((count, bin) =>
      count === 0 ? [] : [{ from: edge(bin), to: edge(bin + 1), count }],
    );
  }

  /** Undefined if there is none. */
  summary(): DurationSummary | undefined {
    if (this.#count === 0) return undefined;
    return {
      count: this.#count,
      mean: this.#mean,
      deviation: Math.sqrt(this.#squares / this.#count),
      shortest: this.#shortest,
      longest: this.#longest,
      median: this.quantile(0.5),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
    };
  }
}
