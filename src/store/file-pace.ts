/** Longest a file operation may hold up the event loop, in milliseconds; one that takes longer is the last for a while. */
const PATIENCE = 4;

/** How many operations go through the thread pool after one that took too long. */
const CAUTION = 64;

/** Bytes that may be copied on the main thread: about a millisecond from the system's cache. */
const MOST_BYTES = 8 * 2 ** 20;

/** Milliseconds after which the event loop gets a turn. */
const TURN = 5;

let caution = 0;
let lastTurn = 0;

/**
 * Does a file operation where it is done fastest.
 *
 * A store has a file for each frame, and most of them are answered from the system's cache: then the way through the
 * thread pool and back takes longer than the operation. So it is done at once, on the main thread, as long as that is
 * quick. As soon as one takes long (a cold or slow disk, a network share), the next ones go through the pool, and the
 * event loop stays free; after some of them it is tried again. Between, the event loop gets its turns.
 */
export async function atBestPace<T>(bytes: number, quick: () => T, pooled: () => Promise<T>): Promise<T> {
  if (bytes > MOST_BYTES || caution > 0) {
    caution = Math.max(0, caution - 1);
    return pooled();
  }
  const start = performance.now();
  if (start - lastTurn > TURN) {
    await new Promise((resolve) => setImmediate(resolve));
    lastTurn = performance.now();
  }
  const began = performance.now();
  try {
    return quick();
  } finally {
    if (performance.now() - began > PATIENCE) caution = CAUTION;
  }
}
