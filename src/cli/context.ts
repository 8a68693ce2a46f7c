import type { Command } from "commander";
import { Interruption } from "./exit.js";
import { Output } from "./output.js";
import { type Progress, startProgress } from "./progress.js";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A command in the list of all; its file is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CliCommand>;
}

/** What a command is given to talk with the world. */
export interface Context {
  readonly commands: readonly CommandEntry[];
  readonly out: Output;
  /** Aborts on Ctrl-C, SIGTERM, or when the reader of the output has gone. */
  readonly signal: AbortSignal;
  /** A line for people, on standard error; nothing with --quiet. */
  note(text: string, options: CommonOptions): void;
  progress(label: string, total: number | undefined, options: CommonOptions): Progress;
  /** While `work` runs, a second Ctrl-C does not end the program: something is being written and must be closed. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** One file in cli/ exports one. */
export interface CliCommand {
  /** Adds arguments, options and help; the action resolves to the exit code through `finish`. */
  define(command: Command, context: Context, finish: (code: number) => void): void;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "print JSON for programs instead of text for people")
    .option("-q, --quiet", "no progress bar, no remarks");
}

/** Ends by the signal itself, which a shell reports as 130: `process.exit` would wait for threads that are stuck. */
function leaveAtOnce(): void {
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}

/** Milliseconds from the first Ctrl-C until a command that has nothing to close is left. */
const patience = 3000;

export function createContext(commands: readonly CommandEntry[]): Context {
  const abort = new AbortController();
  const out = new Output(process.stdout, (reason) => abort.abort(reason));
  process.stderr.on("error", () => {}); // a closed terminal must not end a recording
  let guarded = 0;
  let signals = 0;
  const leaveUnlessGuarded = (): void => {
    if (guarded === 0) leaveAtOnce();
  };
  const interrupt = (): void => {
    signals++;
    abort.abort(new Interruption());
    // Some waits (for a network, for a dead disk) hear of no signal.
    setTimeout(leaveUnlessGuarded, patience).unref();
    if (signals > 1) leaveUnlessGuarded();
    if (signals === 2) process.stderr.write("\nclosing what was written; once more leaves at once\n");
    // A store is readable up to its last finished chunk however it is left.
    if (signals > 2) leaveAtOnce();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    commands,
    out,
    signal: abort.signal,
    note: (text, { quiet }) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    progress: (label, total, { quiet }) => startProgress(label, total, quiet === true),
    guard: async (work) => {
      guarded++;
      try {
        return await work();
      } finally {
        guarded--;
      }
    },
  };
}
