import type { Command } from "commander";
import type { FrameIndex } from "../core/frame-index.js";
import { resolveRange } from "../core/stream.js";
import { boundOf, parsePosition, type Span } from "./address.js";
import { UsageError } from "./exit.js";

/** --start, --stop and --step, as commander gives them. */
export interface SelectionOptions {
  readonly start?: string;
  readonly stop?: string;
  readonly step?: number;
}

/** Every `step`-th frame from `start`, `count` of them; what `resolveRange` gives. */
export interface Selection {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

export function addSelectionOptions(command: Command): Command {
  return command
    .option("--start <address>", "first frame: index, #number, time, date or percent (default: the first)")
    .option("--stop <address>", "where to end; that frame is not included (default: after the last)")
    .option("--step <count>", "every how many frames; negative runs backwards (default: 1)", parseInteger);
}

/** For options that take an integer. */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`"${text}" is not an integer`);
  return Number(text);
}

/** For options that take a number above 0. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new UsageError(`"${text}" is not a number above 0`);
  }
  return value;
}

export function select(index: FrameIndex, options: SelectionOptions): Selection {
  const bound = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : boundOf(index, parsePosition(text));
  const [start, stop] = [bound(options.start), bound(options.stop)];
  return resolveRange(
    {
      ...(start !== undefined && { start }),
      ...(stop !== undefined && { stop }),
      ...(options.step !== undefined && { step: options.step }),
    },
    index.length,
  );
}

export function selectSpan(index: FrameIndex, { start, stop }: Span): Selection {
  return resolveRange(
    { ...(start && { start: boundOf(index, start) }), ...(stop && { stop: boundOf(index, stop) }) },
    index.length,
  );
}

export function backward({ start, count, step }: Selection): Selection {
  return { start: start + (count - 1) * step, count, step: -step };
}

/** The ranks in an order that looks random but is the same every time. */
export function shuffled({ start, count, step }: Selection, seed = 1): Uint32Array {
  const ranks = Uint32Array.from({ length: count }, (_, at) => start + at * step);
  let state = seed >>> 0;
  for (let left = count; left > 1; left--) {
    // Mulberry32, by Tommy Ettinger; then Fisher and Yates.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const other = Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * left);
    const last = ranks[left - 1]!;
    ranks[left - 1] = ranks[other]!;
    ranks[other] = last;
  }
  return ranks;
}
