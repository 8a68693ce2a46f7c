import type { WriteStream } from "node:tty";
import { formatSeconds } from "./output.js";

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** Undefined where the end is open. */
  readonly total: number | undefined;
  /** Seconds since the start. */
  readonly seconds: number;
  /** Width of the terminal. */
  readonly columns: number;
}

/** One line such as `reading  ########........  412/1000  206/s  0:03 left`, never wider than the terminal. */
export function renderProgress({ label, done, total, seconds, columns }: ProgressState): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = `${rate >= 100 ? Math.round(rate) : rate.toFixed(1)}/s`;
  if (total === undefined)
    return `${label}  ${done}  ${speed}  ${formatSeconds(seconds)}`.slice(0, columns - 1);
  const left = rate > 0 && done > 0 ? `${formatSeconds((total - done) / rate)} left` : "";
  const text = `${done}/${total}  ${speed}  ${left}`;
  const room = Math.min(40, columns - label.length - text.length - 6);
  if (room < 5) return `${label}  ${text}`.slice(0, columns - 1);
  const full = Math.round((room * Math.min(done, total)) / Math.max(1, total));
  return `${label}  ${"#".repeat(full)}${".".repeat(room - full)}  ${text}`;
}

export interface Progress {
  update(done: number): void;
  /** Wipes the line. May be called twice. */
  end(): void;
}

const silent: Progress = { update: () => {}, end: () => {} };

/** A bar on a terminal, redrawn ten times a second at most; nothing at all in a pipe or with `quiet`. */
export function startProgress(label: string, total: number | undefined, quiet: boolean): Progress {
  const stream: WriteStream = process.stderr;
  if (quiet || !stream.isTTY) return silent;
  const started = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(done) {
      const now = performance.now();
      if (now - drawn < 100) return;
      drawn = now;
      const seconds = (now - started) / 1000;
      const columns = stream.columns || 80;
      stream.write(`\r\u001b[K${renderProgress({ label, done, total, seconds, columns })}`);
    },
    end() {
      if (drawn > Number.NEGATIVE_INFINITY) stream.write("\r\u001b[K");
      drawn = Number.NEGATIVE_INFINITY;
    },
  };
}
