import { EncodeError } from "../core/errors.js";
import type { Image } from "../core/image.js";
import { type DelayOptions, FrameDelays } from "./frame-delays.js";
import type { PartFile } from "./part-file.js";

/** How a format of animations writes its frames. */
export interface AnimationFormat<Packed> {
  /** What its delays count; see `FrameDelays`. */
  readonly delays: Pick<DelayOptions, "ticks" | "shortest">;
  /** What comes before the first frame. */
  head(): Uint8Array;
  /**
   * A frame as it is written.
   * @param delay in ticks, or seconds where the format has none.
   * @param rank of it in the file, from 0.
   */
  frame(packed: Packed, delay: number, rank: number): Uint8Array;
  /** The same frame, written by `frame`, once more at another place. */
  again(written: Uint8Array, delay: number, rank: number): Uint8Array;
  /** What comes after the last frame, and what was not known before. */
  end(file: PartFile, frames: number): Promise<void>;
}

/** Where each picture is packed by itself; several may be at once. */
export interface PictureAnimation<Packed> extends AnimationFormat<Packed> {
  pack(image: Image): Promise<Packed>;
}

export interface AnimationTiming {
  /** Frames this many a second. @default each is shown until the time of the next */
  readonly fps?: number;
  /** All frames, and back again without the last and the first, as a loop that does not jump. @default false */
  readonly pingPong?: boolean;
}

/** Frames on their way into an animation: each is held until it is known how long it is shown. */
export class AnimationStream<Packed> {
  readonly #format: AnimationFormat<Packed>;
  readonly #delays: FrameDelays;
  readonly #pingPong: boolean;
  /** Where each frame lies, and how long it is shown: for the way back. */
  readonly #written: { readonly at: number; readonly length: number; readonly delay: number }[] = [];
  #held: { readonly packed: Packed } | undefined;
  #frames = 0;

  constructor(path: string, format: AnimationFormat<Packed>, { fps, pingPong = false }: AnimationTiming) {
    if (fps !== undefined && !(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
    this.#format = format;
    this.#delays = new FrameDelays({ path, ...format.delays, ...(fps !== undefined && { fps }) });
    this.#pingPong = pingPong;
  }

  async put(file: PartFile, packed: Packed, time: number): Promise<void> {
    const delay = this.#delays.next(time);
    if (this.#held && delay !== undefined) await this.#write(file, this.#held.packed, delay);
    else await file.append(this.#format.head());
    this.#held = { packed };
  }

  async #write(file: PartFile, packed: Packed, delay: number): Promise<void> {
    const bytes = this.#format.frame(packed, delay, this.#frames++);
    if (this.#pingPong) this.#written.push({ at: file.end, length: bytes.length, delay });
    await file.append(bytes);
  }

  async end(file: PartFile): Promise<void> {
    if (!this.#held) throw new EncodeError(file.path, "no frame was written; an animation has at least one");
    await this.#write(file, this.#held.packed, this.#delays.last());
    for (let rank = this.#written.length - 2; rank > 0; rank--) {
      const { at, length } = this.#written[rank]!;
      // On the way back a frame is shown until the one before it.
      const { delay } = this.#written[rank - 1]!;
      await file.append(this.#format.again(await file.read(at, length), delay, this.#frames++));
    }
    await this.#format.end(file, this.#frames);
  }
}
