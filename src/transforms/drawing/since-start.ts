import type { FrameIndex } from "../../core/frame-index.js";
import type { ImageInfo } from "../../core/image.js";
import type { FrameSource, SeekableSource, Transform } from "../../core/stream.js";
import { eachPicture } from "../picture-transform.js";
import type { BoundTransform, PreparedPictures } from "../transform-kind.js";

/** From when to when the frames of a source are, in seconds; NaN where that is not known. */
export interface SourceSpan {
  readonly start: number;
  readonly stop: number;
}

/**
 * Bends pictures by themselves, but with a look at the times of the whole source. Of a stream only the first time is known,
 * and that when its first frame has come.
 */
export function sinceStart(
  make: (span: SourceSpan) => (info: ImageInfo) => PreparedPictures,
): Transform & Pick<BoundTransform, "seek"> {
  const stream: Transform = (source) => {
    if (isSeekable(source)) return eachPicture(make(spanOf(source.index)))(source);
    const span = { start: Number.NaN, stop: Number.NaN };
    return eachPicture(make(span))({
      info: source.info,
      async *[Symbol.asyncIterator]() {
        span.start = Number.NaN;
        for await (const frame of source) {
          if (Number.isNaN(span.start)) span.start = frame.time;
          yield frame;
        }
      },
    });
  };
  const seek = (source: SeekableSource): SeekableSource =>
    eachPicture(make(spanOf(source.index))).seek(source);
  return Object.assign(stream, { seek });
}

function isSeekable(source: FrameSource): source is SeekableSource {
  return "index" in source;
}

function spanOf({ timeRange }: FrameIndex): SourceSpan {
  return { start: timeRange?.min ?? Number.NaN, stop: timeRange?.max ?? Number.NaN };
}
