/**
 * Waits until `performance.now()` is `due` (milliseconds; for ever if infinite), or the signal aborts. Timers are late by
 * up to a millisecond and may be early by a fraction.
 */
export function sleepUntil(due: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // A turn of the event loop even when the frame is due already: others must live beside a fast camera.
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const next = (): void => {
      const wait = due - performance.now();
      // A timer that is set for longer than its 31 bits fires at once.
      if (wait > 0) timer = setTimeout(wait > longestTimer ? next : done, Math.min(wait, longestTimer));
      else setImmediate(done);
    };
    signal.addEventListener("abort", done, { once: true });
    next();
  });
}

const longestTimer = 2 ** 31 - 1;
