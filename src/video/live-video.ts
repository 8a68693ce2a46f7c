import { closeSync, fdatasync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { CodedFrame, CodedInfo } from "../core/coded-frame.js";
import { ClosedError, EncodeError, MareyError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { createCodedFile } from "./coded-file.js";
import { createEncodedFile, type EncodedFileOptions } from "./encoded-file.js";
import { checkCodec, checkPixelFormat, type VideoContainer } from "./encoding.js";
import type { Packet } from "./ffmpeg/demuxer.js";
import type { Muxer } from "./ffmpeg/muxer.js";
import { type FileRange, FrameLayout, readRange } from "./frame-layout.js";

const syncData = promisify(fdatasync);

/** Makes packets of frames: an encoder, or nothing at all where they are packets already. */
export interface PacketMaker<P> {
  /** What is at work, for errors. */
  readonly name: string;
  /** @param take gets the packets that are ready, one for this frame. */
  make(frame: P, rank: number, take: (packet: Packet) => void): Promise<void>;
  /** No more frames come. */
  finish(): Promise<void>;
  close(): void;
}

/**
 * A video that can be read while it is written, and after its writer was killed: under its final name from the start,
 * every frame handed to the system before the next is taken, as a fragment (mp4, mov), a cluster (mkv) or a chunk (avi)
 * of its own. The encoder holds no frame back. Closing makes it an ordinary, seekable file.
 *
 * MP4 is written as a fragmented file that becomes a plain one at the end (FFmpeg's `hybrid_fragmented`).
 */
export class LiveVideo<P> {
  readonly path: string;
  /** What the file begins with as long as it is not closed. */
  readonly head: Uint8Array;
  readonly #maker: PacketMaker<P>;
  readonly #muxer: Muxer;
  readonly #fd: number;
  readonly #layout: FrameLayout;
  #frames = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #isClosed = false;

  private constructor(
    path: string,
    maker: PacketMaker<P>,
    muxer: Muxer,
    fd: number,
    container: VideoContainer,
  ) {
    this.path = path;
    this.#maker = maker;
    this.#muxer = muxer;
    this.#fd = fd;
    this.#layout = new FrameLayout(fd, container);
    this.head = this.read(this.#layout.head);
  }

  /**
   * @param path of a file that is not there yet.
   * @throws {EncodeError} if it cannot be created; {UnsupportedError} if codec or container cannot hold such frames.
   */
  static async create(path: string, info: ImageInfo, options: EncodedFileOptions): Promise<LiveVideo<Image>> {
    checkCodec(options.codec, options.container);
    if (options.pixelFormat !== undefined) {
      checkPixelFormat(options.pixelFormat, options.codec, options.container);
    }
    return LiveVideo.#begin(path, options.container, async () => {
      const { encoder, muxer, name } = await createEncodedFile(path, info, options, true);
      const maker: PacketMaker<Image> = {
        name: `the encoder ${name}`,
        make: (image, rank, take) => encoder.encode(image, rank, take),
        finish: () => encoder.finish(() => {}),
        close: () => encoder.close(),
      };
      return { maker, muxer };
    });
  }

  /**
   * As `create`, for frames that are compressed already.
   * @param fps frames a second that players are told.
   */
  static createCoded(
    path: string,
    coded: CodedInfo,
    { container, fps }: { readonly container: VideoContainer; readonly fps: number },
  ): Promise<LiveVideo<CodedFrame>> {
    return LiveVideo.#begin(path, container, () => createCodedFile(path, coded, container, fps));
  }

  static async #begin<P>(
    path: string,
    container: VideoContainer,
    create: () => Promise<{ readonly maker: PacketMaker<P>; readonly muxer: Muxer }>,
  ): Promise<LiveVideo<P>> {
    try {
      const { maker, muxer } = await create();
      muxer.flush();
      return new LiveVideo(path, maker, muxer, openSync(path, "r+"), container);
    } catch (cause) {
      await rm(path, { force: true });
      throw asEncodeError(cause, path);
    }
  }

  /**
   * Resolves when the frame can be read back even if this process is killed.
   * @returns where its bytes lie, with those that the container adds to each frame.
   */
  write(frame: P): Promise<FileRange> {
    return this.#inTurn(async () => {
      if (this.#isClosed) throw new ClosedError(this.path);
      if (this.#failure !== undefined) throw this.#failure;
      try {
        let [packets, bytes] = [0, 0];
        await this.#maker.make(frame, this.#frames, (packet) => {
          packets++;
          bytes += packet.size;
          this.#muxer.write(packet, 1);
        });
        if (packets !== 1) throw new Error(`${this.#maker.name} gave ${packets} packets for one frame`);
        this.#muxer.flush();
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
        await this.#maker.finish();
        await this.#muxer.finish();
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
    await this.#muxer.close();
    this.#maker.close();
  }
}

function asEncodeError(cause: unknown, path: string): unknown {
  if (cause instanceof MareyError) return cause;
  return new EncodeError(path, (cause as Error).message, { cause });
}
