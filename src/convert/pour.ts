import type { Frame } from "../core/frame.js";
import type { FrameSink } from "../core/stream.js";
import { WriteAhead } from "../core/write-ahead.js";
import { type TravellingRows, takesExtraData } from "./extra-rows.js";

export interface PourOptions {
  readonly signal?: AbortSignal | undefined;
  /** Extra data that goes along, if the sink takes any. */
  readonly rows?: TravellingRows | undefined;
  /**
   * After which reasons of the signal a store keeps what it has: it is whole at any frame. A video or an array that ends
   * early would only look whole, and is never kept. @default after none
   */
  readonly keepsPart?: ((reason: unknown) => boolean) | undefined;
  /** Called after each frame that is written, with their number. */
  readonly onWritten?: ((written: number) => void) | undefined;
}

/**
 * Frames and their extra data into the sink, which is closed, or after an error leaves nothing behind.
 * @returns the number of frames written.
 */
export async function pour(
  frames: AsyncIterable<Frame & { readonly index: number }>,
  sink: FrameSink,
  { signal, rows, keepsPart = () => false, onWritten }: PourOptions = {},
): Promise<number> {
  const writer = new WriteAhead(sink, onWritten);
  try {
    signal?.throwIfAborted();
    const taker = takesExtraData(sink) ? sink : undefined;
    for (const row of rows?.takeFirst() ?? []) await taker?.addExtraData(row);
    for await (const frame of frames) {
      signal?.throwIfAborted();
      await writer.write(frame);
      for (const row of rows?.take(frame.index) ?? []) await taker?.addExtraData(row);
    }
    await writer.finish();
  } catch (error) {
    const keeps = signal?.aborted === true && keepsPart(signal.reason) && takesExtraData(sink);
    await (keeps || !sink.abort ? sink.close() : sink.abort());
    throw error;
  }
  await sink.close();
  return writer.written;
}
