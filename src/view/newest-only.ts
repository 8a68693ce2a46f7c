import type { Picture } from "./preview-hub.js";

export interface NewestOnlyOptions {
  /** Sends one; `sent` is called when it has gone. */
  readonly send: (picture: Picture, sent: () => void) => void;
  /** Pictures that may be on their way. */
  readonly most: number;
  /** Asks for a keyframe: a picture was left out, and those after it need it. */
  readonly askKey: () => void;
}

/**
 * Lets a slow receiver have the newest picture, and never a queue of old ones: while as many are on their way as may be, one
 * waits at most, and a newer one takes its place. Of H.264, pictures are left out up to the next keyframe instead.
 */
export class NewestOnly {
  readonly #options: NewestOnlyOptions;
  #onTheirWay = 0;
  #waiting: Picture | undefined;
  /** H.264 begins with a keyframe. */
  #isBroken = true;
  #since = performance.now();

  constructor(options: NewestOnlyOptions) {
    this.#options = options;
  }

  /** Milliseconds that nothing has gone although something should. */
  get stalled(): number {
    return this.#onTheirWay === 0 ? 0 : performance.now() - this.#since;
  }

  offer(picture: Picture): void {
    const isFull = this.#onTheirWay >= this.#options.most;
    if (picture.kind === "jpeg") {
      if (isFull) this.#waiting = picture;
      else this.#send(picture);
      return;
    }
    if (picture.isKey) this.#isBroken = false;
    if (isFull) this.#isBroken = true;
    if (this.#isBroken) {
      if (!isFull) this.#options.askKey();
    } else this.#send(picture);
  }

  /** One of them has gone. */
  sent(): void {
    if (this.#onTheirWay > 0) this.#onTheirWay--;
    this.#since = performance.now();
    const next = this.#waiting;
    if (next === undefined) return;
    this.#waiting = undefined;
    this.#send(next);
  }

  #send(picture: Picture): void {
    if (this.#onTheirWay++ === 0) this.#since = performance.now();
    this.#options.send(picture, () => this.sent());
  }
}
