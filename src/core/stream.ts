import { DecodeError } from "./errors.js";
import type { Frame, IndexedFrame } from "./frame.js";
import type { FrameAddress } from "./frame-address.js";
import type { FrameIndex } from "./frame-index.js";
import type { ImageInfo } from "./image.js";

/** Frames that come one after another: a camera, a transformed stream. */
export interface FrameSource extends AsyncIterable<Frame> {
  /** What every image is, unless the frame itself says otherwise (some videos change their size). */
  readonly info: ImageInfo;
}

/** Frames [start, stop) by frame index; negative values count from the end, as in Python. */
export interface FrameRange {
  /** @default 0, or the last frame if `step` is negative */
  readonly start?: number;
  /** Not included. @default one past the end in the direction of `step` */
  readonly stop?: number;
  /** Every how many frames; negative runs backwards. @default 1 */
  readonly step?: number;
  /**
   * Called for each frame that is damaged or missing; the loop then goes on with the one after it, and no frame
   * changes its index. Without it, the error ends the loop.
   */
  readonly onDamage?: (error: DecodeError) => void;
}

/** A source whose every frame has an address: a video, a store, a folder of images. */
export interface SeekableSource extends FrameSource, AsyncDisposable {
  readonly index: FrameIndex;
  /**
   * One frame. Requests may overlap; each gets its own frame.
   * @throws {FrameNotFoundError} if no frame has that address.
   * @throws {DecodeError} if the frame is there but damaged.
   */
  frame(address: FrameAddress): Promise<IndexedFrame>;
  /** Every loop has a decoder of its own, freed when the loop is left. */
  frames(range?: FrameRange): AsyncIterable<IndexedFrame>;
  /** Lets go of every file. May be called twice. */
  close(): Promise<void>;
  /** What else the source knows of itself, for people: codec, rate, colour. Plain JSON values. */
  describe(): Record<string, unknown>;
}

/** How far the frames given to a sink have come; each number includes those after it. */
export interface WriteProgress {
  /** Taken by `write`. */
  readonly accepted: number;
  /** Encoded, and handed to the system. */
  readonly encoded: number;
  /** In the files and the journal, as far as the system is concerned: they survive this process. */
  readonly flushed: number;
  /** On the disk: they survive a power cut. */
  readonly synced: number;
  /** Bytes of the encoded pictures. */
  readonly bytes: number;
}

/** Where frames go: a store, a video, a folder of images. */
export interface FrameSink extends AsyncDisposable {
  /**
   * Resolves when the frame is written, as safely as the sink promises: whoever awaits it has backpressure. Frames are
   * written in the order of the calls, whether they are awaited or not.
   * @throws {FrameMismatchError} if the frame does not fit the sink.
   * @throws {EncodeError} if it cannot be written, now or by an earlier, still pending write.
   */
  write(frame: Frame): Promise<void>;
  /**
   * How many writes may be on their way while one more is begun. A sink that encodes several frames at once needs that
   * many to be fast; `pipeTo` gives them. @default 0
   */
  readonly ahead?: number;
  /** How far its frames have come, where the sink can tell. */
  readonly progress?: WriteProgress;
  /** Writes what is pending and lets go of every file and process. May be called twice. */
  close(): Promise<void>;
  /** Lets go, too, but leaves nothing unfinished under the final name. For a job that failed half-way. */
  abort?(): Promise<void>;
}

/** Bends a stream. Pulls; never runs ahead. */
export type Transform = (source: FrameSource) => FrameSource;

/**
 * The frame indices of a range, as a start, a count and a step: what Python's `range(*slice.indices(length))` gives.
 * @throws {RangeError} if `step` is 0 or any value is not an integer.
 */
export function resolveRange(
  range: FrameRange,
  length: number,
): { start: number; count: number; step: number } {
  const step = range.step ?? 1;
  for (const [name, value] of Object.entries({ start: range.start, stop: range.stop, step })) {
    if (value !== undefined && !Number.isInteger(value)) {
      throw new RangeError(`${name} must be an integer, got ${value}`);
    }
  }
  if (step === 0) throw new RangeError("step must not be 0");
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? length : length - 1;
  const clamp = (value: number): number => Math.min(high, Math.max(low, value < 0 ? value + length : value));
  const start = range.start === undefined ? (step > 0 ? low : high) : clamp(range.start);
  const stop = range.stop === undefined ? (step > 0 ? high : low) : clamp(range.stop);
  return { start, count: Math.max(0, Math.ceil((stop - start) / step)), step };
}

/** A range of frames, resolved: `count` of them from `start`, every `step`. */
export interface FrameRun {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** The run as a range that `SeekableSource.frames` takes. */
export function rangeOf({ start, count, step }: FrameRun): FrameRange {
  if (count === 0) return { start: 0, stop: 0 };
  const stop = start + count * step;
  // Before the first frame there is no index to stop at: -1 would mean the last.
  return stop < 0 ? { start, step } : { start, stop, step };
}

/**
 * The frames of a range, past damaged ones if the range has an `onDamage`. For sources whose loop can be started again
 * behind the frame that failed.
 * @param read a loop over a run of frames that ends with a `DecodeError` at the first damaged one.
 */
export async function* framesPastDamage(
  range: FrameRange,
  length: number,
  read: (run: FrameRun) => AsyncIterable<IndexedFrame>,
): AsyncGenerator<IndexedFrame> {
  const { start, count, step } = resolveRange(range, length);
  for (let done = 0; done < count; ) {
    try {
      for await (const frame of read({ start: start + done * step, count: count - done, step })) {
        done++;
        yield frame;
      }
      return;
    } catch (error) {
      if (!range.onDamage || !(error instanceof DecodeError)) throw error;
      done++;
      range.onDamage(error);
    }
  }
}
