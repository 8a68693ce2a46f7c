import { closeSync, openSync, readSync } from "node:fs";
import { type ByteSource, bytesInMemory } from "../core/zip.js";
import type { FilePieces } from "./file-pieces.js";

/** The bytes of a TIFF file, in memory or where they lie. */
export interface TiffSource extends ByteSource {
  /** The bytes [start, stop), all of which are there: a strip or a tile. */
  read(start: number, stop: number): Uint8Array | Promise<Uint8Array>;
  /** Where they are in memory. */
  readonly whole: Uint8Array | undefined;
}

export function tiffInMemory(bytes: Uint8Array): TiffSource {
  const { byteLength, slice } = bytesInMemory(bytes);
  return { byteLength, slice, read: slice, whole: bytes };
}

/** Bytes that are read at once for directories, which are a few hundred. */
const windowBytes = 4096;

/** A TIFF file of any length: directories are read as they are looked at, strips by the pool. */
export class TiffFile implements TiffSource {
  readonly whole = undefined;
  readonly byteLength: number;
  readonly #file: FilePieces;
  readonly #fd: number;
  #window: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };
  #isOpen = true;

  /** @param file is closed with it. */
  constructor(file: FilePieces) {
    this.byteLength = file.size;
    this.#file = file;
    this.#fd = openSync(file.path, "r");
  }

  slice(start: number, stop: number): Uint8Array {
    const { start: first, bytes } = this.#window;
    if (start < first || stop > first + bytes.length) this.#look(start, Math.max(windowBytes, stop - start));
    const from = start - this.#window.start;
    return this.#window.bytes.subarray(from, from + stop - start);
  }

  #look(start: number, length: number): void {
    const bytes = new Uint8Array(Math.min(length, this.byteLength - start));
    let done = 0;
    while (done < bytes.length) {
      const found = readSync(this.#fd, bytes, done, bytes.length - done, start + done);
      if (found === 0) throw new Error(`ends at byte ${start + done}: it has become shorter`);
      done += found;
    }
    this.#window = { start, bytes };
  }

  read(start: number, stop: number): Promise<Uint8Array> {
    return this.#file.read(start, stop - start);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
    await this.#file.close();
  }
}
