import type { Frame, IndexedFrame } from "../core/frame.js";
import type { Image, ImageInfo } from "../core/image.js";
import { seenThrough } from "../core/seen-through.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "../core/stream.js";
import { sequenceTransform } from "./sequence-transform.js";
import type { TransformFacts, TransformKind } from "./transform-kind.js";

/** What a window transform knows of its frames. */
export interface PreparedWindow {
  /** What comes out. */
  readonly info: ImageInfo;
  /**
   * @param images of the frames in the window, in order; near the ends of a source there are fewer.
   * @param at which of them the result stands for.
   */
  apply(images: readonly Image[], at: number): Image;
}

interface Reach {
  /** Frames before the one in question. */
  readonly before: number;
  /** Frames after it. */
  readonly after: number;
}

/** How a window transform looks at its frames. */
export interface WindowBend extends Reach {
  prepare(info: ImageInfo): PreparedWindow;
}

/**
 * A kind of transform that makes each picture of the frames around it. All frames stay, with their numbers and times. No more
 * than the window is in memory, and each frame is read once by a loop over all of them.
 */
export function windowTransform<O extends object>(
  facts: TransformFacts<O>,
  bind: (options: O) => WindowBend,
): TransformKind<O> {
  return sequenceTransform(facts, (options) => {
    const { prepare, ...reach } = bind(options);
    return {
      seek: (source) => windowed(source, reach, prepare(source.info)),
      become: (info) => prepare(info).info,
      stream: (frames) => slide(frames, reach, (info) => prepare(info).apply),
    };
  });
}

function windowed(
  source: SeekableSource,
  { before, after }: Reach,
  { info, apply }: PreparedWindow,
): SeekableSource {
  const { index } = source;
  const frame = async (rank: number): Promise<IndexedFrame> => {
    const start = Math.max(0, rank - before);
    const images: Image[] = [];
    let found: IndexedFrame | undefined;
    for await (const one of source.frames({ start, stop: Math.min(index.length, rank + after + 1) })) {
      images.push(one.image);
      if (one.index === rank) found = one;
    }
    return { ...found!, image: apply(images, rank - start) };
  };
  async function* run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    if (step !== 1) {
      for (let i = 0; i < count; i++) yield await frame(start + i * step);
      return;
    }
    const stop = Math.min(index.length, start + count + after);
    const inner = source.frames({ start: Math.max(0, start - before), stop });
    let done = 0;
    for await (const made of slide(inner, { before, after }, () => apply)) {
      if (made.index < start) continue;
      if (done++ === count) return;
      yield made;
    }
  }
  // A window with a damaged frame in it is a damaged frame.
  const frames = (range: FrameRange = {}): AsyncGenerator<IndexedFrame> =>
    framesPastDamage(range, index.length, run);
  return seenThrough(source, {
    ...{ info, frames },
    frame: async (address) => frame(index.locate(address)),
  });
}

/** Lets a window slide over frames: each comes out as soon as those after it are known. */
async function* slide<F extends Frame>(
  frames: AsyncIterable<F>,
  { before, after }: Reach,
  prepare: (info: ImageInfo) => PreparedWindow["apply"],
): AsyncGenerator<F> {
  let apply: PreparedWindow["apply"] | undefined;
  let held: F[] = [];
  // Place in `held` of the frame that comes out next.
  let next = 0;
  const made = (): F => {
    const start = Math.max(0, next - before);
    const images = held.slice(start, next + after + 1).map(({ image }) => image);
    const frame = held[next]!;
    apply ??= prepare(frame.image);
    const bent = { ...frame, image: apply(images, next - start) };
    next++;
    if (next > before) {
      held = held.slice(next - before);
      next = before;
    }
    return bent;
  };
  for await (const frame of frames) {
    held.push(frame);
    if (held.length > next + after) yield made();
  }
  while (next < held.length) yield made();
}
