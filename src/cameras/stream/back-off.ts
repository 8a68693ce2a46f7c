/**
 * Seconds to wait before calling a camera again: twice as long each time, up to a limit, and by chance a half shorter,
 * so that a switch that comes back is not called by all at once.
 * @param attempt 1 for the first.
 * @param chance 0 … 1.
 */
export function backOff(
  attempt: number,
  { firstWait, longestWait }: { readonly firstWait: number; readonly longestWait: number },
  chance: number = Math.random(),
): number {
  const wait = Math.min(longestWait, firstWait * 2 ** Math.min(attempt - 1, 40));
  return wait * (1 - chance / 2);
}
