import type { Command } from "commander";
import { type EndSignal, endSignals, Interruption } from "./exit.js";
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
  /** Aborts on Ctrl-C, SIGTERM, SIGHUP, or when the reader of the output has gone. */
  readonly signal: AbortSignal;
  /** A line for people, on standard error; nothing with --quiet. */
  note(text: string, options: CommonOptions): void;
  progress(label: string, total: number | undefined, options: CommonOptions): Progress;
  /** While `work` runs, a second signal does not end the program: something is being written and must be closed. */
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

/** Ends by the signal itself, which a shell reports as it should: `process.exit` would wait for threads that are stuck. */
function leaveAtOnce(signal: EndSignal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Milliseconds from the first signal until a command that has nothing to close is left. */
const patience = 3000;

export function createContext(commands: readonly CommandEntry[]): Context {
  const abort = new AbortController();
  const out = new Output(process.stdout, (reason) => abort.abort(reason));
  process.stderr.on("error", () => {}); // a closed terminal must not end a recording
  let guarded = 0;
  let signals = 0;
  const leaveUnlessGuarded = (signal: EndSignal): void => {
    if (guarded === 0) leaveAtOnce(signal);
  };
  const end = (signal: EndSignal): void => {
    signals++;
    abort.abort(new Interruption(signal));
    // Some waits (for a network, for a dead disk) hear of no signal.
    setTimeout(() => leaveUnlessGuarded(signal), patience).unref();
    if (signals > 1) leaveUnlessGuarded(signal);
    if (signals === 2) process.stderr.write("\nclosing what was written; once more leaves at once\n");
    // However a store is left, its frames can be read, and repair makes it whole.
    if (signals > 2) leaveAtOnce(signal);
  };
  for (const signal of endSignals) process.on(signal, () => end(signal));
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
