import type { Stamp } from "../core/frame.js";
import type { LiveTrack } from "./live-recording.js";
import { RequestError } from "./request-error.js";

export type PictureKind = "jpeg" | "h264";

/** A small picture of a camera, on its way to those who look. */
export interface Picture {
  readonly kind: PictureKind;
  readonly bytes: Uint8Array;
  readonly stamp: Stamp;
  /** It needs no picture before it. */
  readonly isKey: boolean;
}

/** What somebody wants to see: pictures a second and pixels of width, at most. */
export interface Wish {
  readonly kind: PictureKind;
  readonly rate: number;
  readonly width: number;
}

/** A place from which pictures are seen. */
export interface Seat {
  /** The next picture is to be a keyframe. */
  askKey(): void;
  leave(): void;
}

interface Taken extends Wish {
  readonly take: (picture: Picture) => void;
  /** Milliseconds, `performance.now()`: when the next picture is due. */
  due: number;
}

/** Milliseconds that wishes gather before the camera's process hears of them. */
const gather = 20;
/** Milliseconds between two keyframes that are asked for, at least. */
const keyRest = 500;
/** Milliseconds that a picture counts as one of now. */
const fresh = 250;
/** Milliseconds to wait for a picture. */
const patience = 5000;

/**
 * All who look at one camera. Its process is asked for the highest rate and width that anyone wants, once; every one gets as
 * many of the pictures as they wanted. H.264 is not thinned: its pictures need one another.
 */
export class PreviewHub {
  readonly #track: LiveTrack;
  readonly #seats = new Set<Taken>();
  readonly #asked = { jpeg: "0 0", h264: "0 0" };
  #timer: NodeJS.Timeout | undefined;
  #isKeyDue = false;
  #keyAt = Number.NEGATIVE_INFINITY;
  #last: { readonly picture: Picture; readonly at: number; readonly width: number } | undefined;
  #snapshot: Promise<Uint8Array> | undefined;

  constructor(track: LiveTrack) {
    this.#track = track;
  }

  /** @param take is called at once for each picture, and must not wait. */
  sit(wish: Wish, take: (picture: Picture) => void): Seat {
    const seat: Taken = { ...wish, take, due: Number.NEGATIVE_INFINITY };
    this.#seats.add(seat);
    if (wish.kind === "h264") this.#isKeyDue = true;
    this.#settle();
    return {
      askKey: () => {
        this.#isKeyDue = true;
        this.#settle();
      },
      leave: () => {
        this.#seats.delete(seat);
        this.#settle();
      },
    };
  }

  /**
   * A JPEG of now.
   * @throws {RequestError} if there is none within five seconds.
   */
  async now(width: number): Promise<Picture> {
    const last = this.#last;
    if (last && last.width >= width && performance.now() - last.at < fresh) return last.picture;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        seat.leave();
        reject(new RequestError("NO_ANSWER", `${this.#track.name}: no picture for 5 s`));
      }, patience);
      const seat = this.sit({ kind: "jpeg", rate: 30, width }, (picture) => {
        clearTimeout(timer);
        seat.leave();
        resolve(picture);
      });
    });
  }

  /** The next frame, whole, as PNG; all who ask at the same time get the same. */
  snapshot(): Promise<Uint8Array> {
    this.#snapshot ??= this.#track.snapshot().finally(() => {
      this.#snapshot = undefined;
    });
    return this.#snapshot;
  }

  /** Nobody looks any more. */
  close(): void {
    this.#seats.clear();
    clearTimeout(this.#timer);
    this.#ask();
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, gather);
  }

  #ask(): void {
    const jpeg = this.#most("jpeg");
    if (`${jpeg.rate} ${jpeg.width}` !== this.#asked.jpeg) {
      this.#asked.jpeg = `${jpeg.rate} ${jpeg.width}`;
      this.#track.preview(jpeg.rate, jpeg.width, (bytes, stamp) =>
        this.#give({ kind: "jpeg", bytes, stamp, isKey: true }, jpeg.width),
      );
    }
    const h264 = this.#most("h264");
    const isOther = `${h264.rate} ${h264.width}` !== this.#asked.h264;
    const isKeyDue = this.#isKeyDue && h264.rate > 0;
    const rest = this.#keyAt + keyRest - performance.now();
    if (isOther || (isKeyDue && rest <= 0)) {
      this.#asked.h264 = `${h264.rate} ${h264.width}`;
      this.#isKeyDue = false;
      this.#keyAt = performance.now();
      this.#track.video(h264.rate, h264.width, (bytes, stamp, isKey) =>
        this.#give({ kind: "h264", bytes, stamp, isKey }, h264.width),
      );
    } else if (isKeyDue) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#ask();
      }, rest);
    }
  }

  #most(kind: PictureKind): { readonly rate: number; readonly width: number } {
    let [rate, width] = [0, 0];
    for (const seat of this.#seats) {
      if (seat.kind !== kind) continue;
      rate = Math.max(rate, seat.rate);
      width = Math.max(width, seat.width);
    }
    return { rate, width };
  }

  #give(picture: Picture, width: number): void {
    const now = performance.now();
    if (picture.kind === "jpeg") this.#last = { picture, at: now, width };
    for (const seat of this.#seats) {
      if (seat.kind !== picture.kind) continue;
      if (seat.kind === "jpeg") {
        const period = 1000 / seat.rate;
        if (now < seat.due - period / 4) continue;
        seat.due = Math.max(seat.due, now - period) + period;
      }
      seat.take(picture);
    }
  }
}
