/** Products of a matrix over GF(2), whose columns are words, with a word. */
function times(matrix: Uint32Array, word: number): number {
  let [sum, rest] = [0, word];
  for (let i = 0; rest !== 0; i++, rest >>>= 1) if (rest & 1) sum ^= matrix[i]!;
  return sum >>> 0;
}

/**
 * The CRC-32 of two pieces, one behind the other, from the CRC of each: what can be known of the first only when the
 * second has been written. As zlib's `crc32_combine`.
 * @param length bytes of the second.
 */
export function combineCrc32(first: number, second: number, length: number): number {
  // What one zero bit does to a CRC; squared, what two do, and so on.
  let zeros = Uint32Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xedb88320 : 2 ** (i - 1)));
  const square = (): void => {
    zeros = zeros.map((column) => times(zeros, column));
  };
  for (let doubled = 0; doubled < 3; doubled++) square();
  let crc = first >>> 0;
  for (let rest = BigInt(length); rest > 0n; rest >>= 1n) {
    if (rest & 1n) crc = times(zeros, crc);
    square();
  }
  return (crc ^ second) >>> 0;
}
