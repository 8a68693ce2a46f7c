/**
 * Waits for one promise after another, and may be interrupted from outside: then, and ever after, at once.
 *
 * `Promise.race` with one promise that stays open is no way to do that: it remembers every race, and with it what won it,
 * until it is settled. A camera's frames would stay in memory as long as it runs.
 */
export class Interruptible<R> {
  #reason: { readonly value: R } | undefined;
  #wake: ((reason: R) => void) | undefined;

  interrupt(value: R): void {
    this.#reason ??= { value };
    this.#wake?.(this.#reason.value);
  }

  /** One at a time. What a promise becomes that was waited for in vain is nobody's business any more. */
  wait<T>(promise: Promise<T>): Promise<T | R> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject);
      this.#wake = resolve;
      if (this.#reason !== undefined) resolve(this.#reason.value);
    });
  }
}
