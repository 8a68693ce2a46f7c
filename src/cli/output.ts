import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { BrokenPipe } from "./exit.js";
import { toJson } from "./json.js";

/** Characters that are gathered before a write, and milliseconds that a line may wait for that. */
const gather = { characters: 32_768, milliseconds: 50 };

/**
 * Standard output, with backpressure and many lines a write. When it fails, `onBroken` is called once and everything
 * more is thrown away; a reader who has gone (`| head`) is a `BrokenPipe`.
 */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #pending = "";
  #lastWrite = performance.now();
  #broken = false;

  constructor(stream: NodeJS.WriteStream, onBroken: (reason: Error) => void) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#broken) return;
      this.#broken = true;
      onBroken(error.code === "EPIPE" ? new BrokenPipe("the reader of the output has gone") : error);
    });
  }

  get isTerminal(): boolean {
    return (this.#stream as Partial<WriteStream>).isTTY === true;
  }

  /** Resolves when the stream is ready for more. */
  async line(text: string): Promise<void> {
    this.#pending += `${text}\n`;
    const due = performance.now() - this.#lastWrite > gather.milliseconds;
    if (due || this.#pending.length >= gather.characters) await this.flush();
  }

  json(value: unknown): Promise<void> {
    return this.line(toJson(value, 2));
  }

  /** Resolves when all that was written has been handed to the system. */
  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    this.#lastWrite = performance.now();
    if (this.#broken || text === "") return;
    if (!this.#stream.write(text))
      await Promise.race([once(this.#stream, "drain"), once(this.#stream, "close")]).catch(() => {});
  }
}

/** Lines of "name  value", the names padded to one width; entries without a value are left out. */
export function table(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** "1.5 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** "0.41 s", "12.5 s", "1:02:03". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** "12,345". */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString("en-US");
}

/** "1 frame", "12,345 frames". */
export function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
