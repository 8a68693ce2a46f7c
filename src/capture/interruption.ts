/** Why a camera is no longer waited for: it is to stop, or it is silent. */
export type Interrupted = "stopped" | "silent";

/**
 * Ends the wait for a frame. It comes once, and stays. (`Promise.race` against one promise that stays open would keep every
 * frame that ever won.)
 */
export class Interruption {
  #come: Interrupted | undefined;
  #resolve: ((why: Interrupted) => void) | undefined;

  get hasCome(): boolean {
    return this.#come !== undefined;
  }

  come(why: Interrupted): void {
    this.#come ??= why;
    this.#resolve?.(this.#come);
  }

  /** What is waited for, or why it no longer is. One wait at a time. */
  async or<T>(waited: Promise<T>): Promise<T | Interrupted> {
    if (this.#come !== undefined) {
      waited.catch(() => {}); // nobody looks at it any more
      return this.#come;
    }
    try {
      return await new Promise<T | Interrupted>((resolve, reject) => {
        this.#resolve = resolve;
        waited.then(resolve, reject);
      });
    } finally {
      this.#resolve = undefined;
    }
  }
}
