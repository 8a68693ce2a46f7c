import { spawnSync } from "node:child_process";

/** Runs a Python program with Debian's interpreter, the judge of these tests, and gives what it prints. */
export function python(program: string, args: readonly string[] = [], input?: Uint8Array): string {
  const run = spawnSync("/usr/bin/python3", ["-c", program, ...args], {
    ...(input && { input }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`python failed: ${run.stderr}`);
  return run.stdout;
}
