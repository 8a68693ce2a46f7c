import { constants, read as readCallback, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FileFormatError, NotFoundError } from "../core/errors.js";

/** Reads on their way at once, where many small ones are to be done: enough for a disk to put them in order. */
const readsAtOnce = 16;
/** Small reads on this thread in a row; milliseconds after which they came from a disk; then those by the pool in a row. */
const batch = { here: 32, slow: 4, pool: 4096 };
/** Milliseconds until others get their turn. */
const longestTurn = 8;

/** Where a small piece begins, and what becomes of it. */
type Place = (rank: number) => number;
type UsePiece = (rank: number, piece: DataView) => void;

interface Pieces {
  readonly from: number;
  readonly stop: number;
  /** Bytes of each. */
  readonly length: number;
}

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
    // Pipes are never waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
      (cause: NodeJS.ErrnoException) => {
        const found = cause.code === "ENOENT" ? "no such file" : `cannot be read: ${cause.message}`;
        throw new NotFoundError(path, found, { cause });
      },
    );
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
    this.#checked(start, length);
    // Not of Node's pool: typed arrays over it must be aligned.
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, start + done);
      if (bytesRead === 0) throw this.#shorter(start + done);
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
   * Reads `count` small pieces of one length, such as the time stamps between pictures.
   *
   * Where the system has them in memory, that is ten times as fast on this thread as by the pool; where they come from a
   * disk, nobody may wait for it here, and many are asked for at once.
   * @param use is given a view that is good until it returns. Pieces may come in any order.
   * @throws {FileFormatError} if one of them lies outside the file.
   */
  async readEach(count: number, length: number, place: Place, use: UsePiece): Promise<void> {
    let turn = performance.now();
    for (let done = 0; done < count; ) {
      const started = performance.now();
      const stop = Math.min(count, done + batch.here);
      this.#readHere({ from: done, stop, length }, place, use);
      done = stop;
      const now = performance.now();
      if (now - started > batch.slow) {
        const end = Math.min(count, done + batch.pool);
        await this.#readInPool({ from: done, stop: end, length }, place, use);
        done = end;
      } else if (now - turn > longestTurn) {
        await new Promise(setImmediate);
        turn = performance.now();
      }
    }
  }

  #readHere({ from, stop, length }: Pieces, place: Place, use: UsePiece): void {
    const piece = new Uint8Array(length);
    const view = new DataView(piece.buffer);
    for (let rank = from; rank < stop; rank++) {
      const start = this.#checked(place(rank), length);
      const found = readSync(this.#file.fd, piece, 0, length, start);
      if (found < length) throw this.#shorter(start + found);
      use(rank, view);
    }
  }

  async #readInPool({ from, stop, length }: Pieces, place: Place, use: UsePiece): Promise<void> {
    let next = from;
    const worker = async (): Promise<void> => {
      const piece = new Uint8Array(length);
      const view = new DataView(piece.buffer);
      while (next < stop) {
        const rank = next++;
        const start = this.#checked(place(rank), length);
        // By callbacks, which cost half of what a promised handle does.
        const found = await new Promise<number>((resolve, reject) => {
          readCallback(this.#file.fd, piece, 0, length, start, (error, bytes) =>
            error ? reject(error) : resolve(bytes),
          );
        });
        if (found < length) throw this.#shorter(start + found);
        use(rank, view);
      }
    };
    const workers = Array.from({ length: Math.min(readsAtOnce, stop - from) }, worker);
    const failed = (await Promise.allSettled(workers)).find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** @throws {FileFormatError} if such a piece lies outside the file. */
  #checked(start: number, length: number): number {
    if (start >= 0 && length >= 0 && start + length <= this.size) return start;
    throw new FileFormatError(
      this.path,
      `cut short: bytes ${start} to ${start + length} are not there, it has ${this.size}`,
    );
  }

  #shorter(end: number): FileFormatError {
    return new FileFormatError(this.path, `ends at byte ${end}: it has become shorter`);
  }

  /** Waits for reads that are on their way. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
