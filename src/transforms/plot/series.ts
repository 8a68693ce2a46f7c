/** One curve, one row of a heat map, or one row of events. */
export interface PlotSeries {
  /** In the legend, or beside its row. */
  readonly name?: string;
  /** Seconds, on the clock of the frames; NaN is left out. Need not be in order. */
  readonly times: ArrayLike<number>;
  /**
   * One for each time; NaN breaks a line. Of events those count whose value is neither 0 nor NaN; without values all do.
   */
  readonly values?: ArrayLike<number>;
  /** For a scatter chart, where each value stands on the x axis. @default the times */
  readonly x?: ArrayLike<number>;
}

/** The same in order of time, as charts want it. */
export interface SortedSeries {
  readonly name: string | undefined;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly x: Float64Array | undefined;
}

/**
 * @param offset seconds that are added to each time.
 * @throws {RangeError} if columns differ in length.
 */
export function sortSeries({ name, times, values, x }: PlotSeries, offset: number): SortedSeries {
  for (const [what, column] of [["values", values] as const, ["x", x] as const]) {
    if (column && column.length !== times.length) {
      throw new RangeError(`${name ?? "a series"} has ${times.length} times, but ${column.length} ${what}`);
    }
  }
  const order = timeOrder(times);
  const pick = (column: ArrayLike<number>): Float64Array =>
    order ? Float64Array.from(order, (i) => column[i]!) : Float64Array.from(column);
  const sorted = pick(times);
  if (offset !== 0) for (let i = 0; i < sorted.length; i++) sorted[i] = sorted[i]! + offset;
  return {
    name,
    times: sorted,
    values: values ? pick(values) : new Float64Array(sorted.length).fill(1),
    x: x && pick(x),
  };
}

/** The ranks of all times that are numbers, ascending; undefined if they are in order already. */
function timeOrder(times: ArrayLike<number>): Uint32Array | undefined {
  let isSorted = true;
  for (let i = 0; i < times.length && isSorted; i++) {
    isSorted = Number.isFinite(times[i]!) && (i === 0 || times[i]! >= times[i - 1]!);
  }
  if (isSorted) return undefined;
  const ranks = Uint32Array.from({ length: times.length }, (_, i) => i).filter((i) =>
    Number.isFinite(times[i]!),
  );
  return ranks.sort((a, b) => times[a]! - times[b]! || a - b);
}

/** The first rank whose time is `time` or later; with `after` the first that is later. */
export function rankOf(times: Float64Array, time: number, after = false): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time || (after && times[middle]! === time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Smallest and largest of all finite values; undefined if there are none. */
export function rangeOf(columns: readonly Float64Array[]): Range | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const value = column[i]!;
      if (value < min && value > Number.NEGATIVE_INFINITY) min = value;
      if (value > max && value < Number.POSITIVE_INFINITY) max = value;
    }
  }
  return min <= max ? { min, max } : undefined;
}

/** A range of some length, with `share` of it added on both sides. */
export function widened(range: Range | undefined, share: number): Range {
  const { min, max } = range ?? { min: 0, max: 1 };
  const span = max - min;
  if (span > 0) return { min: min - span * share, max: max + span * share };
  const room = Math.abs(min) * 0.05 || 0.5;
  return { min: min - room, max: max + room };
}
