import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { FileFormatError } from "../../core/errors.js";
import type { ExtraColumns } from "./columns.js";
import type { H5Part } from "./motif-h5.js";
import type { H5Answer, H5Request } from "./motif-h5-worker.js";

/** What a file may cost: milliseconds, and MiB of the worker's own memory. */
const most = { time: 60_000, memory: 1024 };

/**
 * Reads Motif's HDF5 files of extra data, in a thread of its own: whatever is in them, this process neither crashes nor
 * hangs. The thread starts with the first file.
 */
export class MotifH5Reader implements AsyncDisposable {
  #worker: Worker | undefined;

  /**
   * @param bytes of the whole file; given away.
   * @param path for error messages.
   * @throws {FileFormatError} if it is no such file, or takes too long.
   */
  async read(bytes: Uint8Array, path: string, part: H5Part = "columns"): Promise<ExtraColumns> {
    this.#worker ??= new Worker(new URL("./motif-h5-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: most.memory },
      stderr: true,
      stdout: true,
    });
    const answer = await this.#ask(this.#worker, { bytes, part }).catch(async (cause: Error) => {
      await this.#stop();
      const reason = cause.name === "AbortError" ? cause.cause : cause;
      throw new FileFormatError(path, `cannot be read as HDF5: ${(reason as Error).message}`, { cause });
    });
    if ("found" in answer) return answer.found;
    if (answer.isBroken) await this.#stop();
    throw new FileFormatError(path, `not as Motif writes it: ${answer.error}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #ask(worker: Worker, request: H5Request): Promise<H5Answer> {
    const done = new AbortController();
    const patience = setTimeout(
      () => done.abort(new Error(`takes longer than ${most.time / 1000} s`)),
      most.time,
    );
    try {
      const answered = once(worker, "message", { signal: done.signal });
      const left = once(worker, "exit", { signal: done.signal }).then(() => {
        throw new Error("its reader gave up");
      });
      worker.postMessage(request);
      const [answer] = (await Promise.race([answered, left])) as [H5Answer];
      left.catch(() => {});
      return answer;
    } finally {
      clearTimeout(patience);
      // Takes the listeners away.
      done.abort();
    }
  }

  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
