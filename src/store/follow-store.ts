import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { IndexedFrame } from "../core/frame.js";
import { paddedNumber } from "./layout.js";
import { type OpenStoreOptions, openStore } from "./open-store.js";
import { lockState } from "./store-lock.js";
import type { StoreReader } from "./store-reader.js";

export interface FollowStoreOptions extends OpenStoreOptions {
  /** Frame index to begin with; negative values count from the end. @default the first frame that comes from now on */
  readonly start?: number;
  /** Seconds between two looks at the store. @default 0.25 */
  readonly interval?: number;
  /** Ends it, between two frames; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * The frames of a store that is being written, by this process or another, as they come. Ends when the writer has closed
 * the store, or is gone, and all its frames have been given.
 * @throws what `openStore` throws; {DecodeError} if a frame cannot be read.
 */
export async function* followStore(
  path: string,
  { start, interval = 0.25, signal, ...options }: FollowStoreOptions,
): AsyncGenerator<IndexedFrame> {
  let next: number | undefined;
  let seen = "";
  /** The frame that could not be read at first. */
  let failed: number | undefined;
  /** Number of the last chunk that holds frames. */
  let newest = 0;
  for (;;) {
    signal?.throwIfAborted();
    // Looked at first: what was written before the lock went is read after it.
    const { kind } = await lockState(path);
    const isOver = kind === "none" || kind === "stale";
    const state = await stateOf(path, newest);
    if (state !== seen || isOver) {
      seen = state;
      await using store = await openStore(path, options);
      const { length } = store.index;
      newest = store.chunks.at(-1)?.number ?? newest;
      next ??= start === undefined ? length : start < 0 ? Math.max(0, length + start) : start;
      try {
        for await (const frame of framesFrom(store, next)) {
          signal?.throwIfAborted();
          yield frame;
          next = frame.index + 1;
        }
      } catch (error) {
        // A video that is closed while it is read changes under the reader: then it is opened again.
        if (isOver || failed === next || signal?.aborted) throw error;
        failed = next;
        seen = "";
      }
    }
    if (isOver) return;
    // The signal is asked at the top.
    await wait(interval * 1000, undefined, { ...(signal && { signal }) }).catch(() => {});
  }
}

function framesFrom(store: StoreReader, start: number): AsyncIterable<IndexedFrame> {
  return start < store.index.length ? store.frames({ start }) : (async function* () {})();
}

/** Changes whenever a chunk begins or ends (that changes the folder), or a frame comes (that makes a journal longer). */
async function stateOf(path: string, newest: number): Promise<string> {
  const sizes: number[] = [];
  for (const number of [newest, newest + 1]) {
    const journal = await stat(join(path, `${paddedNumber(number)}.journal`)).catch(() => undefined);
    sizes.push(journal?.size ?? -1);
  }
  const folder = await stat(path);
  return [folder.mtimeMs, newest, ...sizes].join(" ");
}
