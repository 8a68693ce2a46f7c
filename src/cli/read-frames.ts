import { ClosedError, DecodeError, MareyError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { SeekableSource } from "../core/stream.js";
import { countOf } from "./output.js";
import { backward, rangeOf, type Selection, shuffled } from "./selection.js";

export const orders = ["forward", "backward", "shuffled"] as const;

export type Order = (typeof orders)[number];

/** A frame, or why it cannot be had. */
export interface ReadFrame {
  readonly index: number;
  readonly frame?: IndexedFrame;
  readonly error?: MareyError;
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
  const { start, count, step } = order === "backward" ? backward(selection) : selection;
  for (let done = 0; done < count; ) {
    const rest = { start: start + done * step, count: count - done, step };
    try {
      for await (const frame of source.frames(rangeOf(rest))) {
        done++;
        yield { index: frame.index, frame };
      }
      if (done < count) {
        const missing = `the source ended ${countOf(count - done, "frame")} early`;
        throw new DecodeError("source", start + done * step, missing);
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      // The sequential reader stops at the damage; asked for alone, this frame may still be had.
      yield await readOne(source, start + done++ * step);
    }
  }
}

/** One frame, wherever it lies. */
export async function readOne(source: SeekableSource, index: number): Promise<ReadFrame> {
  try {
    return { index, frame: await source.frame({ index }) };
  } catch (error) {
    if (isDamage(error)) return { index, error };
    throw error;
  }
}

/** The fault of the file, not of the program or of whoever asked. */
function isDamage(error: unknown): error is MareyError {
  return error instanceof MareyError && !(error instanceof ClosedError);
}
