import { histogram } from "./histogram.js";

/** Samples as numbers. */
export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/**
 * Percentiles as NumPy's `percentile` gives them (linear between two samples), of the finite samples. NaN if there are none.
 * @param percents 0 to 100.
 */
export function percentiles(data: Numbers, percents: readonly number[]): number[] {
  const isByte = data instanceof Uint8Array;
  if (isByte || data instanceof Uint16Array) {
    const counts = histogram(data, isByte ? 256 : 65_536);
    return percentilesOf(data.length, percents, (rank) => valueAt(counts, rank));
  }
  const finite = Float64Array.from(data).filter(Number.isFinite);
  return percentilesOf(finite.length, percents, (rank) => select(finite, rank));
}

function percentilesOf(
  count: number,
  percents: readonly number[],
  valueAtRank: (rank: number) => number,
): number[] {
  return percents.map((percent) => {
    if (count === 0) return Number.NaN;
    const place = (percent / 100) * (count - 1);
    const rank = Math.floor(place);
    const low = valueAtRank(rank);
    return place === rank ? low : low + (place - rank) * (valueAtRank(rank + 1) - low);
  });
}

function valueAt(counts: Uint32Array, rank: number): number {
  let before = 0;
  for (let value = 0; value < counts.length; value++) {
    before += counts[value]!;
    if (before > rank) return value;
  }
  return counts.length - 1;
}

/** The value that would stand at `rank` if the values were sorted; moves them about (Hoare's selection). */
function select(values: Float64Array, rank: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >>> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const held = values[i]!;
      values[i++] = values[j]!;
      values[j--] = held;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank]!;
}
