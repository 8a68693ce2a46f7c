/**
 * Results of `read(0)`, `read(1)` … in order, with up to `depth` of them on their way at once. Left early, nothing
 * is started any more, and what was started is waited for.
 */
export async function* readAhead<T>(
  count: number,
  depth: number,
  read: (rank: number) => Promise<T>,
): AsyncGenerator<T> {
  const pending: Promise<T>[] = [];
  let next = 0;
  const start = (): void => {
    const result = read(next++);
    result.catch(() => {}); // it is looked at below, perhaps much later
    pending.push(result);
  };
  try {
    while (next < Math.min(depth, count)) start();
    while (pending.length > 0) {
      const result = await pending.shift()!;
      if (next < count) start();
      yield result;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}
