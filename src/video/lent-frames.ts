import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { FrameRange, SeekableSource } from "../core/stream.js";
import { Converter } from "./ffmpeg/converter.js";
import type { NativeFrame } from "./ffmpeg/decoder.js";
import type { LentPicture, PictureTags } from "./ffmpeg/lent-picture.js";

/** How the decoded picture of a frame becomes its image. */
export type Dress = (native: NativeFrame) => Image;

/** A video whose frames are dressed by whoever asks for them. */
export interface DressedFrames {
  readonly index: FrameIndex;
  frame(address: FrameAddress, dress: Dress): Promise<IndexedFrame>;
  frames(range: FrameRange, dress: Dress): AsyncIterable<IndexedFrame>;
  describe(): Record<string, unknown>;
  close(): Promise<void>;
}

/**
 * The frames of a video as the decoder gave them, lent to an encoder that takes their planes without a copy. A picture is
 * given back when the next one is lent: whoever gets it has encoded it by then, or it is packed for him; see `LentPicture`.
 */
export class LentFrames implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  /** Of its first picture. */
  readonly tags: PictureTags;
  readonly #video: DressedFrames;
  #lent: LentPicture | undefined;

  constructor(video: DressedFrames, info: ImageInfo, tags: PictureTags) {
    [this.info, this.index, this.tags] = [info, video.index, tags];
    this.#video = video;
  }

  frame(address: FrameAddress): Promise<IndexedFrame> {
    return this.#video.frame(address, (native) => this.#lend(native));
  }

  frames(range: FrameRange = {}): AsyncIterable<IndexedFrame> {
    return this.#video.frames(range, (native) => this.#lend(native));
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames()[Symbol.asyncIterator]();
  }

  describe(): Record<string, unknown> {
    return this.#video.describe();
  }

  async close(): Promise<void> {
    this.#giveBack();
    await this.#video.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lend(native: NativeFrame): Image {
    this.#giveBack();
    this.#lent = Converter.lend(native);
    return this.#lent.image;
  }

  #giveBack(): void {
    this.#lent?.giveBack();
    this.#lent = undefined;
  }
}
