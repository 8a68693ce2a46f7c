import type { Frame } from "../core/frame.js";
import type { FrameSink, SeekableSource } from "../core/stream.js";
import { Interruption } from "./exit.js";
import { extraRowsOf, hasExtraData, takesExtraData } from "./extra-data.js";

/** Frames and their extra data into the sink, which is closed, or after an error leaves nothing behind. */
export async function pour(
  source: SeekableSource,
  frames: AsyncIterable<Frame & { readonly index: number }>,
  sink: FrameSink,
  signal: AbortSignal,
  onFrame: () => void,
): Promise<void> {
  try {
    const copiesRows = hasExtraData(source) && takesExtraData(sink);
    const rows = copiesRows ? extraRowsOf(await source.extraData()) : undefined;
    for (const row of rows?.get(-1) ?? []) if (takesExtraData(sink)) await sink.addExtraData(row);
    for await (const frame of frames) {
      signal.throwIfAborted();
      await sink.write(frame);
      for (const row of rows?.get(frame.index) ?? []) if (takesExtraData(sink)) await sink.addExtraData(row);
      onFrame();
    }
  } catch (error) {
    // A store is whole at any frame; a video or an array that ends early would only look whole.
    const keeps = signal.reason instanceof Interruption && takesExtraData(sink);
    await (keeps || !sink.abort ? sink.close() : sink.abort());
    throw error;
  }
  await sink.close();
}
