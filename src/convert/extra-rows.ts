import type { FrameSink, SeekableSource } from "../core/stream.js";

/** What stands beside a frame: imgstore's extra data. */
export type Row = Readonly<Record<string, unknown>>;

/** Sources that hold rows beside their frames: stores. */
export function hasExtraData(
  source: SeekableSource,
): source is SeekableSource & { extraData(): Promise<Row[]> } {
  return "extraData" in source;
}

/** Sinks that take rows beside their frames: stores. */
export function takesExtraData(
  sink: FrameSink,
): sink is FrameSink & { addExtraData(row: Row): Promise<void> } {
  return "addExtraData" in sink;
}

/**
 * Rows on their way from a store to a store. Each goes with its frame: a row says something about that frame, so it is left
 * out with it, stands once beside a frame that is shown twice, and moves to another place in the order with it. Its number
 * and time are those that the frame has in the result.
 */
export class TravellingRows {
  /** By the rank of their frame in the source; -1: before the first. */
  readonly #waiting: Map<number, Row[]>;
  readonly #originOf: (rank: number) => number;
  #written = 0;

  /**
   * @param rows as a store gives them.
   * @param originOf which frame of the source a frame of the result was.
   */
  constructor(rows: readonly Row[], originOf: (rank: number) => number = (rank) => rank) {
    this.#waiting = new Map();
    this.#originOf = originOf;
    // The writer gives each its stamp anew.
    for (const { frame_index, frame_number: _, frame_time: __, ...row } of rows) {
      const rank = Number(frame_index);
      const there = this.#waiting.get(rank);
      if (there) there.push(row);
      else this.#waiting.set(rank, [row]);
    }
  }

  /** How many have been taken. */
  get written(): number {
    return this.#written;
  }

  /** How many have not. */
  get left(): number {
    let count = 0;
    for (const rows of this.#waiting.values()) count += rows.length;
    return count;
  }

  /** Those that were written before the first frame. */
  takeFirst(): readonly Row[] {
    return this.#take(-1);
  }

  /** Those of a frame of the result. */
  take(rank: number): readonly Row[] {
    return this.#take(this.#originOf(rank));
  }

  #take(rank: number): readonly Row[] {
    const rows = this.#waiting.get(rank) ?? [];
    this.#waiting.delete(rank);
    this.#written += rows.length;
    return rows;
  }
}
