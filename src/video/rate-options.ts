/** How much an encoder may spend on a frame, and how frames depend on one another. */
export interface RateOptions {
  readonly quality?: number | undefined;
  readonly preset?: string | undefined;
  /** Constant quantiser, in the place of `quality`; h264 and h265. */
  readonly qp?: number | undefined;
  readonly gop?: number | undefined;
  readonly bFrames?: number | undefined;
  /** Every frame gives its packet at once: no look-ahead, no B-frames, one frame at a time on several threads. */
  readonly isLive?: boolean | undefined;
}
