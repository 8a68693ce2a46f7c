import { crc32 } from "./crc32.js";
import { centralHeader, endRecords, localHeader } from "./zip-headers.js";

const encoder = new TextEncoder();

/**
 * A ZIP archive of stored files, laid out member by member as Python's `zipfile` does for `np.savez`: dated 1980-01-01,
 * each local header with a ZIP64 field. Of any length and number of members; it keeps what the directory will say, and
 * none of the files.
 */
export class ZipLayout {
  #directory = new Uint8Array(4096);
  #used = 0;
  #offset = 0;
  #count = 0;

  /**
   * One more file of less than 4 GiB.
   * @returns the header that stands before its bytes; both have to follow what came before.
   */
  add(name: string, bytes: Uint8Array, crc = crc32(bytes)): Uint8Array {
    const file = { name: encoder.encode(name), crc, size: bytes.length, offset: this.#offset };
    const header = localHeader(file);
    this.#keep(centralHeader(file));
    this.#offset += header.length + bytes.length;
    this.#count++;
    return header;
  }

  /** What comes after the last file. */
  end(): Uint8Array {
    const directory = this.#directory.subarray(0, this.#used);
    return concatenate([directory, endRecords(this.#count, this.#offset, this.#used)]);
  }

  #keep(entry: Uint8Array): void {
    if (this.#used + entry.length > this.#directory.length) {
      const larger = new Uint8Array(Math.max(2 * this.#directory.length, this.#used + entry.length));
      larger.set(this.#directory);
      this.#directory = larger;
    }
    this.#directory.set(entry, this.#used);
    this.#used += entry.length;
  }
}

/** A whole archive; see `ZipLayout`. */
export function encodeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const layout = new ZipLayout();
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of files) parts.push(layout.add(name, bytes), bytes);
  return concatenate([...parts, layout.end()]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
