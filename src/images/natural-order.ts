/**
 * Orders names as people count: img2 before img10, whatever the number of digits. Other characters go by their code,
 * so the order does not depend on where the program runs.
 */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [tokens(a), tokens(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareTokens(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  // Equal but for leading zeros, or one begins with the other.
  return left.length - right.length || compare(a, b);
}

function tokens(name: string): string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

function compareTokens(a: string, b: string): number {
  const [x, y] = [digitsOf(a), digitsOf(b)];
  // Without leading zeros the longer number is the larger one, however many digits it has.
  if (x !== undefined && y !== undefined) return x.length - y.length || compare(x, y);
  return compare(a, b);
}

function digitsOf(token: string): string | undefined {
  return /^\d/.test(token) ? token.replace(/^0+(?=\d)/, "") : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
