import type { FrameNumber } from "../core/frame.js";
import type { FrameIndex } from "../core/frame-index.js";

/** What a row of extra data says of its frame. */
export interface RowFrame {
  readonly number: FrameNumber;
  /** Of the frame; undefined if the row does not say. */
  readonly time?: number | undefined;
}

/** Finds the frames that rows of extra data belong to, where the rows have no index. */
export class FramesOfRows {
  readonly #ranks = new Map<FrameNumber, number[]>();
  readonly #index: FrameIndex;

  constructor(index: FrameIndex) {
    this.#index = index;
    for (let rank = 0; rank < index.length; rank++) {
      const number = plain(index.number(rank));
      const known = this.#ranks.get(number);
      if (known) known.push(rank);
      else this.#ranks.set(number, [rank]);
    }
  }

  /**
   * The rank of a row's frame: the one of its number. Of several, the one in the chunk that the row stands beside; of
   * several there, the one whose time is the nearest.
   * @param chunk ranks of the first frame of that chunk, and of the one after its last.
   * @returns undefined if there is no such frame, or nothing says which it is.
   */
  find({ number, time }: RowFrame, chunk: readonly [start: number, stop: number]): number | undefined {
    const all = this.#ranks.get(plain(number)) ?? [];
    if (all.length <= 1) return all[0];
    const here = all.filter((rank) => rank >= chunk[0] && rank < chunk[1]);
    const ranks = here.length > 0 ? here : all;
    if (ranks.length === 1) return ranks[0];
    const away = ranks.map((rank) => Math.abs(this.#index.time(rank) - (time ?? Number.NaN)));
    const nearest = Math.min(...away);
    const found = ranks.filter((_, at) => away[at] === nearest);
    return found.length === 1 ? found[0] : undefined;
  }
}

/** 5n and 5 are the same number. */
function plain(number: FrameNumber): FrameNumber {
  const value = Number(number);
  return Number.isSafeInteger(value) ? value : number;
}
