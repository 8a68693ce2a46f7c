import type { IndexedFrame } from "../core/frame.js";
import type { Image } from "../core/image.js";
import type { FrameRange, SeekableSource } from "../core/stream.js";

/**
 * A source whose pictures are bent with something that other frames of it tell: found out once, when it is first needed.
 * Pictures keep their kind.
 */
export function bendWith<T>(
  source: SeekableSource,
  find: () => Promise<T>,
  apply: (image: Image, found: T) => Image,
): SeekableSource {
  let finding: Promise<T> | undefined;
  const found = (): Promise<T> => {
    finding ??= find();
    return finding;
  };
  async function* frames(range?: FrameRange): AsyncGenerator<IndexedFrame> {
    const known = await found();
    for await (const frame of source.frames(range)) yield { ...frame, image: apply(frame.image, known) };
  }
  return {
    info: source.info,
    index: source.index,
    frames,
    frame: async (address) => {
      const frame = await source.frame(address);
      return { ...frame, image: apply(frame.image, await found()) };
    },
    describe: () => source.describe(),
    close: () => source.close(),
    [Symbol.asyncIterator]: () => frames(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
