/** The sample that stands for sample `i` of `n` beyond the edge: OpenCV's BORDER_REFLECT_101 (dcb|abcd|cba). */
export function reflected(i: number, n: number): number {
  if (n === 1) return 0;
  let at = i;
  while (at < 0 || at >= n) at = at < 0 ? -at : 2 * n - 2 - at;
  return at;
}

/** What stands at `first`, `first + 1` … `first + count - 1` of a row of `n`. */
export function reflectedRow(first: number, count: number, n: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => reflected(first + i, n));
}
