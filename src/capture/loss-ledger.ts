import type { FrameNumber } from "../core/frame.js";

/**
 * Who lost a frame: the camera or its driver, before anyone could take it (or it came damaged, or of another size); the
 * queue, which was full; the encoder; the disk.
 */
export type LossCause = "camera" | "queue" | "encoder" | "disk";

/** Frames that followed one another and were lost in the same way. */
export interface Gap {
  /** Of the first that is missing. */
  readonly number: FrameNumber;
  /** Frames. */
  readonly count: number;
  /** Seconds since 1970 of the last frame before it, or of the first that was lost where that is known. */
  readonly time: number;
  readonly cause: LossCause;
  /** What was found. */
  readonly reason?: string;
  /** True if the count is a guess from the time that passed: nobody counted. */
  readonly estimated?: boolean;
}

/** Gaps that are kept one by one; beyond that they are only counted. */
const mostGaps = 10_000;

/** Keeps the book of what was lost: every frame with its cause, neighbours as one gap. */
export class LossLedger {
  readonly #gaps: Gap[] = [];
  readonly #totals: Record<LossCause, number> = { camera: 0, queue: 0, encoder: 0, disk: 0 };
  #count = 0;

  /** Frames, by cause. */
  get totals(): Readonly<Record<LossCause, number>> {
    return { ...this.#totals };
  }

  /** The first ten thousand that were told, in the order of their numbers. */
  get gaps(): readonly Gap[] {
    return [...this.#gaps].sort((a, b) => Number(a.number) - Number(b.number));
  }

  /** Of all gaps, also those that are not kept. */
  get count(): number {
    return this.#count;
  }

  /** Frames that were lost one after the other may be told of one by one. */
  add(gap: Gap): void {
    if (gap.count <= 0) return;
    this.#totals[gap.cause] += gap.count;
    const last = this.#count > mostGaps ? undefined : this.#gaps.at(-1);
    if (last !== undefined && continues(last, gap)) {
      this.#gaps[this.#gaps.length - 1] = { ...last, count: last.count + gap.count };
      return;
    }
    this.#count++;
    if (this.#gaps.length < mostGaps) this.#gaps.push(gap);
  }
}

function continues(last: Gap, next: Gap): boolean {
  return (
    last.cause === next.cause &&
    last.reason === next.reason &&
    last.estimated === next.estimated &&
    typeof last.number === "number" &&
    last.number + last.count === next.number
  );
}
