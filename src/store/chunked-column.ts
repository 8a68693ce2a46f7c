import type { FoundValue, SortedColumn, SortedValues } from "../core/sorted-values.js";

type Value = number | bigint;

/** One column, of numbers or of times, that lies in chunks; only `sorted` opens one. */
export interface ColumnOfChunks {
  /** How many chunks. */
  readonly length: number;
  /** Rank of the first frame of a chunk. */
  start(chunk: number): number;
  /** Lowest finite value; NaN if there is none. */
  lowest(chunk: number): Value;
  highest(chunk: number): Value;
  /** All values are finite, and none is lower than the one before. */
  ascends(chunk: number): boolean;
  sorted(chunk: number): SortedColumn;
  /** The whole column, sorted; undefined where that would take too much memory. */
  whole(): SortedColumn | undefined;
  /** Counts up when a chunk turned out to be other than known. */
  readonly changes: number;
}

/**
 * So many chunks are opened for one look-up. Where more could hold the answer (numbers that start over in every chunk,
 * or are in no order at all), the whole column is sorted, if it is not too long for that.
 */
const mostOpened = 64;

interface Candidate extends FoundValue {
  readonly chunk: number;
}

/**
 * Searches a column that lies in chunks. Where chunk follows chunk without overlap, one binary search finds the chunk
 * and another the frame in it; where ranges overlap, only chunks whose range can hold the answer are opened.
 */
export class ChunkedColumn implements SortedValues {
  readonly #column: ColumnOfChunks;
  #changes = -1;
  /** Chunks with a value, by their lowest one; equal ones in store order. */
  #order = new Uint32Array();
  /** By place in that order: which of the chunks up to there has the highest value. */
  #reach = new Uint32Array();
  #whole: SortedColumn | undefined;

  constructor(column: ColumnOfChunks) {
    this.#column = column;
  }

  notBelow(wanted: Value): FoundValue | undefined {
    return this.#settled(() => (this.#whole ? this.#whole.notBelow(wanted) : this.#notBelow(wanted)));
  }

  below(wanted: Value): FoundValue | undefined {
    return this.#settled(() => {
      if (this.#whole !== undefined) return this.#whole.below(wanted);
      const end = this.#firstPlace((lowest) => lowest >= wanted);
      return this.#highest(end, {
        isPast: (value) => value >= wanted,
        search: (column) => column.below(wanted),
        isBetter: (chunk, than) => chunk < than,
      });
    });
  }

  notAbove(wanted: Value): FoundValue | undefined {
    return this.#settled(() => {
      if (this.#whole !== undefined) return this.#whole.notAbove(wanted);
      const end = this.#firstPlace((lowest) => lowest > wanted);
      return this.#highest(end, {
        isPast: (value) => value > wanted,
        search: (column) => column.notAbove(wanted),
        isBetter: (chunk, than) => chunk > than,
      });
    });
  }

  /** Lowest and highest value; undefined if there is none. */
  range(): { readonly lowest: Value; readonly highest: Value } | undefined {
    return this.#settled(() => {
      const [first, last] = [this.#order[0], this.#reach.at(-1)];
      if (first === undefined || last === undefined) return undefined;
      return { lowest: this.#column.lowest(first), highest: this.#column.highest(last) };
    });
  }

  /** Opening a chunk may show that it is other than known; then the search is done anew. */
  #settled<T>(search: () => T): T {
    for (;;) {
      if (this.#changes !== this.#column.changes) this.#prepare();
      const result = search();
      if (this.#changes === this.#column.changes) return result;
    }
  }

  #prepare(): void {
    const { length } = this.#column;
    this.#changes = this.#column.changes;
    this.#whole = undefined;
    let count = 0;
    let isSorted = true;
    const order = new Uint32Array(length);
    for (let chunk = 0; chunk < length; chunk++) {
      const lowest = this.#column.lowest(chunk);
      if (Number.isNaN(lowest)) continue;
      if (count > 0 && this.#column.lowest(order[count - 1]!) > lowest) isSorted = false;
      order[count++] = chunk;
    }
    this.#order = order.subarray(0, count);
    if (!isSorted) {
      this.#order.sort((a, b) => {
        const [x, y] = [this.#column.lowest(a), this.#column.lowest(b)];
        return x < y ? -1 : x > y ? 1 : a - b;
      });
    }
    this.#reach = new Uint32Array(count);
    let best = this.#order[0] ?? 0;
    for (const [place, chunk] of this.#order.entries()) {
      const [highest, before] = [this.#column.highest(chunk), this.#column.highest(best)];
      if (highest > before || (highest >= before && chunk > best)) best = chunk;
      this.#reach[place] = best;
    }
  }

  #notBelow(wanted: Value): FoundValue | undefined {
    const end = this.#firstPlace((lowest) => lowest >= wanted);
    const straddling: number[] = [];
    for (let place = end - 1; place >= 0 && this.#reaches(place) >= wanted; place--) {
      const chunk = this.#order[place]!;
      if (this.#column.highest(chunk) >= wanted) straddling.push(chunk);
    }
    // In store order an exact hit ends the search: none after it can be better.
    straddling.sort((a, b) => a - b);
    if (straddling.length > mostOpened) {
      this.#whole = this.#column.whole();
      if (this.#whole !== undefined) return this.#whole.notBelow(wanted);
    }
    let best: Candidate | undefined;
    for (const chunk of straddling) {
      const found = this.#column.sorted(chunk).notBelow(wanted);
      if (found === undefined || (best !== undefined && found.value >= best.value)) continue;
      best = { chunk, value: found.value, rank: this.#column.start(chunk) + found.rank };
      if (best.value <= wanted) break;
    }
    const next = this.#order[end];
    if (next === undefined) return best;
    // The chunk behind is opened only if it wins.
    const lowest = this.#column.lowest(next);
    if (best !== undefined && (best.value < lowest || (best.value <= lowest && best.chunk < next)))
      return best;
    if (this.#column.ascends(next)) return { value: lowest, rank: this.#column.start(next) };
    return this.#within(next, this.#column.sorted(next).notBelow(wanted));
  }

  /**
   * The highest value that is not past the one wanted, among the chunks before place `end`.
   * @param isBetter which of two chunks with an equal value is meant.
   */
  #highest(
    end: number,
    {
      isPast,
      search,
      isBetter,
    }: {
      readonly isPast: (value: Value) => boolean;
      readonly search: (column: SortedValues) => FoundValue | undefined;
      readonly isBetter: (chunk: number, than: number) => boolean;
    },
  ): FoundValue | undefined {
    let best: { readonly value: Value; readonly chunk: number; readonly found?: FoundValue } | undefined;
    let opened = 0;
    for (let place = end - 1; place >= 0; place--) {
      if (best !== undefined && this.#reaches(place) < best.value) break;
      const chunk = this.#order[place]!;
      const highest = this.#column.highest(chunk);
      let found: FoundValue | undefined;
      if (isPast(highest)) {
        if (++opened === mostOpened + 1) this.#whole = this.#column.whole();
        if (this.#whole !== undefined) return search(this.#whole);
        found = search(this.#column.sorted(chunk));
        if (found === undefined) continue;
      }
      const value = found?.value ?? highest;
      const isHigher = best === undefined || value > best.value;
      if (isHigher || (value >= best!.value && isBetter(chunk, best!.chunk))) {
        best = { value, chunk, ...(found && { found }) };
      }
    }
    return best && this.#within(best.chunk, best.found ?? search(this.#column.sorted(best.chunk)));
  }

  #within(chunk: number, found: FoundValue | undefined): FoundValue | undefined {
    return found && { value: found.value, rank: this.#column.start(chunk) + found.rank };
  }

  #reaches(place: number): Value {
    return this.#column.highest(this.#reach[place]!);
  }

  #firstPlace(isRight: (lowest: Value) => boolean): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isRight(this.#column.lowest(this.#order[middle]!))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
