import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EncodeError, ExistsError } from "../core/errors.js";

/** A file that is written under a temporary name beside it, and gets its own when it is whole. */
export class PartFile {
  readonly path: string;
  readonly #unfinished: string;
  #file: FileHandle | undefined;
  #end = 0;

  private constructor(path: string, unfinished: string, file: FileHandle) {
    this.path = path;
    this.#unfinished = unfinished;
    this.#file = file;
  }

  /**
   * @throws {ExistsError} if there is something at `path`, and `overwrite` is not set or it is no file.
   * @throws {EncodeError} if it cannot be made.
   */
  static async create(path: string, overwrite = false): Promise<PartFile> {
    const found = await stat(path).catch(() => undefined);
    if (found && !(overwrite && found.isFile()))
      throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
    const unfinished = join(dirname(path), `.${basename(path)}.part`);
    const file = await open(unfinished, "w+").catch((cause) => {
      throw new EncodeError(path, `cannot be written: ${cause.message}`, { cause });
    });
    return new PartFile(path, unfinished, file);
  }

  /** True until `finish` or `discard`. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Where the next `append` will write. */
  get end(): number {
    return this.#end;
  }

  /** One at a time. @throws {EncodeError} if it cannot be written. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.writeAt(bytes, this.#end);
  }

  /** @throws {EncodeError} if it cannot be written. */
  async writeAt(bytes: Uint8Array, position: number): Promise<void> {
    if (!this.#file) throw new EncodeError(this.path, "is closed");
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw this.#unwritten(cause);
    }
    this.#end = Math.max(this.#end, position + bytes.length);
  }

  /** What has been written there. */
  async read(position: number, length: number): Promise<Uint8Array> {
    if (!this.#file) throw new EncodeError(this.path, "is closed");
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw new EncodeError(this.path, "has become shorter while it was written");
      done += bytesRead;
    }
    return bytes;
  }

  #unwritten(cause: unknown): EncodeError {
    return new EncodeError(this.path, `cannot be written: ${(cause as Error).message}`, { cause });
  }

  /** Safe on the disk, under its own name. @throws {EncodeError} if that fails; nothing is left behind then. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    try {
      await file.sync().finally(() => file.close());
      await rename(this.#unfinished, this.path);
    } catch (cause) {
      await rm(this.#unfinished, { force: true });
      throw this.#unwritten(cause);
    }
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    await file.close();
    await rm(this.#unfinished, { force: true });
  }
}
