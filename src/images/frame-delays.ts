import { EncodeError } from "../core/errors.js";

export interface DelayOptions {
  /** Named in errors. */
  readonly path: string;
  /** Ticks a second that the format counts; undefined: it takes any number of seconds. */
  readonly ticks?: number;
  /** Shortest delay that players keep to, in ticks. */
  readonly shortest?: number;
  /** Frames this many a second, whatever their times. */
  readonly fps?: number;
}

/** Seconds that a last frame is shown if it is the only one. */
const alone = 0.1;

/** Seconds that frames may fall behind their times because none can be shown shorter. */
const lagAllowed = 0.1;

/**
 * How long each frame of an animation is shown: until the time of the next; the last as long as the one before. Where a
 * format counts in ticks, what is rounded off one delay goes into the next, so that no frame is ever more than half a
 * tick off its time.
 */
export class FrameDelays {
  readonly #options: DelayOptions;
  #first = Number.NaN;
  #last = Number.NaN;
  #frames = 0;
  /** In ticks, or seconds where there are none. */
  #told = 0;
  #delay: number | undefined;

  constructor(options: DelayOptions) {
    this.#options = options;
  }

  /**
   * @param time of the next frame, in seconds.
   * @returns how long the frame before it is shown, in ticks (or seconds); undefined for the first frame.
   * @throws {EncodeError} if times are missing or run backwards, or frames come faster than the format can show.
   */
  next(time: number): number | undefined {
    const { fps, path } = this.#options;
    const rank = this.#frames++;
    const at = fps === undefined ? time : rank / fps;
    if (!Number.isFinite(at))
      throw new EncodeError(path, `frame ${rank} has no time; say how many a second (fps)`);
    if (rank === 0) {
      this.#first = at;
      this.#last = at;
      return undefined;
    }
    if (at < this.#last) {
      throw new EncodeError(
        path,
        `frame ${rank} comes ${this.#last - at} s before the one before it; say how many a second (fps)`,
      );
    }
    this.#last = at;
    return this.#until(at - this.#first);
  }

  #until(elapsed: number): number {
    const { ticks = 0, shortest = 0, path } = this.#options;
    if (ticks === 0) {
      this.#delay = elapsed - this.#told;
      this.#told = elapsed;
      return this.#delay;
    }
    this.#delay = Math.max(shortest, Math.round(elapsed * ticks) - this.#told);
    this.#told += this.#delay;
    const lag = this.#told / ticks - elapsed;
    if (lag <= lagAllowed) return this.#delay;
    const most = ticks / shortest;
    throw new EncodeError(
      path,
      `frames come faster than the ${most} a second that it can show: take fewer (--step, the transform rate) or slow them down (fps, the transform speed)`,
    );
  }

  /** How long the last frame is shown. */
  last(): number {
    const { ticks = 1, fps } = this.#options;
    const seconds = fps === undefined ? alone : 1 / fps;
    return this.#delay ?? (this.#options.ticks === undefined ? seconds : Math.round(seconds * ticks));
  }
}
