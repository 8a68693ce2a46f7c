import { infoInColor, type PlainColor, toColor } from "./color.js";
import { frameByFrame } from "./seen-through.js";
import type { SeekableSource } from "./stream.js";

/** The same source with every picture in another colour order, or as gray; see `toColor`. Closing it closes both. */
export function inColor(source: SeekableSource, color: PlainColor): SeekableSource {
  return frameByFrame(
    source,
    (frame) => ({ ...frame, image: toColor(frame.image, color) }),
    infoInColor(source.info, color),
  );
}
