import { parseDuration, parseMoment, parseSize } from "../recording/rig-values.js";
import { UsageError } from "./exit.js";

/** Seconds of "30", "30s", "10min", "8h". */
export function parseLength(text: string): number {
  return read(text, parseDuration);
}

/** Bytes of "500MB", "4GiB". */
export function parseSizeOption(text: string): number {
  return read(text, parseSize);
}

/** Seconds since 1970 of "18:30" (the next), "2026-05-01 12:00", "+2h". */
export function parseUntil(text: string): number {
  const now = Date.now() / 1000;
  return text.startsWith("+")
    ? now + parseLength(text.slice(1))
    : read(text, (given) => parseMoment(given, now));
}

function read(text: string, parse: (text: string) => number): number {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`"${text}" is not ${(error as Error).message}`);
  }
}
