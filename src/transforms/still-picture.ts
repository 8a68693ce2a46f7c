import { ColumnIndex } from "../core/column-index.js";
import { ClosedError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { Image } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";

/** A picture as a source of one frame, number 0 at 0 s: for what stands beside films, and never moves. */
export function stillPicture(image: Image): SeekableSource {
  const index = new ColumnIndex({ times: Float64Array.of(0) });
  const frame: IndexedFrame = { index: 0, number: 0, time: 0, image };
  let isOpen = true;
  const needOpen = (): void => {
    if (!isOpen) throw new ClosedError("still picture");
  };
  async function* frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    needOpen();
    if (resolveRange(range, 1).count > 0) yield frame;
    needOpen();
  }
  const close = async (): Promise<void> => {
    isOpen = false;
  };
  const { data: _, ...info } = image;
  return {
    ...{ info, index, frames, close },
    frame: async (address) => {
      needOpen();
      index.locate(address);
      return frame;
    },
    describe: () => ({}),
    [Symbol.asyncIterator]: () => frames(),
    [Symbol.asyncDispose]: close,
  };
}
