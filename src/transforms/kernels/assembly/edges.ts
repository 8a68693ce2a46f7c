/** The sample that stands for sample `i` of `n` beyond the edge: OpenCV's BORDER_REFLECT_101 (dcb|abcd|cba). */
export function reflected(i: i32, n: i32): i32 {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;
  return i;
}
