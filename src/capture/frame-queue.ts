import { QueueOverflowError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { bytesOf, type Captured, leansOnOthers } from "./captured.js";

/**
 * Which frame goes when the queue is full: the one that comes, the one that has waited longest, or none. Of packets, those that
 * lean on it go with it, up to a keyframe.
 */
export type DropPolicy = "newest" | "oldest" | "fail";

export interface FrameQueueOptions<F extends Captured = Frame> {
  /** Bytes of pixels, or of packets, that may wait. One frame is always taken, however big. @default 256 MiB */
  readonly maxBytes?: number;
  /** @default "newest" */
  readonly drop?: DropPolicy;
  /** For the error when `drop` is "fail". */
  readonly name?: string;
  /** Called for every frame that is dropped. */
  readonly onDrop?: (frame: F) => void;
}

/** What has become of the frames: offered = taken + dropped + waiting, always. */
export interface FrameQueueCounts {
  readonly offered: number;
  readonly taken: number;
  readonly dropped: number;
  readonly waiting: number;
  /** The most bytes that ever waited. */
  readonly peakBytes: number;
}

/**
 * Stands between a camera, which cannot wait, and a sink, which can: bounded in bytes, and counts what it loses.
 * One end offers and never waits, the other takes.
 */
export class FrameQueue<F extends Captured = Frame> {
  readonly #maxBytes: number;
  readonly #drop: DropPolicy;
  readonly #name: string;
  readonly #onDrop: (frame: F) => void;
  /** Frames from `#head` on wait; the slots before it are spent and cut off now and then. */
  #frames: (F | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #offered = 0;
  #taken = 0;
  #dropped = 0;
  #peakBytes = 0;
  #ended = false;
  /** What comes is of no use up to a keyframe: one before it was dropped. */
  #needsKey = false;
  #wake: (() => void) | undefined;

  constructor(options: FrameQueueOptions<F> = {}) {
    this.#maxBytes = options.maxBytes ?? 256 * 2 ** 20;
    this.#drop = options.drop ?? "newest";
    this.#name = options.name ?? "queue";
    this.#onDrop = options.onDrop ?? (() => {});
    if (!(this.#maxBytes > 0)) throw new RangeError(`maxBytes must be positive, got ${options.maxBytes}`);
  }

  get counts(): FrameQueueCounts {
    return {
      offered: this.#offered,
      taken: this.#taken,
      dropped: this.#dropped,
      waiting: this.#waiting,
      peakBytes: this.#peakBytes,
    };
  }

  get #waiting(): number {
    return this.#frames.length - this.#head;
  }

  /** Whether it would be taken, and none be dropped for it. */
  hasRoomFor(frame: F): boolean {
    return this.#waiting === 0 || this.#bytes + bytesOf(frame) <= this.#maxBytes;
  }

  /**
   * Never waits. After `end()` every frame is dropped.
   * @returns false if a frame was dropped: this one, or with "oldest" one before it.
   * @throws {QueueOverflowError} if the queue is full and the policy is "fail"; the frame counts as dropped.
   */
  offer(frame: F): boolean {
    this.#offered++;
    const droppedBefore = this.#dropped;
    if (this.#drop === "oldest") {
      while (!this.#ended && !this.hasRoomFor(frame)) {
        this.#loseOldest();
        if (this.#waiting === 0) this.#needsKey = true;
      }
    }
    if (this.#needsKey && leansOnOthers(frame)) {
      this.#lose(frame);
      return false;
    }
    if (this.#ended || !this.hasRoomFor(frame)) {
      this.#lose(frame);
      this.#needsKey = true;
      if (this.#drop === "fail" && !this.#ended) {
        const found = `${this.#waiting} frames (${this.#bytes} bytes) wait already, and none may be dropped`;
        throw new QueueOverflowError(this.#name, found);
      }
      return false;
    }
    this.#push(frame);
    return this.#dropped === droppedBefore;
  }

  /** Takes a frame that is in memory anyway, full or not. Not after `end()`. */
  admit(frame: F): void {
    this.#offered++;
    if (this.#ended) this.#lose(frame);
    else this.#push(frame);
  }

  /** The next frame, once there is one; undefined after the last, when `end()` was called. One caller at a time. */
  async take(): Promise<F | undefined> {
    while (this.#waiting === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#taken++;
    return this.#shift();
  }

  /** No more frames will come; those that wait can still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Drops what waits. For a sink that failed. */
  clear(): void {
    while (this.#waiting > 0) this.#lose(this.#shift());
  }

  #push(frame: F): void {
    this.#needsKey = false;
    this.#frames.push(frame);
    this.#bytes += bytesOf(frame);
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
    this.#wake?.();
  }

  #loseOldest(): void {
    do this.#lose(this.#shift());
    while (this.#waiting > 0 && leansOnOthers(this.#frames[this.#head]!));
  }

  #lose(frame: F): void {
    this.#dropped++;
    this.#onDrop(frame);
  }

  #shift(): F {
    const frame = this.#frames[this.#head]!;
    this.#frames[this.#head++] = undefined;
    this.#bytes -= bytesOf(frame);
    if (this.#head >= 64 && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }
}
