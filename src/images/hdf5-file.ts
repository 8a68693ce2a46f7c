import { resolve } from "node:path";
import { FileFormatError } from "../core/errors.js";
import type { Hdf5Dataset } from "./hdf5-datasets.js";
import { Hdf5Thread, type Question } from "./hdf5-thread.js";
import type { Hdf5Answer } from "./hdf5-worker.js";

/**
 * An HDF5 file whose data sets are read piece by piece, in a thread of its own: whatever is in it, this process neither
 * crashes nor hangs.
 */
export class Hdf5File {
  readonly path: string;
  readonly #thread: Hdf5Thread;
  #list: readonly Hdf5Dataset[] = [];

  private constructor(path: string, thread: Hdf5Thread) {
    this.path = path;
    this.#thread = thread;
  }

  /** @throws {FileFormatError} if it is no HDF5 file, or damaged. */
  static async open(path: string): Promise<Hdf5File> {
    const file = new Hdf5File(path, Hdf5Thread.take());
    try {
      const answer = await file.#ask({ open: resolve(path) });
      if ("list" in answer) file.#list = answer.list;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get datasets(): readonly Hdf5Dataset[] {
    return this.#list;
  }

  /**
   * Bytes of steps [first, first + count) of a data set's slowest axis, unpacked; little-endian, whatever
   * the file has.
   * @throws {FileFormatError} if they are damaged.
   */
  async rows(name: string, first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.#ask({ rows: name, first, count });
    return "bytes" in answer ? answer.bytes : new Uint8Array(0);
  }

  /** What is still asked for fails. */
  close(): Promise<void> {
    return this.#thread.release();
  }

  async #ask(request: Question): Promise<Hdf5Answer> {
    return await this.#thread.ask(request).catch((cause: Error) => {
      throw new FileFormatError(this.path, `cannot be read as HDF5: ${cause.message}`, { cause });
    });
  }
}
