import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ClosedError, EncodeError, ExistsError, FrameMismatchError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { bytesOf, describeImage, describeMismatch, type ImageInfo } from "../core/image.js";
import { encodeNpyHeader } from "../core/npy.js";
import type { FrameSink } from "../core/stream.js";

export interface ArrayWriteOptions {
  /** What every frame is. */
  readonly info: ImageInfo;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}

/**
 * Writes all frames into one `.npy` array of shape (frames, height, width) or (frames, height, width, channels).
 * It stands under a temporary name until `close()`.
 * @throws {ExistsError} if the file is there already; {EncodeError} if it cannot be made.
 */
export async function createArray(path: string, options: ArrayWriteOptions): Promise<FrameSink> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists && !options.overwrite)
    throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
  const unfinished = join(dirname(path), `.${basename(path)}.part`);
  const file = await open(unfinished, "w").catch((cause) => {
    throw new EncodeError(path, `cannot be written: ${cause.message}`, { cause });
  });
  return new ArrayWriter(path, unfinished, file, options.info);
}

class ArrayWriter implements FrameSink {
  readonly #path: string;
  readonly #unfinished: string;
  readonly #info: ImageInfo;
  #file: FileHandle | undefined;
  #end: number;
  #frames = 0;

  constructor(path: string, unfinished: string, file: FileHandle, info: ImageInfo) {
    this.#path = path;
    this.#unfinished = unfinished;
    this.#file = file;
    this.#info = info;
    // As long for any number of frames, which is known at the end only: npy headers have room for the first axis.
    this.#end = this.#header(0).length;
  }

  #header(frames: number): Uint8Array {
    const { height, width, channels, dtype } = this.#info;
    return encodeNpyHeader(dtype, [frames, height, width, ...(channels > 1 ? [channels] : [])]);
  }

  async write({ image }: Frame): Promise<void> {
    if (!this.#file) throw new ClosedError(`array ${this.#path}`);
    if (describeMismatch(this.#info, image)) {
      throw new FrameMismatchError(describeImage(this.#info), describeImage(image));
    }
    await this.#writeAt(this.#file, bytesOf(image), this.#end);
    this.#end += image.data.byteLength;
    this.#frames++;
  }

  async #writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw this.#unwritten(cause as Error);
    }
  }

  #unwritten(cause: Error): EncodeError {
    return new EncodeError(this.#path, `cannot be written: ${cause.message}`, { cause });
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    try {
      await this.#writeAt(file, this.#header(this.#frames), 0);
      await file.sync();
      await file.close();
      await rename(this.#unfinished, this.#path);
    } catch (cause) {
      await file.close().catch(() => {});
      await rm(this.#unfinished, { force: true });
      throw cause instanceof EncodeError ? cause : this.#unwritten(cause as Error);
    }
  }

  async abort(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    await file.close();
    await rm(this.#unfinished, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
