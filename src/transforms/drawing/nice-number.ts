/**
 * The largest of 1, 2 and 5 times a power of ten that is not more than `value`, as Heckbert's "Nice Numbers for Graph Labels"
 * (Graphics Gems, 1990) has them.
 * @param value above 0.
 */
export function niceBelow(value: number): number {
  const power = Math.floor(Math.log10(value) + 1e-12);
  const unit = 10 ** power;
  const lead = value / unit + 1e-9;
  return asDecimal((lead >= 10 ? 10 : lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * unit);
}

/** Without what binary fractions add: 0.30000000000000004 is 0.3. */
export function asDecimal(value: number): number {
  return Number(value.toPrecision(12));
}
