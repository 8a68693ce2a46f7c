/** Four tables: byte i of a word is looked up in table 3 - i, so that four bytes cost one step. */
const tables = makeTables();

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const all = [first];
  for (let i = 1; i < 4; i++) {
    all.push(all[i - 1]!.map((value) => (value >>> 8) ^ first[value & 0xff]!));
  }
  return all;
}

/** The CRC-32 of ZIP, PNG and gzip, as an unsigned number; of the bytes [start, stop). */
export function crc32(bytes: Uint8Array, start = 0, stop = bytes.length): number {
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  const words = stop - ((stop - start) % 4);
  let crc = ~0;
  for (let i = start; i < words; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (let i = words; i < stop; i++) crc = t0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
