/** When the frames of one of several recordings were: microseconds on one clock. */
export interface RecordedSpan {
  readonly first: bigint;
  readonly last: bigint;
}

/** How recordings that ran at the same time lie to each other. */
export interface CommonSpan {
  /** Microseconds that each began after the one that began first, in the order given. */
  readonly starts: readonly bigint[];
  /** Microseconds that each ended before the one that ended last. */
  readonly ends: readonly bigint[];
  /** While all of them ran; undefined if they never did at once. */
  readonly common: RecordedSpan | undefined;
}

/** @throws {RangeError} without a recording. */
export function commonSpan(spans: readonly RecordedSpan[]): CommonSpan {
  if (spans.length === 0) throw new RangeError("no recording");
  const highest = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));
  const lowest = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b < a ? b : a));
  const [firsts, lasts] = [spans.map(({ first }) => first), spans.map(({ last }) => last)];
  const [start, stop] = [highest(firsts), lowest(lasts)];
  return {
    starts: firsts.map((first) => first - lowest(firsts)),
    ends: lasts.map((last) => highest(lasts) - last),
    common: start <= stop ? { first: start, last: stop } : undefined,
  };
}
