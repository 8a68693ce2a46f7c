interface Numbered {
  readonly number: number;
  /** Seconds; NaN where there is none. */
  readonly cameraTime: number;
}

/**
 * Frames are numbered as they come in, and with B-frames they are shown in another order: this gives them numbers that
 * rise as they are shown. A frame that never came out of the decoder keeps a number for itself.
 */
export class ShownOrder {
  /** Frames in the decoder. */
  #inside: Numbered[] = [];
  /** Their numbers, ascending. */
  #numbers: number[] = [];

  /** A frame goes into the decoder. */
  add({ number, cameraTime }: Numbered): void {
    this.#inside.push({ number, cameraTime });
    this.#numbers.push(number);
  }

  /** A frame came out of it. @returns its number among those shown. */
  take(frame: Numbered): number {
    const isBefore = ({ number, cameraTime }: Numbered): boolean =>
      Number.isNaN(frame.cameraTime) ? number < frame.number : cameraTime < frame.cameraTime;
    const others = this.#inside.filter(({ number }) => number !== frame.number);
    // What is shown before this one will not come any more.
    this.#inside = others.filter((each) => !isBefore(each));
    const rank = others.length - this.#inside.length;
    const number = this.#numbers[rank] ?? frame.number;
    this.#numbers = this.#numbers.slice(rank + 1);
    return number;
  }
}
