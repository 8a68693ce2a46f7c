import { type ChildProcess, fork } from "node:child_process";
import type { TrackNews, TrackOrder } from "./track-messages.js";

/** The last of what a process wrote to its standard error, in characters. */
const mostWords = 2000;
/** Milliseconds that a process may take to end when it is told to. */
const patience = 30_000;

/** The process of one camera, as the recording sees it. */
export class TrackProcess {
  readonly #child: ChildProcess;
  #words = "";
  /** How it ended; resolves when it has. */
  readonly ended: Promise<string>;

  /** @param listen is given all that it tells. */
  constructor(listen: (news: TrackNews) => void) {
    this.#child = fork(new URL("./track-worker.js", import.meta.url), [], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#words = (this.#words + text).slice(-mostWords);
    });
    this.#child.on("message", (news: TrackNews) => listen(news));
    // What it said last may come after it has ended.
    const silent = new Promise<void>((resolve) => this.#child.once("disconnect", resolve));
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("exit", async (code, signal) => {
        await silent;
        const said = this.#words.trim().split("\n").at(-1);
        const how = signal === null ? `exit code ${code}` : signal;
        resolve(said ? `its process ended: ${how} (${said})` : `its process ended: ${how}`);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @returns false if it has gone. */
  order(order: TrackOrder): boolean {
    if (!this.#child.connected) return false;
    this.#child.send(order, () => {});
    return true;
  }

  /** Tells it to close everything, and waits until it has ended. One that hangs is killed. */
  async close(): Promise<void> {
    this.order({ kind: "close" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patience);
    await this.ended;
    clearTimeout(timer);
  }
}
