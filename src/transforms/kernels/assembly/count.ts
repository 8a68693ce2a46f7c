/**
 * Counts the values of bytes, in four tables in turn, so that the same value twice does not wait for itself.
 * @param tables u32, four times 256, added to.
 */
export function countBytes(src: usize, length: i32, tables: usize): void {
  let i: usize = 0;
  for (const end = <usize>length & ~7; i < end; i += 8) countEight(load<u64>(src + i), tables);
  for (; i < <usize>length; i++) count(tables, load<u8>(src + i));
}

// @ts-ignore: decorator
@inline
export function countEight(eight: u64, tables: usize): void {
  count(tables, <usize>(eight & 255));
  count(tables + 1024, <usize>((eight >> 8) & 255));
  count(tables + 2048, <usize>((eight >> 16) & 255));
  count(tables + 3072, <usize>((eight >> 24) & 255));
  count(tables, <usize>((eight >> 32) & 255));
  count(tables + 1024, <usize>((eight >> 40) & 255));
  count(tables + 2048, <usize>((eight >> 48) & 255));
  count(tables + 3072, <usize>(eight >> 56));
}

export function count(table: usize, value: usize): void {
  const at = table + (value << 2);
  store<u32>(at, load<u32>(at) + 1);
}
