import { UsageError } from "./exit.js";

const lengths: Record<string, number> = { s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const sizes: Record<string, number> = { k: 10, m: 20, g: 30, t: 40 };

/** Seconds of "30", "30s", "10min", "8h", "2d". @throws {UsageError} if it is none of these. */
export function parseLength(text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/i.exec(text.trim()) ?? [];
  const seconds = Number(number) * (lengths[unit.toLowerCase()] ?? Number.NaN);
  if (!(seconds > 0))
    throw new UsageError(`"${text}" is no length of time; it is written 30s, 10min, 8h or 2d`);
  return seconds;
}

/** Bytes of "500MB", "4GiB", "0". @throws {UsageError} if it is none of these. */
export function parseSize(text: string): number {
  const [, number, prefix, binary] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i)?)?b?$/i.exec(text.trim()) ?? [];
  const power = prefix === undefined ? 0 : sizes[prefix.toLowerCase()]!;
  const unit = binary ? 2 ** power : 10 ** ((power / 10) * 3);
  const bytes = Number(number) * unit;
  if (!(bytes >= 0)) throw new UsageError(`"${text}" is no size; it is written 500MB or 4GiB`);
  return Math.round(bytes);
}

/** Seconds since 1970 of "18:30" (the next), "2026-05-01T12:00", "+2h". @throws {UsageError} if it is none of these. */
export function parseInstant(text: string, now = new Date()): number {
  if (text.startsWith("+")) return now.getTime() / 1000 + parseLength(text.slice(1));
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock) {
    const next = new Date(now);
    next.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
    if (next <= now) next.setDate(next.getDate() + 1);
    return next.getTime() / 1000;
  }
  const instant = new Date(text).getTime() / 1000;
  if (Number.isNaN(instant))
    throw new UsageError(`"${text}" is no time; it is written 18:30, 2026-05-01T12:00 or +2h`);
  return instant;
}
