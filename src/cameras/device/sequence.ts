/** Turns a count of 32 bits that starts over at its end into one that does not. */
export class Sequence {
  #last: number | undefined;
  #unwrapped = 0;
  /** True once two frames had the same count: the driver does not count, so frames are numbered as they come. */
  isStuck = false;

  /** @param count of frames that come one after another, some of them missing. */
  next(count: number): number {
    if (this.#last === undefined) this.#unwrapped = count;
    else {
      const step = (count - this.#last) >>> 0;
      if (step === 0) this.isStuck = true;
      // A count that runs backwards is a driver that has started over; numbers rise all the same.
      this.#unwrapped += this.isStuck || step >= 2 ** 31 ? 1 : step;
    }
    this.#last = count;
    return this.#unwrapped;
  }
}
