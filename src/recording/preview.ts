import type { Frame, Stamp } from "../core/frame.js";
import { jpeg } from "../images/jpeg.js";
import { png } from "../images/png.js";
import { previewPicture } from "./preview-picture.js";
import { type ToldError, tellError } from "./track-messages.js";

/** What a snapshot has become. */
export interface Snapshot {
  readonly png?: Uint8Array;
  readonly error?: ToldError;
}

/**
 * Shows people what a camera sees, and never more than that: frames are looked at when one is due and the last has been
 * sent, shrunk at once, and packed on another thread.
 */
export class Preview {
  readonly #send: (jpeg: Uint8Array, stamp: Stamp) => void;
  #rate = 0;
  #width = 320;
  #shown = Number.NEGATIVE_INFINITY;
  #isBusy = false;
  #wanted: ((snapshot: Snapshot) => void)[] = [];

  constructor(send: (jpeg: Uint8Array, stamp: Stamp) => void) {
    this.#send = send;
  }

  /** @param asked pictures a second at most, 0 for none; pixels at most. */
  set({ rate, width }: { readonly rate: number; readonly width: number }): void {
    this.#rate = rate;
    this.#width = width;
  }

  /** The next frame, whole. */
  snapshot(take: (snapshot: Snapshot) => void): void {
    this.#wanted.push(take);
  }

  /** Called for every frame; never waits. */
  show({ image, number, time }: Frame): void {
    if (this.#wanted.length > 0) {
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
    if (this.#rate <= 0 || this.#isBusy) return;
    const now = performance.now();
    // A tenth early is in time: frames come when they come.
    if (now - this.#shown < 900 / this.#rate) return;
    this.#shown = now;
    this.#isBusy = true;
    jpeg
      .encode(previewPicture(image, this.#width), { quality: 70 })
      .then(
        (bytes) => this.#send(bytes, { number, time }),
        () => {},
      )
      .finally(() => {
        this.#isBusy = false;
      });
  }
}
