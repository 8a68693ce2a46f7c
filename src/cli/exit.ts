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
  interrupted: 130,
} as const;

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The reason with which Ctrl-C aborts. */
export class Interruption extends Error {
  override readonly name = "Interruption";

  constructor() {
    super("interrupted");
  }
}

/** The reason with which a closed pipe (`marey frames x | head`) aborts. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return exit.interrupted;
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
