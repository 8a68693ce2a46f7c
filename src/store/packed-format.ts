import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { loadDigest } from "../core/digest.js";
import { EncodeError, FileFormatError, MareyError } from "../core/errors.js";
import { keepFreedMemory } from "../core/freed-memory.js";
import { type Image, type ImageInfo, imageBytes } from "../core/image.js";
import { readNpz } from "../core/npz.js";
import type { ChunkFormat, ChunkReader, ChunkWriter, EncodedPicture } from "./chunk-format.js";
import { containedRegularFile, readContainedFile } from "./contained-file.js";
import { atBestPace } from "./file-pace.js";
import { type StoreFiles, systemReason } from "./store-files.js";
import { rawStoreClass } from "./store-metadata.js";

// One file of many frames:
//
//   frame 0 | zeros | frame 1 | zeros | …      each frame begins at a multiple of the alignment
//
// Where each lies, `picture_offset` and `picture_size` of the chunk's index say.

/** What a format of frames packed into one file has to say. */
export interface PackedFormat {
  readonly name: string;
  /** With its dot. */
  readonly extension: string;
  /** Bytes; frames begin at multiples of it. */
  readonly alignment: number;
  /** The bytes of a frame. */
  encode(image: Image): Promise<Uint8Array> | Uint8Array;
  /** @param path for error messages. */
  decode(bytes: Uint8Array, info: ImageInfo, path: string): Promise<Image> | Image;
  /**
   * Tells how long a frame is from how it begins, where lengths differ.
   * @throws {FileFormatError} if that is no frame.
   */
  readonly measure?: {
    readonly bytes: number;
    size(head: Uint8Array, info: ImageInfo, path: string): number;
  };
}

/** Writes that may be on their way: one on the disk's, the next being encoded. */
const writesAtOnce = 4;
const longestIndex = 2 ** 30;

const readAt = promisify(read);

/** A format whose chunks are files of packed frames: 000000.raw, 000001.raw … */
export function packedFormat(packed: PackedFormat): ChunkFormat {
  const { name, extension } = packed;
  return {
    name,
    layout: "video",
    storeClass: rawStoreClass,
    extension,
    lossless: true,
    encoderOptions: [],
    storedAs: (info) => (info.color === "native" ? undefined : info),
    restoredAs: (declared) => declared,
    createChunk: (path, _info, _options, files) => createPacked(packed, path, files),
    openChunk: async ({ root, path }, info) => {
      keepFreedMemory();
      const known = packed.measure ? await indexedPictures(root, path, extension) : undefined;
      const fd = openSync(await containedRegularFile(root, path), "r");
      return new PackedReader(packed, { path, fd, info, known });
    },
  };
}

async function createPacked(packed: PackedFormat, path: string, files: StoreFiles): Promise<ChunkWriter> {
  const digest = await loadDigest();
  const file = await files.create(path).catch((cause) => {
    throw new EncodeError(path, systemReason(cause), { cause });
  });
  const zeros = new Uint8Array(packed.alignment);
  let end = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let failure: unknown;
  const append = async (bytes: Uint8Array): Promise<EncodedPicture> => {
    if (failure !== undefined) throw failure;
    const offset = end;
    end = alignUp(offset + bytes.length, packed.alignment);
    try {
      await file.append([bytes, zeros.subarray(0, end - offset - bytes.length)]);
    } catch (cause) {
      // Where the next frame would begin is not known any more.
      failure = new EncodeError(path, systemReason(cause), { cause });
      throw failure;
    }
    return { offset, size: bytes.length, digest: digest([bytes]) };
  };
  return {
    concurrency: writesAtOnce,
    write: (image) => {
      const encoding = (async () => packed.encode(image))();
      encoding.catch(() => {});
      const written = turn.then(async () => append(await encoding));
      turn = written.catch((error) => {
        failure ??= error;
      });
      return written;
    },
    sync: () => file.sync(),
    close: async () => {
      await file.close();
      // Zeros between the frames are worth no digest.
      return undefined;
    },
    abort: async () => {
      await turn;
      await file.close();
      await files.remove(path);
    },
  };
}

/** What the index of the chunk says of its pictures; undefined if there is none yet, or nothing in it. */
async function indexedPictures(
  root: string,
  path: string,
  extension: string,
): Promise<EncodedPicture[] | undefined> {
  const indexPath = `${path.slice(0, -extension.length)}.npz`;
  try {
    const npz = readNpz(await readContainedFile(root, indexPath, longestIndex), indexPath);
    const [offsets, sizes, digests] = ["picture_offset", "picture_size", "picture_digest"].map(
      (name) => npz.array(name).data as BigUint64Array,
    ) as [BigUint64Array, BigUint64Array, BigUint64Array];
    return Array.from(offsets, (offset, rank) => ({
      offset: Number(offset),
      size: Number(sizes[rank]),
      digest: BigInt(digests[rank] ?? 0),
    }));
  } catch (error) {
    if (error instanceof MareyError) return undefined;
    throw error;
  }
}

interface PackedFile {
  readonly path: string;
  readonly fd: number;
  readonly info: ImageInfo;
  readonly known: readonly EncodedPicture[] | undefined;
}

type Place = Pick<EncodedPicture, "offset" | "size"> & Partial<EncodedPicture>;

class PackedReader implements ChunkReader {
  /** The file may still be growing. */
  readonly length = undefined;
  readonly #packed: PackedFormat;
  readonly #file: PackedFile;
  /** Frames found by walking the file, where no index tells. */
  readonly #walked: Place[] = [];

  constructor(packed: PackedFormat, file: PackedFile) {
    this.#packed = packed;
    this.#file = file;
  }

  async read(rank: number): Promise<Image> {
    const { path, info } = this.#file;
    const { offset, size, digest } = await this.#find(rank);
    const bytes = await this.#bytes(offset, size);
    if (digest !== undefined && (await loadDigest())([bytes]) !== digest) {
      throw new FileFormatError(path, `the ${size} bytes at ${offset} are not those that were written`);
    }
    return this.#packed.decode(bytes, info, path);
  }

  async close(): Promise<void> {
    closeSync(this.#file.fd);
  }

  async #find(rank: number): Promise<Place> {
    const { path, info, known } = this.#file;
    const { measure, alignment } = this.#packed;
    if (measure === undefined) {
      const size = imageBytes(info);
      return { offset: rank * alignUp(size, alignment), size };
    }
    const place = known?.[rank];
    if (place !== undefined) {
      const head = await this.#bytes(place.offset, measure.bytes);
      if (measure.size(head, info, path) === place.size) return place;
      throw new FileFormatError(path, `there is no frame of ${place.size} bytes at ${place.offset}`);
    }
    while (this.#walked.length <= rank) {
      const last = this.#walked.at(-1) ?? { offset: 0, size: 0 };
      const offset = alignUp(last.offset + last.size, alignment);
      this.#walked.push({ offset, size: measure.size(await this.#bytes(offset, measure.bytes), info, path) });
    }
    return this.#walked[rank]!;
  }

  /** @throws {FileFormatError} if the file ends before. */
  async #bytes(offset: number, size: number): Promise<Uint8Array> {
    const { fd, path } = this.#file;
    // Looked at first, for sizes come from metadata, and memory is not to be had for the asking.
    const end = fstatSync(fd).size;
    if (offset + size > end) {
      throw new FileFormatError(
        path,
        `ends at byte ${end}, a frame would lie at ${offset} to ${offset + size}`,
      );
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    let done = 0;
    while (done < size) {
      const count = await atBestPace(
        size - done,
        () => readSync(fd, bytes, done, size - done, offset + done),
        async () => (await readAt(fd, bytes, done, size - done, offset + done)).bytesRead,
      );
      if (count === 0)
        throw new FileFormatError(path, `ends at byte ${offset + done}, before ${offset + size}`);
      done += count;
    }
    return bytes;
  }
}

function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
