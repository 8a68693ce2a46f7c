import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { countOf, formatBytes, formatCount, formatSeconds } from "./output.js";
import type { Progress } from "./progress.js";
import { parseInteger } from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";
import type { VerifyReport } from "./verify-source.js";

interface VerifyCliOptions extends CommonOptions, SourceOptions {
  readonly shuffle: number;
  readonly strict?: boolean;
}

const help = `
Reads every frame in order, then again in shuffled order, and compares: every frame of a source of up to 1000, and
1000 spread over a longer one, because a video decodes many frames for one; --shuffle all takes them all.

Wrong are: frames that cannot be read, frames that differ between the two, frames with another number or time than
the index says, files that say they hold more frames than they do, stores with missing or damaged chunks. Then the
exit code is 3. Lost frame numbers, equal numbers and clocks that run backwards are how the recording went, and stray
files, a lock or an unknown time zone cost no frame: they are remarks, and problems only with --strict.

With --json one object: path, kind, ok, frames, read, failed, shuffled, different, bytes, seconds, framesPerSecond,
remarks (texts), problems (objects of kind, frame, message).`;

/** More are counted, but not printed one by one for people. */
const shownProblems = 20;

export const verify: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .option("--shuffle <count>", 'how many to read again in shuffled order, or "all"', parseCount, 1000)
      .option("--strict", "what is remarkable is wrong too: gaps, duplicates, backward times, stray files")
      .addHelpText("after", help)
      .action(async (path: string, options: VerifyCliOptions) => finish(await check(path, options, context)));
  },
};

function parseCount(text: string): number {
  return text === "all" ? Number.POSITIVE_INFINITY : Math.max(0, parseInteger(text));
}

async function check(path: string, options: VerifyCliOptions, context: Context): Promise<number> {
  const { open, sniff } = await import("../index.js");
  const { verifySource } = await import("./verify-source.js");
  const kind = await sniff(path);
  const started = performance.now();
  await using source = await open(path, openOptions(options, context));
  let bar: { readonly pass: string; readonly progress: Progress } | undefined;
  const report = await verifySource(source, {
    signal: context.signal,
    shuffle: options.shuffle,
    onProgress(pass, done, total) {
      if (bar?.pass !== pass) {
        bar?.progress.end();
        bar = { pass, progress: context.progress(`reading ${pass}`, total, options) };
      }
      bar.progress.update(done);
    },
  }).finally(() => bar?.progress.end());
  const strict = options.strict ? report.remarks.map((message) => ({ kind: "remark", message })) : [];
  const problems = [...report.problems, ...strict];
  const seconds = (performance.now() - started) / 1000;
  const ok = problems.length === 0;
  const summary = { path, kind, ok, ...report, problems, seconds, framesPerSecond: report.read / seconds };
  if (options.json) await context.out.json(summary);
  else await context.out.line(render(summary));
  return ok ? exit.ok : exit.problems;
}

function render(
  report: VerifyReport & {
    readonly path: string;
    readonly seconds: number;
    readonly framesPerSecond: number;
  },
): string {
  const { problems, frames, read, shuffled, different } = report;
  const shown = problems.slice(0, shownProblems).map(({ message }) => `  wrong: ${message}`);
  if (problems.length > shown.length)
    shown.push(`  and ${countOf(problems.length - shown.length, "problem")} more`);
  const all = shuffled === frames ? "all" : `${formatCount(shuffled)} of them`;
  return [
    `${report.path}: ${problems.length === 0 ? "ok" : countOf(problems.length, "problem")}`,
    `  ${formatCount(read)} of ${countOf(frames, "frame")} read in order, ${formatBytes(report.bytes)} of pixels`,
    `  ${all} read again in shuffled order, ${different === 0 ? "each the same" : `${formatCount(different)} different`}`,
    ...report.remarks.map((remark) => `  remark: ${remark}`),
    ...shown,
    `  ${formatSeconds(report.seconds)}`,
  ].join("\n");
}
