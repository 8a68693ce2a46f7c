import type { IndexedFrame } from "./frame.js";
import type { FrameIndex } from "./frame-index.js";
import type { ImageInfo } from "./image.js";
import type { FrameRange, SeekableSource } from "./stream.js";

/** What differs in a source that is seen through something; the rest is as it was. */
export interface SeenThrough extends Pick<SeekableSource, "frame" | "frames"> {
  readonly info?: ImageInfo;
  readonly index?: FrameIndex;
  describe?(): Record<string, unknown>;
}

/** A source that is made of another. Closing it closes that one. */
export function seenThrough(source: SeekableSource, seen: SeenThrough): SeekableSource {
  const { info = source.info, index = source.index, frame, frames } = seen;
  return {
    ...{ info, index, frame, frames },
    describe: () => seen.describe?.() ?? source.describe(),
    close: () => source.close(),
    [Symbol.asyncIterator]: () => frames()[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => source.close(),
  };
}

/**
 * What a store knows beside its frames: rows that belong to frames by their rank, and facts about the whole. A source with
 * the same frames at the same ranks has them, too.
 */
export function besideFrames(source: SeekableSource): object {
  const { extraData, userMetadata } = source as { extraData?(): Promise<unknown>; userMetadata?: unknown };
  return {
    ...(extraData && { extraData: () => extraData.call(source) }),
    ...(userMetadata !== undefined && { userMetadata }),
  };
}

/** A source with each of its frames changed by itself. Closing it closes that one. @param info what pictures become. */
export function frameByFrame(
  source: SeekableSource,
  change: (frame: IndexedFrame) => IndexedFrame | Promise<IndexedFrame>,
  info: ImageInfo = source.info,
): SeekableSource {
  async function* frames(range?: FrameRange): AsyncGenerator<IndexedFrame> {
    for await (const frame of source.frames(range)) yield change(frame);
  }
  const seen = seenThrough(source, {
    ...{ info, frames },
    frame: async (address) => change(await source.frame(address)),
  });
  return Object.assign(seen, besideFrames(source));
}
