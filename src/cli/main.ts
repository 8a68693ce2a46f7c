#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { commands } from "./commands.js";
import { type Context, createContext } from "./context.js";
import { describeError, exit, exitCodeOf } from "./exit.js";

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 verify or doctor found problems, 4 partly done; 129, 130
or 143 when the terminal was closed, by Ctrl-C or by SIGTERM: what was written is closed whole before that.
MAREY_DEBUG=1 shows where an error comes from. "marey help COMMAND" tells more, with examples.`;

/** Only the command that is asked for is loaded; of all others the help needs no more than a line. */
async function buildProgram(args: readonly string[], context: Context, finish: (code: number) => void) {
  const program = new Command("marey")
    .description("Scientific video, housed: record, store, read any frame back exactly, convert and check.")
    .version(version(), "-V, --version")
    .addHelpText("after", exitCodes)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(describeUsageError(text)) })
    .exitOverride();
  const asked = args.filter((arg) => !arg.startsWith("-")).slice(0, 2);
  for (const { name, summary, load } of commands) {
    const command = program.command(name).description(summary);
    if (asked[0] === name || (asked[0] === "help" && asked[1] === name)) {
      (await load()).define(command, context, finish);
    }
  }
  return program;
}

/** Commander's own complaints, spelled as all others are. */
function describeUsageError(text: string): string {
  const advice = /unknown option '-[\d:.]/.test(text)
    ? '; what begins with a minus goes last, behind "--"'
    : "";
  const [line, ...more] = text.replace(/^error: /, "marey: ").split("\n");
  return [`${line}${advice}`, ...more].join("\n");
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

async function main(args: readonly string[]): Promise<number> {
  const context = createContext(commands);
  let code: number = exit.ok;
  try {
    const program = await buildProgram(args, context, (found) => {
      code = found;
    });
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    context.signal.throwIfAborted();
  } catch (error) {
    // Commander has printed its own message; whatever stands behind an abort is told by the signal's reason.
    if (error instanceof CommanderError) code = error.exitCode === 0 ? exit.ok : exit.usage;
    else {
      const reason: unknown = context.signal.aborted ? context.signal.reason : error;
      code = exitCodeOf(reason);
      if (code !== exit.ok) process.stderr.write(`marey: ${describeError(reason)}\n`);
    }
  }
  await context.out.flush();
  return code;
}

const code = await main(process.argv.slice(2));
// Decoders and timers of a source that was left behind must not keep the program alive.
process.stdout.write("", () => process.exit(code));
