import type { Image } from "./image.js";

/**
 * A frame's number. It is a `number` wherever a `number` holds it exactly, and a `bigint` only beyond ±2^53
 * (some cameras count in 64 bits). NaN where an old store holds none.
 */
export type FrameNumber = number | bigint;

/** Which frame it is, and when it was. */
export interface Stamp {
  /** The camera's own count. A gap is a frame that was lost. May start anywhere, even below zero. */
  readonly number: FrameNumber;
  /**
   * Seconds. Since 1970-01-01 UTC where the source knows it (cameras, stores), otherwise on the file's own clock
   * (a plain video: its presentation time).
   */
  readonly time: number;
}

/** What the clocks around a camera said of a frame; each is absent where nobody looked. */
export interface FrameClocks {
  /** The camera's own count, as it gave it. */
  readonly cameraNumber?: FrameNumber;
  /** Seconds on the camera's own clock. */
  readonly cameraTime?: number;
  /** Seconds on the monotonic clock of the machine that recorded, when the frame was here. */
  readonly arrived?: number;
  /** Seconds since 1970 by the clock of that machine, as it was set then. */
  readonly arrivedUtc?: number;
}

/** The one thing that flows: pixels and their stamp. */
export interface Frame extends Stamp {
  readonly image: Image;
  /** What its time was made of, where a camera was recorded. */
  readonly clocks?: FrameClocks;
}

/** A frame that came out of a source with an order. */
export interface IndexedFrame extends Frame {
  /** Rank in its source, 0 … length - 1. */
  readonly index: number;
  /** Presentation time stamp in the container's own ticks; absent where there is no container or it has none. */
  readonly pts?: number;
  /** Seconds that the frame is shown, where the source says so. */
  readonly duration?: number;
  /** True if the frame is a keyframe: it decodes without any other. */
  readonly key?: boolean;
}
