import { closeSync, openSync, readSync } from "node:fs";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { dtypeBytes } from "../core/image.js";
import { type NpyHeader, readNpyHeader } from "../core/npy.js";
import { type Npz, readNpz } from "../core/npz.js";
import { type ByteSource, readZipDirectory, type ZipEntry } from "../core/zip.js";
import type { ArraySamples } from "./array-frames.js";
import type { FilePieces } from "./file-pieces.js";

/** Files up to that are read whole, and their check sums compared; of longer ones, pieces of what is not packed. */
const whole = 2 ** 28;
/** Longest array that is unpacked, in bytes: it is held in memory. */
const longestPacked = 2 ** 31;
/** Of an npy header, at most. */
const headerBytes = 2 ** 20 + 12;

/** The arrays of an `.npz` of any length. */
export interface NpzArrays {
  readonly names: readonly string[];
  header(name: string): NpyHeader;
  /** @throws {FileFormatError} if there is no such array, it is damaged or cut short. */
  samples(name: string): ArraySamples;
  /** Closes the file, if it is still read from. */
  close(): Promise<void>;
}

/** @param file is closed with what is returned. @throws {FileFormatError} if it is no `.npz`. */
export async function npzArrays(file: FilePieces): Promise<NpzArrays> {
  return file.size <= whole ? await inMemory(file) : new NpzPieces(file);
}

async function inMemory(file: FilePieces): Promise<NpzArrays> {
  const npz = readNpz(await file.read(0, file.size), file.path);
  return {
    names: npz.names,
    header: (name) => npz.header(name),
    samples: (name) => unpacked(npz, name),
    close: () => file.close(),
  };
}

function unpacked(npz: Npz, name: string): ArraySamples {
  const { shape, dtype, data } = npz.array(name);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    ...{ shape, dtype, fortranOrder: false, littleEndian: undefined, key: name },
    read: async (start, length) => bytes.subarray(start, start + length),
    close: async () => {},
  };
}

class NpzPieces implements NpzArrays {
  readonly names: readonly string[];
  readonly #file: FilePieces;
  readonly #fd: number;
  readonly #npz: Npz;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  #isOpen = true;

  constructor(file: FilePieces) {
    this.#file = file;
    this.#fd = openSync(file.path, "r");
    try {
      const source = this.#source();
      const entries = readZipDirectory(source, file.path);
      this.#entries = new Map(entries.map((entry) => [entry.name.replace(/\.npy$/, ""), entry]));
      this.#npz = readNpz(source, file.path, { longest: longestPacked });
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.names = this.#npz.names;
  }

  header(name: string): NpyHeader {
    const entry = this.#entries.get(name);
    if (entry?.method !== 0) return this.#npz.header(name);
    const start = this.#contentOf(entry);
    const length = Math.min(headerBytes, entry.bytes, this.#file.size - start);
    return readNpyHeader(this.#slice(start, start + length), `${this.#file.path} (${name})`);
  }

  samples(name: string): ArraySamples {
    const entry = this.#entries.get(name);
    if (entry?.method !== 0) return unpacked(this.#npz, name);
    const { shape, dtype, fortranOrder, littleEndian, dataOffset, descr } = this.header(name);
    const where = `${this.#file.path} (${name})`;
    if (dtype === undefined) throw new UnsupportedError("array type", `${descr} in ${where}`, ["numbers"]);
    const needed = shape.reduce((product, axis) => product * axis, dtypeBytes(dtype));
    if (dataOffset + needed > entry.bytes) {
      throw new FileFormatError(
        where,
        `cut short: ${entry.bytes - dataOffset} bytes, where ${needed} are needed`,
      );
    }
    const start = this.#contentOf(entry) + dataOffset;
    return {
      ...{ shape, dtype, fortranOrder, littleEndian, key: name },
      read: (from, length) => this.#file.read(start + from, length),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
    await this.#file.close();
  }

  /** Behind its local header, whose extra fields may be others than those of the table. */
  #contentOf({ offset, name }: ZipEntry): number {
    const header = Buffer.from(this.#slice(offset, Math.min(this.#file.size, offset + 30)));
    if (header.length < 30 || header.readUInt32LE(0) !== 0x04034b50) {
      throw new FileFormatError(`${this.#file.path} (${name})`, "damaged zip: its local header is missing");
    }
    return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  }

  #source(): ByteSource {
    return { byteLength: this.#file.size, slice: (start, stop) => this.#slice(start, stop) };
  }

  #slice(start: number, stop: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, stop - start));
    for (let done = 0; done < bytes.length; ) {
      const found = readSync(this.#fd, bytes, done, bytes.length - done, start + done);
      if (found === 0) throw new FileFormatError(this.#file.path, `ends at byte ${start + done}`);
      done += found;
    }
    return bytes;
  }
}
