import { closeSync, fdatasync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { ClosedError, EncodeError, MareyError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { createEncodedFile, type EncodedFile, type EncodedFileOptions } from "./encoded-file.js";
import { checkCodec, checkPixelFormat, type VideoContainer } from "./encoding.js";
import { type FileRange, FrameLayout, readRange } from "./frame-layout.js";

const syncData = promisify(fdatasync);

/**
 * A video that can be read while it is written, and after its writer was killed: under its final name from the start,
 * every frame handed to the system before the next is taken, as a fragment (mp4, mov), a cluster (mkv) or a chunk (avi)
 * of its own. The encoder holds no frame back. Closing makes it an ordinary, seekable file.
 *
 * MP4 is written as a fragmented file that becomes a plain one at the end (FFmpeg's `hybrid_fragmented`).
 */
export class LiveVideo {
  readonly path: string;
  /** What the file begins with as long as it is not closed. */
  readonly head: Uint8Array;
  readonly #file: EncodedFile;
  readonly #fd: number;
  readonly #layout: FrameLayout;
  #frames = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #isClosed = false;

  private constructor(path: string, file: EncodedFile, fd: number, container: VideoContainer) {
    this.path = path;
    this.#file = file;
    this.#fd = fd;
    this.#layout = new FrameLayout(fd, container);
    this.head = this.read(this.#layout.head);
  }

  /**
   * @param path of a file that is not there yet.
   * @throws {EncodeError} if it cannot be created; {UnsupportedError} if codec or container cannot hold such frames.
   */
  static async create(path: string, info: ImageInfo, options: EncodedFileOptions): Promise<LiveVideo> {
    checkCodec(options.codec, options.container);
    if (options.pixelFormat !== undefined) {
      checkPixelFormat(options.pixelFormat, options.codec, options.container);
    }
    try {
      const file = await createEncodedFile(path, info, options, true);
      file.muxer.flush();
      return new LiveVideo(path, file, openSync(path, "r+"), options.container);
    } catch (cause) {
      await rm(path, { force: true });
      throw asEncodeError(cause, path);
    }
  }

  /** FFmpeg's name of the encoder at work. */
  get encoder(): string {
    return this.#file.name;
  }

  /**
   * Resolves when the frame can be read back even if this process is killed.
   * @returns where its bytes lie, with those that the container adds to each frame.
   */
  write(image: Image): Promise<FileRange> {
    return this.#inTurn(async () => {
      if (this.#isClosed) throw new ClosedError(this.path);
      if (this.#failure !== undefined) throw this.#failure;
      const { encoder, muxer } = this.#file;
      try {
        let [packets, bytes] = [0, 0];
        await encoder.encode(image, this.#frames, (packet) => {
          packets++;
          bytes += packet.size;
          muxer.write(packet, 1);
        });
        if (packets !== 1)
          throw new Error(`the encoder ${this.encoder} gave ${packets} packets for one frame`);
        muxer.flush();
        this.#frames++;
        return this.#layout.add(bytes);
      } catch (cause) {
        this.#failure = asEncodeError(cause, this.path);
        throw this.#failure;
      }
    });
  }

  /** Bytes of the file, from a frame that has been written. */
  read({ offset, size }: FileRange): Uint8Array {
    return readRange(this.#fd, this.path, { offset, size });
  }

  /** After this, frames whose write has resolved survive a power cut. */
  async sync(): Promise<void> {
    try {
      await syncData(this.#fd);
    } catch (cause) {
      this.#failure ??= asEncodeError(cause, this.path);
      throw this.#failure;
    }
  }

  /**
   * Finishes the file.
   * @returns what lies before, between and behind the frames.
   */
  close(): Promise<readonly Uint8Array[]> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return [];
      this.#isClosed = true;
      try {
        await this.#file.encoder.finish(() => {});
        await this.#file.muxer.finish();
        await this.#release();
        // Not a second time after it failed: the system says only once what it could not keep.
        if (this.#failure !== undefined) throw this.#failure;
        await syncData(this.#fd);
        return this.#layout.rest().map((range) => this.read(range));
      } catch (cause) {
        throw asEncodeError(cause, this.path);
      } finally {
        await this.#release();
        closeSync(this.#fd);
      }
    });
  }

  /** Lets go and removes the file. */
  abort(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      await this.#release();
      closeSync(this.#fd);
      await rm(this.path, { force: true });
    });
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  #isReleased = false;

  async #release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await this.#file.muxer.close();
    this.#file.encoder.close();
  }
}

function asEncodeError(cause: unknown, path: string): unknown {
  if (cause instanceof MareyError) return cause;
  return new EncodeError(path, (cause as Error).message, { cause });
}
