import { Worker } from "node:worker_threads";
import { CameraError } from "../../core/errors.js";
import type { DeviceAnswer, DeviceTask } from "./device-talk.js";

/** Milliseconds that a driver may take to let go. */
const patience = 3000;

/** The thread that a device lives in; what it says comes in order. */
export class DeviceThread {
  readonly #worker: Worker;
  readonly #said: (DeviceAnswer | CameraError)[] = [];
  #wake: (() => void) | undefined;
  #hasEnded = false;

  /** @param onSaid is told at once of what it says, in addition to `answer`. */
  constructor(task: DeviceTask, onSaid?: (answer: DeviceAnswer) => void) {
    const camera = "open" in task ? `device:${task.open}` : "device";
    this.#worker = new Worker(new URL("./device-worker.js", import.meta.url), { workerData: task });
    this.#worker.on("message", (answer: DeviceAnswer) => {
      onSaid?.(answer);
      this.#say("failed" in answer ? new CameraError(answer.camera, answer.failed) : answer);
    });
    this.#worker.on("error", (cause) =>
      this.#say(new CameraError(camera, `its thread failed: ${cause.message}`, { cause })),
    );
    this.#worker.on("exit", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    // A camera that nobody closed must not keep the process; a loop that waits for a frame does.
    this.#worker.unref();
  }

  /**
   * What it says next; undefined if the signal aborts before. One caller at a time.
   * @throws {CameraError} that it reports, or if it has ended.
   */
  async answer(signal?: AbortSignal): Promise<DeviceAnswer | undefined> {
    while (this.#said.length === 0) {
      if (signal?.aborted) return undefined;
      if (this.#hasEnded) throw new CameraError("device", "its thread has ended");
      this.#worker.ref();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", resolve as () => void, { once: true });
      });
      signal?.removeEventListener("abort", this.#wake!);
      this.#wake = undefined;
      this.#worker.unref();
    }
    const answer = this.#said.shift()!;
    if (answer instanceof CameraError) throw answer;
    return answer;
  }

  start(): void {
    this.#worker.postMessage("start");
  }

  /** Lets the device go; a driver that does not return is left behind. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.postMessage("close");
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
    if (!this.#hasEnded)
      await Promise.race([this.#worker.terminate(), new Promise((r) => setTimeout(r, patience).unref())]);
  }

  #say(what: DeviceAnswer | CameraError): void {
    this.#said.push(what);
    this.#wake?.();
  }
}
