/** The whole number that is next; exactly half goes to the even one, as in IEEE 754, Python and NumPy. */
export function evenRounded(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/**
 * As Python's `round(value, digits)`: of the numbers with so many decimals the next to the value that the double really has,
 * and of two equally near ones the even.
 */
export function roundDecimals(value: number, digits: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value;
  // Only sixteenths and the like lie exactly between two; `toFixed` takes the greater then.
  const scaled = value * 10 ** digits;
  const isHalf = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(scaled % 1) === 0.5;
  return isHalf ? evenRounded(scaled) / 10 ** digits : Number(value.toFixed(digits));
}
