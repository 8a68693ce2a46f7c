import type { LossCause } from "../capture/loss-ledger.js";

/** "12,345". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 frame", "12,345 frames". */
export function countOf(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? "" : "s"}`;
}

/** "1.5 MiB". */
export function bytesIn(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** "9.998 ms", "12.50 s", "1:02:03". */
export function secondsIn(seconds: number): string {
  if (Math.abs(seconds) < 1) return `${(seconds * 1000).toFixed(3)} ms`;
  if (Math.abs(seconds) < 60) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(Math.abs(seconds));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${seconds < 0 ? "-" : ""}${hours > 0 ? `${hours}:${pad(minutes)}` : minutes}:${pad(whole % 60)}`;
}

const whose: Readonly<Record<LossCause, string>> = {
  ...{ camera: "lost by the camera", queue: "dropped by a full queue" },
  ...{ encoder: "lost by the encoder", disk: "lost by the disk" },
};

/** "2 lost by the camera, 1 lost by the disk"; empty if there are none. */
export function lossesIn(losses: Readonly<Record<LossCause, number>>): string {
  return (Object.keys(whose) as LossCause[])
    .filter((cause) => losses[cause] > 0)
    .map((cause) => `${count(losses[cause])} ${whose[cause]}`)
    .join(", ");
}

interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly median: number;
  readonly p99: number;
}

/** Of seconds from frame to frame. */
export function intervalsIn({ mean, deviation, median, p99 }: Spread): string {
  const rate = median > 0 ? `${Number((1 / median).toPrecision(5))} frames/s; ` : "";
  return `${rate}mean ${secondsIn(mean)}, jitter ${secondsIn(deviation)}, 99 % within ${secondsIn(p99)}`;
}
