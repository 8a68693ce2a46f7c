import type { SeekableSource } from "../core/stream.js";

/** The same source; `onFrame` hears of every frame that its loops give. */
export function countedFrames(source: SeekableSource, onFrame: () => void): SeekableSource {
  const frames: SeekableSource["frames"] = async function* (range) {
    for await (const frame of source.frames(range)) {
      onFrame();
      yield frame;
    }
  };
  return {
    info: source.info,
    index: source.index,
    frames,
    frame: (address) => source.frame(address),
    describe: () => source.describe(),
    close: () => source.close(),
    [Symbol.asyncIterator]: () => frames()[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
