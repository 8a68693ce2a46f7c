/** Something in a store that is not as it should be. */
export interface StoreProblem {
  readonly path: string;
  readonly message: string;
  /**
   * `error`: frames or rows are lost, damaged or not what the index says. `warning`: all that was recorded is there,
   * but something is odd: a stray file, an unknown time zone, a lock.
   */
  readonly severity: "error" | "warning";
}

/** What was found wrong with a store so far; each thing is told once. */
export class StoreProblems {
  readonly #list: StoreProblem[] = [];
  readonly #known = new Set<string>();
  readonly #checks: (() => void)[] = [];

  get list(): readonly StoreProblem[] {
    for (const check of this.#checks.splice(0)) check();
    return this.#list;
  }

  /** A check that takes its time, for when somebody wants to know. */
  later(check: () => void): void {
    this.#checks.push(check);
  }

  /** @param message may begin with the path, which is left out then. */
  report(path: string, message: string, severity: StoreProblem["severity"] = "error"): void {
    const found = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
    const key = `${path}\0${found}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#list.push({ path, message: found, severity });
  }
}
