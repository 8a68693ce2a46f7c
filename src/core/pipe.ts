import type { Frame } from "./frame.js";
import type { FrameSink, FrameSource, Transform } from "./stream.js";
import { WriteAhead } from "./write-ahead.js";

/** The source behind any number of transforms, in order. */
export function pipeThrough(source: FrameSource, ...transforms: readonly Transform[]): FrameSource {
  return transforms.reduce((stream, transform) => transform(stream), source);
}

export interface PipeOptions {
  /** Stops between two frames; the returned promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each frame with the number of frames written so far. */
  readonly onFrame?: (written: number) => void;
}

/**
 * Pours a stream into a sink, one frame at a time, and leaves the sink open. If that fails or is cancelled, the
 * sink is aborted where it can be.
 * @returns the number of frames written.
 */
export async function pipeTo(
  source: AsyncIterable<Frame>,
  sink: FrameSink,
  options: PipeOptions = {},
): Promise<number> {
  const writer = new WriteAhead(sink, options.onFrame);
  try {
    options.signal?.throwIfAborted();
    for await (const frame of source) {
      await writer.write(frame);
      options.signal?.throwIfAborted();
    }
    await writer.finish();
  } catch (error) {
    // Why it failed matters more than that cleaning up failed, too.
    await sink.abort?.().catch(() => {});
    throw error;
  }
  return writer.written;
}
