import { Worker } from "node:worker_threads";
import type { Hdf5Answer, Hdf5Request } from "./hdf5-worker.js";

/** What a file may cost: milliseconds for one answer, and MiB of the worker's own memory. */
const most = { time: 60_000, memory: 512 };
/** A thread whose memory has not grown beyond that is kept for the next file: to start one takes a tenth of a second. */
const keptHeap = 2 ** 26;

/** A request without its number. */
export type Question = Hdf5Request extends infer Each
  ? Each extends unknown
    ? Omit<Each, "id">
    : never
  : never;

interface Waiting {
  resolve(answer: Hdf5Answer): void;
  reject(error: Error): void;
}

/** A thread that reads one file at a time; where one is free it is taken again. */
export class Hdf5Thread {
  /** One that was used before and is free. */
  static #idle: Hdf5Thread | undefined;

  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #failure: Error | undefined;

  private constructor() {
    this.#worker = new Worker(new URL("./hdf5-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: most.memory },
      stderr: true,
      stdout: true,
    });
    this.#worker.on("message", (answer: Hdf5Answer) => this.#take(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("its reader gave up")));
    // A file that nobody closed, and a thread that is free, must not keep the process.
    this.#worker.unref();
  }

  /** A thread for one file, until it is released. */
  static take(): Hdf5Thread {
    const idle = Hdf5Thread.#idle;
    Hdf5Thread.#idle = undefined;
    return idle && !idle.#failure ? idle : new Hdf5Thread();
  }

  /** @throws {Error} that says what is wrong with the file, or that the thread has ended. */
  async ask(question: Question): Promise<Hdf5Answer> {
    if (this.#failure) throw this.#failure;
    const id = this.#asked++;
    const patience = setTimeout(() => {
      this.#fail(new Error(`takes longer than ${most.time / 1000} s`));
      void this.#worker.terminate();
    }, most.time);
    // While an answer is awaited the process must not end.
    this.#worker.ref();
    try {
      return await new Promise((fulfil, reject) => {
        this.#waiting.set(id, { resolve: fulfil, reject });
        this.#worker.postMessage({ ...question, id });
      });
    } finally {
      clearTimeout(patience);
      if (this.#waiting.size === 0) this.#worker.unref();
    }
  }

  /** Keeps the thread for another file if it is sound and small. */
  async release(): Promise<void> {
    const isBusy = this.#waiting.size > 0;
    const answer =
      isBusy || this.#failure ? undefined : await this.ask({ close: true }).catch(() => undefined);
    const isSmall = answer !== undefined && "heapBytes" in answer && answer.heapBytes <= keptHeap;
    if (isSmall && !this.#failure && Hdf5Thread.#idle === undefined) Hdf5Thread.#idle = this;
    else await this.#worker.terminate();
  }

  #take(answer: Hdf5Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (!("error" in answer)) {
      waiting?.resolve(answer);
      return;
    }
    const error = new Error(answer.error);
    waiting?.reject(error);
    if (answer.isBroken) this.#fail(error);
  }

  /** Nothing will be answered any more. */
  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
