import type { IndexedFrame } from "../core/frame.js";
import type { FrameSink } from "../core/stream.js";
import type { Context } from "./context.js";
import { isInterruption } from "./exit.js";
import type { Progress } from "./progress.js";

/**
 * Frames into a sink, which is closed; after an error it leaves nothing behind, and a store that was interrupted keeps what it has.
 * @returns the number of frames written.
 */
export async function pourFrames(
  frames: AsyncIterable<IndexedFrame>,
  sink: FrameSink,
  { signal }: Context,
  progress: Progress,
): Promise<number> {
  const { pour } = await import("../convert/pour.js");
  return pour(frames, sink, {
    signal,
    keepsPart: isInterruption,
    onWritten: (written) => progress.update(written),
  });
}
