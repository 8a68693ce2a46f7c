import { read as readCallback } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FileFormatError, NotFoundError } from "../core/errors.js";

/** Reads on their way at once, where many small ones are to be done: enough for a disk to put them in order. */
const readsAtOnce = 16;

/** A file that is read piece by piece, in any order. Nothing is allocated that the file cannot fill. */
export class FilePieces {
  readonly path: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.size = size;
    this.#file = file;
  }

  /**
   * @throws {NotFoundError} if it does not exist or cannot be read; {FileFormatError} if it is no regular file.
   */
  static async open(path: string): Promise<FilePieces> {
    const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
      const found = cause.code === "ENOENT" ? "no such file" : `cannot be read: ${cause.message}`;
      throw new NotFoundError(path, found, { cause });
    });
    const found = await file.stat();
    if (found.isFile()) return new FilePieces(path, file, found.size);
    await file.close();
    throw new FileFormatError(path, "is not a regular file");
  }

  /**
   * Opens a file for `use`, which hands it on to whoever will close it. If it fails, the file is closed.
   * @throws what `open` and `use` throw.
   */
  static async with<T>(path: string, use: (file: FilePieces) => Promise<T>): Promise<T> {
    const file = await FilePieces.open(path);
    try {
      return await use(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * The bytes [start, start + length), in a buffer of their own.
   * @throws {FileFormatError} if the file ends before.
   */
  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!(start >= 0 && length >= 0 && start + length <= this.size)) {
      throw new FileFormatError(
        this.path,
        `cut short: bytes ${start} to ${start + length} are not there, it has ${this.size}`,
      );
    }
    // Not of Node's pool: typed arrays over it must be aligned.
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, start + done);
      if (bytesRead === 0)
        throw new FileFormatError(this.path, `ends at byte ${start + done}: it has become shorter`);
      done += bytesRead;
    }
    return bytes;
  }

  /** As `read`, but gives what there is where the file ends before. */
  readUpTo(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const from = Math.min(start, this.size);
    return this.read(from, Math.max(0, Math.min(length, this.size - from)));
  }

  /** As `read`, to be looked at. */
  async view(start: number, length: number): Promise<DataView<ArrayBuffer>> {
    return new DataView((await this.read(start, length)).buffer);
  }

  /**
   * Reads `count` small pieces of one length, such as the time stamps between pictures, many at once and in any order.
   * @param use is given a view that is good until it returns.
   * @throws {FileFormatError} if one of them lies outside the file.
   */
  async readEach(
    count: number,
    length: number,
    place: (rank: number) => number,
    use: (rank: number, piece: DataView) => void,
  ): Promise<void> {
    let next = 0;
    const { fd } = this.#file;
    const worker = async (): Promise<void> => {
      const piece = new Uint8Array(length);
      const view = new DataView(piece.buffer);
      while (next < count) {
        const rank = next++;
        const start = place(rank);
        if (!(start >= 0 && start + length <= this.size)) {
          throw new FileFormatError(this.path, `cut short: byte ${start} of ${this.size} is asked for`);
        }
        // By callbacks, which cost half of what a promised handle does.
        const found = await new Promise<number>((resolve, reject) => {
          readCallback(fd, piece, 0, length, start, (error, bytes) =>
            error ? reject(error) : resolve(bytes),
          );
        });
        if (found < length)
          throw new FileFormatError(this.path, `ends at byte ${start + found}: it has become shorter`);
        use(rank, view);
      }
    };
    const workers = Array.from({ length: Math.min(readsAtOnce, count) }, worker);
    const failed = (await Promise.allSettled(workers)).find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Waits for reads that are on their way. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
