import { FileFormatError } from "./errors.js";
import {
  decodeNpy,
  decodeNpyStrings,
  encodeNpy,
  encodeNpyString,
  type NpyArray,
  type NpyHeader,
  type NpyStrings,
  readNpyHeader,
} from "./npy.js";
import {
  type ByteSource,
  bytesInMemory,
  extractZipEntry,
  readZipDirectory,
  type UnpackOptions,
} from "./zip.js";
import { encodeZip } from "./zip-layout.js";

/**
 * The arrays of an `.npz` file by name. Nothing is unpacked before it is asked for, so an entry that cannot be read
 * (a pickle, a damaged one) spoils none of the others.
 */
export interface Npz {
  /** In the order of the file, without `.npy`. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /**
   * @throws {FileFormatError} if there is no such entry, or it is damaged.
   * @throws {UnsupportedError} if it holds anything but numbers.
   */
  array(name: string): NpyArray;
  /** As `array`, for entries of strings. */
  strings(name: string): NpyStrings;
  /** As `array`, but only what the entry says of itself. */
  header(name: string): NpyHeader;
  /** The `.npy` file as it is, unpacked. @throws {FileFormatError} as `array`. */
  file(name: string): Uint8Array;
}

/**
 * Reads the table of contents of an `.npz` file (a ZIP archive of `.npy` files), stored or compressed.
 * @param file the whole file, or where its bytes can be had; kept, and may be shared with arrays that are stored in it.
 * @param path for error messages.
 * @throws {FileFormatError} if it is no ZIP archive.
 */
export function readNpz(file: Uint8Array | ByteSource, path = "npz", options: UnpackOptions = {}): Npz {
  const bytes = file instanceof Uint8Array ? bytesInMemory(file) : file;
  const entries = new Map(
    readZipDirectory(bytes, path).map((entry) => [entry.name.replace(/\.npy$/, ""), entry]),
  );
  const unpack = (name: string): Uint8Array => {
    const entry = entries.get(name);
    if (entry === undefined) {
      throw new FileFormatError(
        path,
        `no array ${name}; there are ${[...entries.keys()].join(", ") || "none"}`,
      );
    }
    return extractZipEntry(bytes, entry, path, options);
  };
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    array: (name) => decodeNpy(unpack(name), `${path} (${name})`),
    strings: (name) => decodeNpyStrings(unpack(name), `${path} (${name})`),
    header: (name) => readNpyHeader(unpack(name), `${path} (${name})`),
    file: unpack,
  };
}

/** The `.npz` file that `np.savez` would write for those arrays and texts: uncompressed, in the order given. */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray | string>>): Uint8Array {
  return encodeZip(
    new Map(
      Object.entries(arrays).map(([name, array]) => [
        `${name}.npy`,
        typeof array === "string" ? encodeNpyString(array) : encodeNpy(array),
      ]),
    ),
  );
}
