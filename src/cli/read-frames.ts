import { DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { SeekableSource } from "../core/stream.js";
import { rangeOf } from "../core/stream.js";
import { backward, type Selection, shuffled } from "./selection.js";

export const orders = ["forward", "backward", "shuffled"] as const;

export type Order = (typeof orders)[number];

/** A frame, or why it cannot be had. */
export interface ReadFrame {
  readonly index: number;
  readonly frame?: IndexedFrame;
  readonly error?: DecodeError;
}

/** Every frame of the selection or the reason why it cannot be had; one bad frame does not hide those behind it. */
export async function* readFrames(
  source: SeekableSource,
  selection: Selection,
  order: Order,
): AsyncGenerator<ReadFrame> {
  if (order === "shuffled") {
    for (const index of shuffled(selection)) yield await readOne(source, index);
    return;
  }
  const run = order === "backward" ? backward(selection) : selection;
  const rankOf = (place: number): number => run.start + place * run.step;
  const damage: DecodeError[] = [];
  const range = { ...rangeOf(run), onDamage: (error: DecodeError) => damage.push(error) };
  let done = 0;
  /** The frames of the run that did not come, up to a frame that did. */
  function* lostBefore(index: number): Generator<ReadFrame> {
    for (; (index - rankOf(done)) * run.step > 0; done++) {
      const lost = rankOf(done);
      const found = "the source passed it over";
      const error = damage.find(({ frame }) => frame === lost) ?? new DecodeError("source", lost, found);
      yield { index: lost, error };
    }
    damage.length = 0;
  }
  for await (const frame of source.frames(range)) {
    yield* lostBefore(frame.index);
    done++;
    yield { index: frame.index, frame };
  }
  yield* lostBefore(rankOf(run.count));
}

/** One frame, wherever it lies. */
export async function readOne(source: SeekableSource, index: number): Promise<ReadFrame> {
  try {
    return { index, frame: await source.frame({ index }) };
  } catch (error) {
    // Anything else is the fault of the program, or goes for the whole source.
    if (error instanceof DecodeError) return { index, error };
    throw error;
  }
}
