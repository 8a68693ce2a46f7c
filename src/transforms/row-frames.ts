import { DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { SeekableSource } from "../core/stream.js";
import { planReads, type ReadRun } from "./plan-reads.js";

/** What a source has for a row: a frame, why it cannot be had, or undefined where no frame is wanted. */
export type RowFrame = IndexedFrame | DecodeError | undefined;

/** The frame of that rank, or why it cannot be had; a negative rank wants none. */
export async function rowFrame(source: SeekableSource, rank: number): Promise<RowFrame> {
  if (rank < 0) return undefined;
  try {
    return await source.frame({ index: rank });
  } catch (error) {
    // Anything else is the fault of the program, or goes for the whole source.
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

/**
 * For one row after the other, what the source has for it. Goes on past damaged frames. Pulls; never runs ahead.
 * @param ranks by row, as `planReads` takes them.
 */
export async function* rowFrames(source: SeekableSource, ranks: Int32Array): AsyncGenerator<RowFrame> {
  // What the row before had: it may be wanted again.
  let shown = { rank: -1, frame: undefined as RowFrame };
  for (const run of planReads(ranks)) {
    const loop = run.step === 0 ? undefined : new RankLoop(source, run);
    try {
      for (const rank of ranks.subarray(run.from, run.to)) {
        if (rank >= 0 && rank !== shown.rank) {
          shown = { rank, frame: await (loop ? loop.frame(rank) : rowFrame(source, rank)) };
        }
        yield rank < 0 ? undefined : shown.frame;
      }
    } finally {
      await loop?.leave();
    }
  }
}

/** A loop over a source that is asked for ranks in its own order; it passes those that nobody asks for. */
class RankLoop {
  readonly #frames: AsyncIterator<IndexedFrame>;
  readonly #step: number;
  #next: IndexedFrame | undefined;
  #isOver = false;
  #damage: DecodeError[] = [];

  constructor(source: SeekableSource, { first, last, step }: ReadRun) {
    const stop = last + Math.sign(step);
    const range = {
      start: first,
      // Before the first frame there is no index to stop at: -1 would mean the last.
      ...(stop >= 0 && { stop }),
      step,
      onDamage: (error: DecodeError) => this.#damage.push(error),
    };
    this.#step = step;
    this.#frames = source.frames(range)[Symbol.asyncIterator]();
  }

  async frame(rank: number): Promise<IndexedFrame | DecodeError> {
    while (!this.#isOver && (!this.#next || (this.#next.index - rank) * this.#step < 0)) {
      const { done, value } = await this.#frames.next();
      if (done) this.#isOver = true;
      else this.#next = value;
    }
    if (this.#next?.index === rank) {
      this.#damage = [];
      return this.#next;
    }
    const known = this.#damage.find(({ frame }) => frame === rank);
    return known ?? new DecodeError("source", rank, "the source passed it over");
  }

  async leave(): Promise<void> {
    await this.#frames.return?.();
  }
}
