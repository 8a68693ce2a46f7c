import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

export const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Where the files with known answers lie. */
export const corpus = fileURLToPath(new URL("../../shared/corpus", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the process has started, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs `marey` as a process of its own, to its end. */
export function marey(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // As a shell tells it.
      resolve({ code: signal === null ? code : 128 + constants.signals[signal], stdout, stderr });
    });
    options.onStart?.(child);
  });
}

/** The JSON objects that `marey frames` prints, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
