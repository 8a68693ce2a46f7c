import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CodedInfo } from "../../core/coded-frame.js";
import type { LiveFrame } from "./coded-stream.js";
import { MessageReader, type WireMessage } from "./wire.js";

export type { LiveFrame } from "./coded-stream.js";

export interface PacketStreamOptions {
  /** As FFmpeg spells it, with user and password. */
  readonly url: string;
  /** Of FFmpeg's protocols and demuxers. */
  readonly options: Readonly<Record<string, string>>;
  /** Longest silence, in seconds: nothing has come for so long, or no connection. 0 waits for ever. */
  readonly timeout: number;
  /** Longest wait for a keyframe, in seconds, while other frames come. */
  readonly keyframeTimeout: number;
}

/** What is called as things come in; never again after the end. */
export interface PacketStreamEvents {
  onOpened(container: string): void;
  /** @param leftOut frames that were there and are not given, because nobody took them in time. */
  onFrame(frame: LiveFrame, coded: CodedInfo, leftOut: number): void;
  /** RTP packets that never came. */
  onMissed(packets: number): void;
}

const worker = fileURLToPath(new URL("./packet-worker.js", import.meta.url));

/** How long a reader may take to say goodbye to its server, in milliseconds. */
const GOODBYE = 400;

/**
 * One connection to a stream. It is read by a process of its own: a call that blocks (DNS, a dead peer) holds up nobody
 * here, what a hostile server does to the demuxer happens there, and the time of each frame is taken at once even while
 * this process is busy.
 */
export class PacketStream {
  /** Resolves when nothing more comes: with the reason, or undefined where the stream has ended by itself. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcess;
  readonly #options: PacketStreamOptions;
  readonly #events: PacketStreamEvents;
  readonly #exited: Promise<void>;
  #end!: (reason: string | undefined) => void;
  #hasEnded = false;
  #coded: CodedInfo | undefined;
  #silence: NodeJS.Timeout | undefined;
  #keyframe: NodeJS.Timeout | undefined;
  #phase = "no answer";

  constructor(options: PacketStreamOptions, events: PacketStreamEvents) {
    this.#options = options;
    this.#events = events;
    this.ended = new Promise((resolve) => {
      this.#end = (reason) => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        clearTimeout(this.#silence);
        clearTimeout(this.#keyframe);
        resolve(reason);
      };
    });
    this.#child = spawn(process.execPath, [worker], { stdio: ["pipe", "pipe", "ignore"] });
    const child = this.#child;
    this.#exited = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.#end(`its reader ended unexpectedly (${signal ?? code})`);
        resolve();
      });
      child.on("error", (error) => {
        this.#end(`its reader cannot be started: ${error.message}`);
        resolve();
      });
    });
    // It may be gone before it has read what it is asked.
    child.stdin!.on("error", () => {});
    child.stdin!.write(`${JSON.stringify({ url: options.url, options: options.options })}\n`);
    const messages = new MessageReader();
    child.stdout!.on("data", (bytes: Buffer) => {
      try {
        for (const message of messages.add(bytes)) if (!this.#hasEnded) this.#take(message);
      } catch (error) {
        this.#fail(`its reader said what is no message: ${(error as Error).message}`);
      }
    });
    this.#watch();
  }

  /** Ends it; resolves when its process is gone. May be called twice. */
  async close(): Promise<void> {
    this.#end(undefined);
    const { stdin } = this.#child;
    stdin!.end();
    const timer = setTimeout(this.#kill, GOODBYE);
    await this.#exited;
    clearTimeout(timer);
  }

  readonly #kill = (): void => {
    this.#child.kill("SIGKILL");
  };

  #fail(reason: string): void {
    this.#end(reason);
    this.#kill();
  }

  #take(message: WireMessage): void {
    if (message.kind === "failed") this.#end(message.reason);
    else if (message.kind === "ended") this.#end(undefined);
    else if (message.kind === "missed") this.#events.onMissed(message.packets);
    else if (message.kind === "opened") {
      this.#phase = "no video";
      this.#watch();
      this.#events.onOpened(message.container);
    } else if (message.kind === "waiting") {
      this.#watch();
      const { keyframeTimeout: most } = this.#options;
      const reason = `frames come, but no keyframe that can be decoded within ${most} s`;
      this.#keyframe ??= setTimeout(() => this.#fail(reason), most * 1000);
    } else if (message.kind === "coded") {
      clearTimeout(this.#keyframe);
      this.#phase = "no frame";
      this.#coded = message.coded;
    } else {
      this.#watch();
      this.#events.onFrame(message.frame, this.#coded!, message.leftOut);
    }
  }

  /** Begins to wait for the next sign of life. */
  #watch(): void {
    clearTimeout(this.#silence);
    const { timeout } = this.#options;
    if (timeout === 0 || this.#hasEnded) return;
    this.#silence = setTimeout(() => this.#fail(`${this.#phase} within ${timeout} s`), timeout * 1000);
  }
}
