/** The whole numbers nearest to values within +-2^22, halves to the even one: there the last bit of a float is 1. */
// @ts-ignore: decorator
@inline
export function rounded(values: v128): v128 {
  const shift = f32x4.splat(12582912);
  return i32x4.sub(f32x4.add(values, shift), i32x4.splat(0x4b400000));
}
