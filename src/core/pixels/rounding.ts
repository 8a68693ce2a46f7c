/** To the nearest integer, halves to the even one, as IEEE 754 does; for values below 2^51. */
export function roundHalfEven(value: number): number {
  // Beside 1.5 * 2^52 a double has no bits left for a fraction.
  return value + 6_755_399_441_055_744 - 6_755_399_441_055_744;
}
