import { Worker } from "node:worker_threads";
import { TransformError } from "../core/errors.js";
import type { Image } from "../core/image.js";
import type { PictureStamp } from "../transforms/transform-kind.js";
import type { PictureAnswer, PictureJob, WorkerSetup } from "./parallel-worker.js";

/** Pictures at one worker: one that it works on, and one so that it need not wait. */
const perWorker = 2;

interface Hand {
  readonly worker: Worker;
  readonly jobs: Map<number, { resolve(image: Image | undefined): void; reject(error: unknown): void }>;
}

/** Threads that bend pictures, each with the same chain of transforms. */
export class ParallelPool {
  readonly #hands: readonly Hand[];
  #nextId = 0;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #letGo: () => void = () => {};

  /** @param signal stops what is being worked on, too. */
  constructor(count: number, setup: WorkerSetup, signal?: AbortSignal) {
    this.#hands = Array.from({ length: count }, () => this.#hire(setup));
    const stop = (): void => this.#fail(signal!.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#letGo = () => signal?.removeEventListener("abort", stop);
  }

  /** Whether a picture would find a worker that has nothing waiting. */
  get hasRoom(): boolean {
    return this.#failure === undefined && this.#hands.some(({ jobs }) => jobs.size < perWorker);
  }

  /** How many threads there are. */
  get count(): number {
    return this.#hands.length;
  }

  /** Pictures that can be under way at once. */
  get room(): number {
    return this.#hands.length * perWorker;
  }

  /**
   * Bends a picture in another thread, to which it is copied.
   * @returns undefined if the chain threw; the caller can have its error by doing it himself.
   * @throws {TransformError} if the thread ended; the signal's reason.
   */
  bend(image: Image, stamp: PictureStamp): Promise<Image | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      const hand = this.#hands.reduce((least, each) => (each.jobs.size < least.jobs.size ? each : least));
      const id = this.#nextId++;
      hand.jobs.set(id, { resolve, reject });
      // The picture may be a part of a larger block, all of which would be copied.
      const data = image.data.slice();
      const { index, number, time } = stamp;
      const job: PictureJob = {
        id,
        image: { ...image, data },
        stamp: { number, time, ...(index !== undefined && { index }) },
      };
      hand.worker.postMessage(job, [data.buffer as ArrayBuffer]);
    });
  }

  /** Ends every thread, whatever it does. May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
  }

  #hire(setup: WorkerSetup): Hand {
    const worker = new Worker(new URL("./parallel-worker.js", import.meta.url), { workerData: setup });
    const hand: Hand = { worker, jobs: new Map() };
    worker.on("message", ({ id, image }: PictureAnswer) => {
      const job = hand.jobs.get(id);
      hand.jobs.delete(id);
      job?.resolve(image);
    });
    const lose = (why: string, cause?: unknown): void => {
      if (this.#isClosed) return;
      const steps = setup.steps.map(({ name }) => name).join(", ");
      this.#fail(new TransformError(steps, `a thread that bends pictures ended: ${why}`, { cause }));
    };
    worker.on("error", (error) => lose(error.message, error));
    worker.on("exit", (code) => lose(`exit code ${code}`));
    return hand;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { jobs } of this.#hands) {
      for (const { reject } of jobs.values()) reject(this.#failure.error);
      jobs.clear();
    }
  }
}
