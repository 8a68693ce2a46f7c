import { execFileSync } from "node:child_process";

/** Runs a program that prints one JSON line last, and gives that line. */
export function runJson(program: string, args: readonly string[]): Record<string, number> {
  const output = execFileSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "{}");
}

/** Seconds that a program takes. */
export function seconds(program: string, args: readonly string[]): number {
  const start = performance.now();
  execFileSync(program, args, { stdio: ["ignore", "ignore", "ignore"] });
  return (performance.now() - start) / 1000;
}

/** Turns of each measurement; the long ones take half of them. BENCH_ROUNDS sets it. */
export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

/**
 * Measures rivals in turns, so that a slow moment of the machine meets all of them, and keeps each one's best.
 * @param better whether more (frames a second) or less (milliseconds) is better.
 */
export function inTurns<Name extends string>(
  rivals: { readonly [N in Name]: () => number },
  better: "more" | "less",
  rounds = ROUNDS,
): { [N in Name]: number } {
  const best = {} as { [N in Name]: number };
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(rivals) as Name[]) {
      const value = rivals[name]();
      const old = best[name] as number | undefined;
      best[name] =
        old === undefined ? value : better === "more" ? Math.max(old, value) : Math.min(old, value);
    }
  }
  return best;
}

export interface Row {
  readonly what: string;
  readonly marey: number;
  readonly unit: string;
  readonly peer: string;
  readonly theirs: number;
  /** The ratio of ours to theirs that is to be reached, and on which side of it. */
  readonly goal?: string;
}

/** Prints rows as a Markdown table. */
export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n### ${title}\n`);
  console.log("| what | Marey | peer | ratio | goal |\n|---|---|---|---|---|");
  for (const { what, marey, unit, peer, theirs, goal } of rows) {
    const ours = `${round(marey)} ${unit}`;
    console.log(
      `| ${what} | ${ours} | ${peer} ${round(theirs)} | ${(marey / theirs).toFixed(2)} | ${goal ?? ""} |`,
    );
  }
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
