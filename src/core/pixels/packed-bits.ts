/** Bytes that `count` samples of `bits` each take, packed without gaps. */
export function packedBytes(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

/**
 * Samples of 9 to 16 bits that follow each other without gaps, highest bit first: of 12 bits
 * `aaaaaaaa aaaabbbb bbbbbbbb`.
 * @param bytes at least `packedBytes(count, bits)` of them.
 */
export function unpackBits(bytes: Uint8Array, count: number, bits: number): Uint16Array {
  const out = new Uint16Array(count);
  if (bits === 12) {
    for (let i = 0, at = 0; i + 1 < count; i += 2, at += 3) {
      const middle = bytes[at + 1]!;
      out[i] = (bytes[at]! << 4) | (middle >> 4);
      out[i + 1] = ((middle & 15) << 8) | bytes[at + 2]!;
    }
    if (count % 2 === 1) {
      const at = ((count - 1) / 2) * 3;
      out[count - 1] = (bytes[at]! << 4) | (bytes[at + 1]! >> 4);
    }
    return out;
  }
  const mask = (1 << bits) - 1;
  let held = 0;
  let inHand = 0;
  for (let i = 0, at = 0; i < count; i++) {
    while (inHand < bits) {
      held = ((held << 8) | bytes[at++]!) & 0xffffff;
      inHand += 8;
    }
    inHand -= bits;
    out[i] = (held >> inHand) & mask;
  }
  return out;
}

/**
 * Two samples of 10 or 12 bits in three bytes, as GigE Vision's `Mono10Packed` and `Mono12Packed` have them: the high
 * bits of each in a byte of its own, and between these the low bits of both, those of the first in the lower half.
 * @param bytes at least `packedBytes(count, 12)` of them.
 */
export function unpackPairs(bytes: Uint8Array, count: number, bits: 10 | 12): Uint16Array {
  const out = new Uint16Array(count);
  const low = bits - 8;
  const mask = (1 << low) - 1;
  for (let i = 0; i < count; i++) {
    const at = (i >> 1) * 3;
    const middle = bytes[at + 1]!;
    const second = i & 1;
    out[i] = (bytes[at + second * 2]! << low) | ((second ? middle >> 4 : middle) & mask);
  }
  return out;
}
