import type { WriteStream } from "node:tty";
import { formatSeconds } from "./output.js";

/** How fast a conversion is of late. */
export interface Pace {
  /** Frames a second. */
  readonly readRate: number;
  readonly writeRate: number;
  /** Seconds that are left. */
  readonly eta: number;
}

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** Undefined where the end is open. */
  readonly total: number | undefined;
  /** Seconds since the start. */
  readonly seconds: number;
  /** What is known of both sides of a conversion. */
  readonly pace?: Pace;
  /** Width of the terminal. */
  readonly columns: number;
}

/** One line such as `reading  ########........  412/1000  206/s  0:03 left`, never wider than the terminal. */
export function renderProgress({ label, done, total, seconds, columns, pace }: ProgressState): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = pace
    ? `read ${perSecond(pace.readRate)}  write ${perSecond(pace.writeRate)}`
    : perSecond(rate);
  if (total === undefined)
    return `${label}  ${done}  ${speed}  ${formatSeconds(seconds)}`.slice(0, columns - 1);
  const remaining = pace ? pace.eta : (total - done) / rate;
  const left = done > 0 && Number.isFinite(remaining) ? `${formatSeconds(remaining)} left` : "";
  const text = `${done}/${total}  ${speed}  ${left}`;
  const room = Math.min(40, columns - label.length - text.length - 6);
  if (room < 5) return `${label}  ${text}`.slice(0, columns - 1);
  const full = Math.round((room * Math.min(done, total)) / Math.max(1, total));
  return `${label}  ${"#".repeat(full)}${".".repeat(room - full)}  ${text}`;
}

function perSecond(rate: number): string {
  if (!Number.isFinite(rate)) return "?/s";
  return `${rate >= 100 ? Math.round(rate) : rate.toFixed(1)}/s`;
}

export interface Progress {
  update(done: number, pace?: Pace): void;
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
    update(done, pace) {
      const now = performance.now();
      if (now - drawn < 100) return;
      drawn = now;
      const seconds = (now - started) / 1000;
      const columns = stream.columns || 80;
      stream.write(
        `\r\u001b[K${renderProgress({ label, done, total, seconds, columns, ...(pace && { pace }) })}`,
      );
    },
    end() {
      if (drawn > Number.NEGATIVE_INFINITY) stream.write("\r\u001b[K");
      drawn = Number.NEGATIVE_INFINITY;
    },
  };
}
