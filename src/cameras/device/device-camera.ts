import type { Camera, CameraFrame, CameraOptions } from "../../capture/camera.js";
import { CameraError } from "../../core/errors.js";
import type { Image, ImageInfo } from "../../core/image.js";
import { Flag, type OpenedDevice, type SentFrame } from "./device-talk.js";
import { DeviceThread } from "./device-thread.js";
import { pictureOf } from "./sent-picture.js";

/** Milliseconds that a loop which is left waits for the device to stop. */
const patience = 3000;

/** A camera of V4L2, in a thread of its own. */
export class DeviceCamera implements Camera {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate?: number;
  readonly clock: "monotonic" | "camera";
  readonly #opened: OpenedDevice;
  readonly #thread: DeviceThread;
  readonly #flags: Int32Array;
  readonly #pictures: Map<SentFrame, Promise<Image | undefined>>;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;
  #isRunning = false;
  #isCounted = true;

  private constructor(
    opened: OpenedDevice,
    thread: DeviceThread,
    flags: Int32Array,
    pictures: Map<SentFrame, Promise<Image | undefined>>,
  ) {
    this.id = `device:${opened.id}`;
    this.info = opened.info;
    if (opened.rate !== undefined) this.rate = opened.rate;
    this.clock = opened.clock;
    this.#opened = opened;
    this.#thread = thread;
    this.#flags = flags;
    this.#pictures = pictures;
  }

  static async open(address: string, { signal, ...options }: CameraOptions): Promise<DeviceCamera> {
    signal?.throwIfAborted();
    const shared = new SharedArrayBuffer(8);
    const flags = new Int32Array(shared);
    const pictures = new Map<SentFrame, Promise<Image | undefined>>();
    let info: ImageInfo | undefined;
    const thread = new DeviceThread({ open: address, options, flags: shared }, (answer) => {
      // JPEGs are decoded side by side while the reader is busy with others.
      if ("frame" in answer && info) pictures.set(answer.frame, pictureOf(answer.frame, info));
    });
    try {
      const answer = await thread.answer(signal);
      signal?.throwIfAborted();
      if (!answer || !("opened" in answer)) throw new CameraError(`device:${address}`, "it did not open");
      info = answer.opened.info;
      const camera = new DeviceCamera(answer.opened, thread, flags, pictures);
      signal?.addEventListener("abort", () => void camera.close(), { once: true });
      return camera;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  get counts(): boolean {
    return this.#isCounted;
  }

  describe(): Record<string, unknown> {
    return this.#opened.facts;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CameraFrame> {
    if (this.#closed.signal.aborted) return;
    if (this.#isRunning) throw new CameraError(this.id, "it is being read by another loop");
    this.#isRunning = true;
    Atomics.store(this.#flags, Flag.stop, 0);
    Atomics.store(this.#flags, Flag.waiting, 0);
    this.#thread.start();
    // The monotonic clock is kept in step with the time of day, but for jumps of that: those are not followed.
    const midnight = Date.now() / 1000 - Number(process.hrtime.bigint()) / 1e9;
    let hasEnded = false;
    try {
      for (;;) {
        const answer = await this.#thread.answer(this.#closed.signal).catch((error) => {
          hasEnded = true;
          throw error;
        });
        if (!answer || this.#closed.signal.aborted) return;
        if ("ended" in answer) {
          hasEnded = true;
          return;
        }
        if (!("frame" in answer)) continue;
        const image = await this.#take(answer.frame);
        if (this.#closed.signal.aborted) return;
        if (!image) continue; // it came damaged
        const { number, cameraTime, arrived, isCounted } = answer.frame;
        this.#isCounted = isCounted;
        const seen = this.clock === "monotonic" ? cameraTime : arrived;
        yield { number, time: midnight + seen, image, cameraTime, arrived };
      }
    } finally {
      Atomics.store(this.#flags, Flag.stop, 1);
      if (!hasEnded && !this.#closed.signal.aborted) await this.#drain();
      this.#pictures.clear();
      this.#isRunning = false;
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      Atomics.store(this.#flags, Flag.stop, 1);
      this.#closed.abort();
      await this.#thread.end();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The picture of a frame, which waits no longer. */
  async #take(frame: SentFrame): Promise<Image | undefined> {
    const picture = this.#pictures.get(frame);
    this.#pictures.delete(frame);
    Atomics.sub(this.#flags, Flag.waiting, 1);
    return await picture;
  }

  /** Waits until the device has stopped, so that the next loop does not meet frames of this one. */
  async #drain(): Promise<void> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(patience)]);
    for (;;) {
      const answer = await this.#thread.answer(signal).catch(() => undefined);
      if (!answer || "ended" in answer) return;
    }
  }
}
