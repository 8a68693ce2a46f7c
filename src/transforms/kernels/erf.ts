/**
 * The error function, to about 1e-15: its Taylor series near 0, its continued fraction further out (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (size + fraction);
  const rest = Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction));
  return Math.sign(x) * (1 - rest);
}
