import { infoInColor, type PlainColor, toColor } from "./color.js";
import type { IndexedFrame } from "./frame.js";
import type { FrameRange, SeekableSource } from "./stream.js";

/** The same source with every picture in another colour order, or as gray; see `toColor`. Closing it closes both. */
export function inColor(source: SeekableSource, color: PlainColor): SeekableSource {
  const convert = (frame: IndexedFrame): IndexedFrame => ({ ...frame, image: toColor(frame.image, color) });
  async function* frames(range?: FrameRange): AsyncGenerator<IndexedFrame> {
    for await (const frame of source.frames(range)) yield convert(frame);
  }
  return {
    info: infoInColor(source.info, color),
    index: source.index,
    frames,
    frame: async (address) => convert(await source.frame(address)),
    describe: () => source.describe(),
    close: () => source.close(),
    [Symbol.asyncIterator]: () => frames()[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
