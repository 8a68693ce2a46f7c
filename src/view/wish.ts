import type { Wish } from "./preview-hub.js";
import { RequestError } from "./request-error.js";

const limits = { rate: { least: 0.1, most: 60 }, width: { least: 16, most: 1920 } } as const;

/**
 * What somebody says they want to see.
 * @param asked `rate`, 0.1 … 60 pictures a second (default 10); `width`, 16 … 1920 pixels (default 640); `video`, H.264
 *   instead of JPEG (default false).
 * @throws {RequestError} if it is nothing that can be had.
 */
export function readWish(asked: {
  readonly rate?: unknown;
  readonly width?: unknown;
  readonly video?: unknown;
}): Wish {
  return {
    kind: asked.video === true ? "h264" : "jpeg",
    rate: numberOf("rate", asked.rate ?? 10),
    width: Math.round(numberOf("width", asked.width ?? 640)),
  };
}

function numberOf(name: keyof typeof limits, value: unknown): number {
  const { least, most } = limits[name];
  const number = typeof value === "number" ? value : Number(String(value).trim() || Number.NaN);
  if (!(number >= least && number <= most)) {
    throw new RequestError("BAD_REQUEST", `${name} is a number from ${least} to ${most}`);
  }
  return number;
}
