import { constants } from "node:os";
import { MareyError } from "../core/errors.js";

/** What `marey` returns to the shell. */
export const exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** `verify` and `doctor`: the work was done, and it found something wrong. */
  problems: 3,
  /** Some frames or tracks could be done, others could not. */
  partly: 4,
} as const;

/** Signals that ask the program to end: a terminal that was closed, Ctrl-C, and what `kill` and a shutdown send. */
export const endSignals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

export type EndSignal = (typeof endSignals)[number];

const nameOfSignal = { SIGHUP: "hung up", SIGINT: "interrupted", SIGTERM: "terminated" } as const;

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The reason with which a signal aborts. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** What a shell reports of a program that a signal ended: 129 hung up, 130 interrupted, 143 terminated. */
  readonly exitCode: number;

  constructor(signal: EndSignal) {
    super(nameOfSignal[signal]);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Whether somebody asked for the end: a store keeps what it has then. */
export function isInterruption(reason: unknown): boolean {
  return reason instanceof Interruption;
}

/** The reason with which a closed pipe (`marey frames x | head`) aborts. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof BrokenPipe) return exit.ok;
  const badArgument =
    error instanceof UsageError || error instanceof TypeError || error instanceof RangeError;
  return badArgument ? exit.usage : exit.failed;
}

/** One line for people, a line break in a file name written as \n. `MAREY_DEBUG=1` shows the stack too. */
export function describeError(error: unknown): string {
  if (process.env.MAREY_DEBUG && error instanceof Error) return error.stack ?? error.message;
  const text = error instanceof Error ? error.message || error.name : String(error);
  const line = text.trim().replaceAll("\n", "\\n");
  const expected =
    error instanceof MareyError || error instanceof UsageError || (error as { code?: unknown })?.code;
  return expected || error instanceof Interruption ? line : `${line} (MAREY_DEBUG=1 shows where)`;
}
