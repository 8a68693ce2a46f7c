/** Points of a line; NaN breaks it. */
export interface LinePoints {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/**
 * Of each `step` seconds at most four points: the first, the lowest, the highest and the last, in their order. Drawn with
 * columns of pixels that wide it looks as all points would: Jugel et al., "M4: A Visualization-Oriented Time Series Data
 * Aggregation", VLDB 2014. A break that begins or ends such a step is kept; one within it could not be seen.
 * Steps begin at multiples of `step`, so that a curve that moves along does not flicker.
 * @param times ascending.
 * @param from the first rank, and `to` the one after the last.
 */
export function decimate(
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  step: number,
): LinePoints {
  const outTimes: number[] = [];
  const outValues: number[] = [];
  const put = (i: number): void => {
    outTimes.push(times[i]!);
    outValues.push(values[i]!);
  };
  const putBreak = (i: number): void => {
    if (outValues.length === 0 || Number.isNaN(outValues[outValues.length - 1]!)) return;
    outTimes.push(times[i]!);
    outValues.push(Number.NaN);
  };
  for (let i = from; i < to; ) {
    const end = (Math.floor(times[i]! / step) + 1) * step;
    let [first, low, high, last] = [-1, -1, -1, -1];
    const start = i;
    // At least one, where the step is smaller than what a double can tell apart.
    do {
      const value = values[i]!;
      if (value - value === 0) {
        if (first < 0) {
          first = i;
          low = i;
          high = i;
        } else if (value < values[low]!) low = i;
        else if (value > values[high]!) high = i;
        last = i;
      }
      i++;
    } while (i < to && times[i]! < end);
    if (first < 0) {
      putBreak(start);
      continue;
    }
    if (first > start) putBreak(start);
    put(first);
    const [near, far] = low < high ? [low, high] : [high, low];
    if (near > first && near < last) put(near);
    if (far > near && far > first && far < last) put(far);
    if (last > first) put(last);
    if (last < i - 1) putBreak(i - 1);
  }
  return { times: Float64Array.from(outTimes), values: Float64Array.from(outValues) };
}
