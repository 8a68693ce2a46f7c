import { availableParallelism } from "node:os";
import type { OpenOptions } from "../index.js";

/** Bytes of decoded pictures that are kept, of all sources together. */
const cacheBytes = 2 ** 27;

/**
 * How each of several sources is opened that are read side by side: together they keep no more than one would, and those that
 * are as many as the processors need no threads of their own.
 */
export function shareOf(sources: number): Pick<OpenOptions, "cacheBytes" | "threads"> {
  const isMany = sources >= availableParallelism();
  return { cacheBytes: Math.floor(cacheBytes / Math.max(1, sources)), ...(isMany && { threads: 1 }) };
}
