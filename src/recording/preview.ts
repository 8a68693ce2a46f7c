import type { Frame, Stamp } from "../core/frame.js";
import { png } from "../images/png.js";
import type { CodedPicture } from "../video/picture-stream.js";
import { PreviewStream } from "./preview-stream.js";
import { type PreviewKind, type ToldError, tellError } from "./track-messages.js";

/** What a snapshot has become. */
export interface Snapshot {
  readonly png?: Uint8Array;
  readonly error?: ToldError;
}

/** Shows people what a camera sees, and never more than that. */
export class Preview {
  readonly #streams: Readonly<Record<PreviewKind, PreviewStream>>;
  #wanted: ((snapshot: Snapshot) => void)[] = [];

  /** @param send gives a picture away; resolves when the next of its kind may come. */
  constructor(send: (kind: PreviewKind, picture: CodedPicture, stamp: Stamp) => Promise<void>) {
    this.#streams = {
      jpeg: new PreviewStream("mjpeg", (picture, stamp) => send("jpeg", picture, stamp)),
      h264: new PreviewStream("h264", (picture, stamp) => send("h264", picture, stamp)),
    };
  }

  /** The next picture of that kind is a keyframe. @param asked pictures a second at most, 0 for none; pixels at most. */
  set(kind: PreviewKind, asked: { readonly rate: number; readonly width: number }): void {
    this.#streams[kind].set(asked);
  }

  /** The next frame, whole. */
  snapshot(take: (snapshot: Snapshot) => void): void {
    this.#wanted.push(take);
  }

  /** Somebody wants to see something. */
  get isWanted(): boolean {
    return this.#wanted.length > 0 || Object.values(this.#streams).some(({ isWanted }) => isWanted);
  }

  /** Called for every frame; never waits. */
  show(frame: Frame): void {
    if (this.#wanted.length > 0) this.#shoot(frame);
    this.#streams.jpeg.show(frame);
    this.#streams.h264.show(frame);
  }

  /** Shows nothing more, and waits for what is at work. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#streams).map((stream) => stream.close()));
  }

  #shoot({ image }: Frame): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    const made = png.encode(image).then(
      (bytes) => ({ png: bytes }),
      (error) => ({ error: tellError(error) }),
    );
    made.then((snapshot) => {
      for (const take of wanted) take(snapshot);
    });
  }
}
