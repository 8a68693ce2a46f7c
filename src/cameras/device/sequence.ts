/** Turns a count of 32 bits that starts over at its end into numbers that always rise. */
export class Sequence {
  #last: number | undefined;
  #unwrapped = 0;
  #number = 0;
  /** Frames whose count was that of the one before. */
  #repeats = 0;
  #hasRisen = false;

  /** True while every frame has had the same count: the driver does not count, and frames are numbered as they come. */
  get isStuck(): boolean {
    return this.#repeats > 0 && !this.#hasRisen;
  }

  /** @param count of frames that come one after another, some of them missing. A frame whose count is not new takes the next. */
  next(count: number): number {
    if (this.#last === undefined) {
      this.#unwrapped = count;
      this.#number = count;
    } else {
      const step = (count - this.#last) >>> 0;
      if (step === 0) this.#repeats++;
      else this.#hasRisen = true;
      // A count that runs backwards is that of a driver which has started over.
      this.#unwrapped = step < 2 ** 31 ? this.#unwrapped + step : this.#number + 1;
      this.#number = Math.max(this.#number + 1, this.#unwrapped);
    }
    this.#last = count;
    return this.#number;
  }
}
