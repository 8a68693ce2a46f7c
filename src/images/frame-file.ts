import { ClosedError, FrameMismatchError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { describeImage, describeMismatch, type ImageInfo } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import { PartFile } from "./part-file.js";

/** How a kind of file holds frames; `Packed` is a frame as it comes from `pack`. */
export interface FrameFileFormat<Packed> {
  /** For errors: "TIFF stack". */
  readonly what: string;
  readonly info: ImageInfo;
  /** Frames that may be packed at once. @default 0: the next begins when one is written */
  readonly ahead?: number;
  /** May run for several frames at once. */
  pack(frame: Frame, rank: number): Packed | Promise<Packed>;
  /** In the order of the frames, one at a time. */
  put(file: PartFile, packed: Packed, frame: Frame): Promise<void>;
  /** What comes when all frames are there. */
  end(file: PartFile): Promise<void>;
}

/**
 * A sink that is one file under a temporary name until it is closed.
 * @throws {ExistsError} if the file is there already; {EncodeError} if it cannot be made.
 */
export async function createFrameFile<Packed>(
  path: string,
  overwrite: boolean | undefined,
  format: FrameFileFormat<Packed>,
): Promise<FrameSink> {
  return new FrameFile(await PartFile.create(path, overwrite), format);
}

class FrameFile<Packed> implements FrameSink {
  readonly ahead: number;
  readonly #file: PartFile;
  readonly #format: FrameFileFormat<Packed>;
  /** The frames before. A failure stays, so that nothing is written behind a hole. */
  #turn: Promise<void> = Promise.resolve();
  #frames = 0;

  constructor(file: PartFile, format: FrameFileFormat<Packed>) {
    this.#file = file;
    this.#format = format;
    this.ahead = format.ahead ?? 0;
  }

  async write(frame: Frame): Promise<void> {
    const { info, what } = this.#format;
    if (!this.#file.isOpen) throw new ClosedError(`${what} ${this.#file.path}`);
    if (describeMismatch(info, frame.image)) {
      throw new FrameMismatchError(describeImage(info), describeImage(frame.image));
    }
    const packed = Promise.resolve(this.#format.pack(frame, this.#frames++));
    const writing = this.#put(this.#turn, packed, frame);
    this.#turn = writing;
    await writing;
  }

  async #put(before: Promise<void>, packed: Promise<Packed>, frame: Frame): Promise<void> {
    packed.catch(() => {});
    await before;
    await this.#format.put(this.#file, await packed, frame);
  }

  async close(): Promise<void> {
    if (!this.#file.isOpen) return;
    try {
      await this.#turn;
      await this.#format.end(this.#file);
    } catch (error) {
      await this.#file.discard();
      throw error;
    }
    await this.#file.finish();
  }

  async abort(): Promise<void> {
    await this.#turn.catch(() => {});
    await this.#file.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
