import type { Frame, Stamp } from "../core/frame.js";
import { type CodedPicture, PictureStream } from "../video/picture-stream.js";
import { previewPicture } from "./preview-picture.js";

/** Gives a picture away; resolves when the next may come. */
export type SendPicture = (picture: CodedPicture, stamp: Stamp) => Promise<void>;

/**
 * Small pictures of a camera, of one kind. Frames are looked at when one is due and the last has been sent, and shrunk at
 * once; another thread encodes. What cannot be encoded is not shown.
 */
export class PreviewStream {
  readonly #codec: "mjpeg" | "h264";
  readonly #send: SendPicture;
  #rate = 0;
  #width = 0;
  #stream: PictureStream | undefined;
  #shown = Number.NEGATIVE_INFINITY;
  #isKeyDue = false;
  #work: Promise<void> | undefined;

  constructor(codec: "mjpeg" | "h264", send: SendPicture) {
    this.#codec = codec;
    this.#send = send;
  }

  /**
   * The next picture is a keyframe.
   * @param asked pictures a second at most, 0 for none; pixels at most.
   */
  set({ rate, width }: { readonly rate: number; readonly width: number }): void {
    const isOther = rate !== this.#rate;
    this.#rate = rate;
    this.#width = width;
    this.#isKeyDue = true;
    // The encoder counts in pictures of that rate.
    if (isOther && this.#work === undefined) void this.#letGo();
    else if (isOther) void this.#work?.then(() => this.#letGo());
  }

  get isWanted(): boolean {
    return this.#rate > 0;
  }

  /** Called for every frame; never waits. */
  show({ image, number, time }: Frame): void {
    if (this.#rate <= 0 || this.#work !== undefined) return;
    const now = performance.now();
    // A tenth early is in time: frames come when they come.
    if (now - this.#shown < 900 / this.#rate) return;
    this.#shown = now;
    const isKey = this.#isKeyDue;
    this.#isKeyDue = false;
    const small = previewPicture(image, this.#width, this.#codec === "h264" ? 2 : 1);
    this.#work = (async () => {
      if (this.#stream?.fits(small) === false) await this.#letGo();
      this.#stream ??= await PictureStream.open(small, { codec: this.#codec, rate: this.#rate || 1 });
      await this.#send(await this.#stream.encode(small, isKey), { number, time });
    })()
      .catch(() => {})
      .finally(() => {
        this.#work = undefined;
      });
  }

  /** Shows nothing more, and waits for the picture at work. */
  async close(): Promise<void> {
    this.#rate = 0;
    await this.#work;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    await stream?.close().catch(() => {});
  }
}
