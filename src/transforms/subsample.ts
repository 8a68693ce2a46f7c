import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";
import { real, several, whole } from "./option-kind.js";
import { PickedFrames } from "./picked-frames.js";
import { sequenceTransform } from "./sequence-transform.js";

export interface SubsampleOptions {
  /** Every how many frames one is kept, the first always. */
  readonly every?: number;
  /** At most so many frames a second are kept, by their times; those without a time are left out. */
  readonly fps?: number;
  /** Frame numbers that are kept, in this order; each has to be there. */
  readonly numbers?: readonly number[];
}

/**
 * Keeps some of the frames, with their numbers and times: every n-th, so many a second, or those that are named.
 * @throws {TypeError} if not just one of the options is given; {FrameNotFoundError} for a number that no frame has.
 */
export const subsample = sequenceTransform<SubsampleOptions>(
  {
    name: "subsample",
    summary: "keeps every n-th frame, so many a second, or those that are named",
    options: {
      every: whole("every how many frames one is kept", { least: 1 }),
      fps: real("frames a second that are kept at most, by their times", { above: 0 }),
      numbers: several(whole("frame numbers that are kept, in this order")),
    },
    main: "every",
  },
  (options) => {
    const { every, fps, numbers } = options;
    if (Object.keys(options).length !== 1) {
      throw new TypeError("subsample: give one of every, fps and numbers");
    }
    return {
      keepsPictures: true,
      seek: (source) => {
        const { index } = source;
        if (every !== undefined) {
          const count = Math.ceil(index.length / every);
          return new PickedFrames(
            source,
            Int32Array.from({ length: count }, (_, i) => i * every),
          );
        }
        return new PickedFrames(source, numbers ? rankOfEach(index, numbers) : thinned(index, fps!));
      },
      ...(numbers === undefined && {
        async *stream(frames) {
          const isKept = every === undefined ? thinner(fps!) : () => true;
          let count = 0;
          for await (const frame of frames) {
            if (count++ % (every ?? 1) === 0 && isKept(frame.time)) yield frame;
          }
        },
      }),
    };
  },
);

function rankOfEach(index: FrameIndex, numbers: readonly FrameNumber[]): Int32Array {
  return Int32Array.from(numbers, (number) => index.locate({ number }));
}

function thinned(index: FrameIndex, fps: number): Int32Array {
  const isKept = thinner(fps);
  const ranks: number[] = [];
  for (let rank = 0; rank < index.length; rank++) if (isKept(index.time(rank))) ranks.push(rank);
  return Int32Array.from(ranks);
}

/**
 * Says of one frame after the other whether it is kept. A frame is due every 1/fps seconds; after a gap there is no burst,
 * and when the clock goes back it starts again.
 */
function thinner(fps: number): (time: number) => boolean {
  let [due, last] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  // Times are rounded: what is due within a thousandth of the distance is due.
  const slack = 1 / fps / 1000;
  return (time) => {
    if (!Number.isFinite(time)) return false;
    if (time < last || due === Number.NEGATIVE_INFINITY) due = time;
    last = time;
    if (time < due - slack) return false;
    due += (Math.floor((time + slack - due) * fps) + 1) / fps;
    return true;
  };
}
