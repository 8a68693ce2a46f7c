export interface LzwKind {
  /** Bits of a sample: 8 for TIFF, 2 to 8 for GIF. */
  readonly bits: number;
  /** Which bit of a byte is filled first: TIFF's most significant, GIF's least. */
  readonly mostFirst: boolean;
}

const tableSize = 4096;
const hashSize = 2 ** 14;

/**
 * Packs samples with LZW, TIFF's (codes widen one early) or GIF's. The table is cleared whenever it is full.
 *
 * Strings are found by hashing (code before, sample), in one table of open addresses.
 */
export function packLzw(samples: Uint8Array, { bits, mostFirst }: LzwKind): Uint8Array {
  const clear = 1 << bits;
  const end = clear + 1;
  // TIFF's codes are one bit wider from 511 on, GIF's from 512 on.
  const early = mostFirst ? 1 : 0;
  const out = new GrowingBytes(samples.length + 64);
  const keys = new Int32Array(hashSize).fill(-1);
  const codes = new Int16Array(hashSize);
  let next = end + 1;
  let width = bits + 1;
  let held = 0;
  let count = 0;
  const emit = (code: number): void => {
    if (mostFirst) {
      held = (held << width) | code;
      count += width;
      while (count >= 8) {
        count -= 8;
        out.push((held >>> count) & 0xff);
      }
      held &= (1 << count) - 1;
    } else {
      held |= code << count;
      count += width;
      while (count >= 8) {
        out.push(held & 0xff);
        held >>>= 8;
        count -= 8;
      }
    }
  };
  emit(clear);
  let prefix = -1;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!;
    if (prefix < 0) {
      prefix = sample;
      continue;
    }
    const key = (prefix << 8) | sample;
    let slot = ((key * 0x9e3779b1) >>> 18) & (hashSize - 1);
    while (keys[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & (hashSize - 1);
    if (keys[slot] === key) {
      prefix = codes[slot]!;
      continue;
    }
    emit(prefix);
    prefix = sample;
    keys[slot] = key;
    codes[slot] = next++;
    if (next + early > 1 << width && width < 12) width++;
    if (next >= tableSize - 2) {
      emit(clear);
      keys.fill(-1);
      next = end + 1;
      width = bits + 1;
    }
  }
  if (prefix >= 0) {
    emit(prefix);
    // The reader adds an entry for that code, too.
    if (++next + early > 1 << width && width < 12) width++;
  }
  emit(end);
  if (count > 0) out.push((mostFirst ? held << (8 - count) : held) & 0xff);
  return out.taken();
}

class GrowingBytes {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const longer = new Uint8Array(this.#length * 2);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes[this.#length++] = byte;
  }

  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
