import { TransformError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { FrameSource, SeekableSource } from "../core/stream.js";
import { type TransformFacts, type TransformKind, transformKind } from "./transform-kind.js";

interface SequenceBend {
  seek(source: SeekableSource): SeekableSource;
  stream?(frames: FrameSource): AsyncIterable<Frame>;
  /** What pictures of that kind become. @default what they are */
  become?(info: ImageInfo): ImageInfo;
  /** See `BoundTransform`. */
  readonly keepsPictures?: boolean;
}

/**
 * A kind of transform that looks at the order of frames: leaves some out, shows them at other times, or makes one of several.
 * @param bind `seek` bends a source whose frames can be asked for. `stream` does the same, in the same order, to one that has
 *   no more than its stream, a camera; without it such a source is refused.
 */
export function sequenceTransform<O extends object>(
  facts: TransformFacts<O>,
  bind: (options: O) => SequenceBend,
): TransformKind<O> {
  return transformKind(facts, (options) => {
    const { seek, stream, become = (info) => info, keepsPictures = false } = bind(options);
    const bendStream = (source: FrameSource): FrameSource => {
      if (isSeekable(source)) return seek(source);
      if (stream)
        return {
          info: become(source.info),
          [Symbol.asyncIterator]: () => stream(source)[Symbol.asyncIterator](),
        };
      throw new TransformError(
        facts.name,
        "needs a source whose frames can be asked for; this is a mere stream",
      );
    };
    return Object.assign(bendStream, { seek, keepsPictures });
  });
}

function isSeekable(source: FrameSource): source is SeekableSource {
  return "index" in source && "frames" in source;
}
