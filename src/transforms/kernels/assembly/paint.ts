/**
 * Looks the three bytes of a pixel up for each level.
 * @param count pixels.
 * @param table 256 u32: a pixel each, its first byte the lowest, the fourth one 0.
 */
export function paintLevels(src: usize, dst: usize, count: i32, table: usize): void {
  // Four bytes are written; what is beyond the pixel is overwritten by the next one.
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const four = load<u32>(src + i);
    store<u32>(dst, load<u32>(table + <usize>((four & 255) << 2)));
    store<u32>(dst, load<u32>(table + <usize>((four >> 6) & 1020)), 3);
    store<u32>(dst, load<u32>(table + <usize>((four >> 14) & 1020)), 6);
    store<u32>(dst, load<u32>(table + <usize>((four >> 22) & 1020)), 9);
    dst += 12;
  }
}
