import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { FileFormatError } from "../../core/errors.js";
import type { FrameNumber } from "../../core/frame.js";
import type { ExtraColumns } from "./columns.js";
import type { H5Part } from "./motif-h5.js";
import type { SampleStamp } from "./motif-h5-numbers.js";
import type { H5Answer, H5Request } from "./motif-h5-worker.js";

/** What a file may cost: milliseconds, and MiB of the worker's own memory. */
const most = { time: 60_000, memory: 1024 };

/**
 * Reads Motif's HDF5 files of extra data, and renumbers them, in a thread of its own: whatever is in them, this process neither crashes nor
 * hangs. The thread starts with the first file.
 */
export class MotifH5Reader implements AsyncDisposable {
  #worker: Worker | undefined;

  /**
   * @param bytes of the whole file.
   * @param path for error messages.
   * @throws {FileFormatError} if it is no such file, or takes too long.
   */
  async read(bytes: Uint8Array, path: string, part: H5Part = "columns"): Promise<ExtraColumns> {
    return (await this.#give(bytes, part, path)) as ExtraColumns;
  }

  /** Which frames its samples belong to, in their order; undefined where none was recorded. @throws as `read`. */
  async stamps(bytes: Uint8Array, path: string): Promise<readonly (SampleStamp | undefined)[]> {
    return (await this.#give(bytes, "stamps", path)) as (SampleStamp | undefined)[];
  }

  /**
   * The file with other frame numbers.
   * @param numbers of every sample; undefined: it keeps its own.
   * @throws {FileFormatError} as `read`, and if the file cannot hold such a number.
   */
  async renumbered(
    bytes: Uint8Array,
    path: string,
    numbers: readonly (FrameNumber | undefined)[],
  ): Promise<Uint8Array> {
    return (await this.#give(bytes, { numbers }, path)) as Uint8Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #give(bytes: Uint8Array, task: H5Request["task"], path: string): Promise<unknown> {
    this.#worker ??= new Worker(new URL("./motif-h5-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: most.memory },
      stderr: true,
      stdout: true,
    });
    const answer = await this.#ask(this.#worker, { bytes, task }).catch(async (cause: Error) => {
      await this.#stop();
      const reason = cause.name === "AbortError" ? cause.cause : cause;
      throw new FileFormatError(path, `cannot be read as HDF5: ${(reason as Error).message}`, { cause });
    });
    if ("found" in answer) return answer.found;
    if (answer.isBroken) await this.#stop();
    throw new FileFormatError(path, `not as Motif writes it: ${answer.error}`);
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
