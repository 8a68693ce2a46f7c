import type { Image } from "../core/image.js";
import { frameByFrame } from "../core/seen-through.js";
import type { SeekableSource } from "../core/stream.js";

/**
 * A source whose pictures are bent with something that other frames of it tell: found out once, when it is first needed.
 * Pictures keep their kind.
 */
export function bendWith<T>(
  source: SeekableSource,
  find: () => Promise<T>,
  apply: (image: Image, found: T) => Image,
): SeekableSource {
  let found: Promise<T> | undefined;
  return frameByFrame(source, async (frame) => {
    found ??= find();
    return { ...frame, image: apply(frame.image, await found) };
  });
}
