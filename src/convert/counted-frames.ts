import { seenThrough } from "../core/seen-through.js";
import type { SeekableSource } from "../core/stream.js";

/** The same source; `onFrame` hears of every frame that its loops give. */
export function countedFrames(source: SeekableSource, onFrame: () => void): SeekableSource {
  const frames: SeekableSource["frames"] = async function* (range) {
    for await (const frame of source.frames(range)) {
      onFrame();
      yield frame;
    }
  };
  return seenThrough(source, { frames, frame: (address) => source.frame(address) });
}
