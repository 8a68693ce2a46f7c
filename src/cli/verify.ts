import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ExistsError } from "../core/errors.js";
import type { SeekableSource, StoreDamage, StoreReader, StoreReceipt } from "../index.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { countOf, formatBytes, formatCount, formatSeconds } from "./output.js";
import type { Progress } from "./progress.js";
import { parseInteger } from "./selection.js";
import { addSourceOptions, openOptions, type SourceOptions } from "./source-options.js";
import { remarksOn, type VerifyReport } from "./verify-source.js";

interface VerifyCliOptions extends CommonOptions, SourceOptions {
  readonly deep?: boolean;
  readonly shuffle: number;
  readonly strict?: boolean;
  readonly page?: string;
  readonly overwrite?: boolean;
}

const help = `
A store that Marey wrote is verified by its bytes: every picture, video, index and row of extra data is compared with the
digest that was written down with it. Of a store of Python's imgstore or Motif, which have none, it is seen whether all is
there and as long as the indexes say. --deep decodes every frame, too.

Every other source, and a store with --deep, is read: every frame in order, then again in shuffled order, and compared:
every frame of a source of up to 1000, and 1000 spread over a longer one, because a video decodes many frames for one;
--shuffle all takes them all.

Wrong are: bytes that changed, frames that cannot be read, frames that differ between the two, frames with another number
or time than the index says, files that say they hold more frames than they do, stores with missing or damaged chunks. Then
the exit code is 3. Lost frame numbers, equal numbers and clocks that run backwards are how the recording went, and stray
files, a lock or an unknown time zone cost no frame: they are remarks, and problems only with --strict.

With --json one object: path, kind, ok, frames, bytes, seconds, remarks (texts), problems (objects of kind, frame, message).
Of what was read: read, failed, shuffled, different, framesPerSecond. Of a store, its receipt: stamps (gaps, repeated and
backward numbers, time jumps, rate, intervals), chunks (number, state, frames, bytes, digests, damage), extraData, checked.

--page writes what was found of a store as a page for people, with charts of gaps and intervals: one file of HTML that needs
nothing else.

Examples:
  marey verify /data/day3
  marey verify /data/day3 --page day3.html
  marey verify /data/day3 --deep --json > day3-receipt.json`;

/** More are counted, but not printed one by one for people. */
const shownProblems = 20;

export const verify: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(addSourceOptions(command))
      .argument("<path>", "store, video, image folder or pattern, array, URL")
      .option("--deep", "of a store: decode every frame, too")
      .option("--shuffle <count>", 'how many to read again in shuffled order, or "all"', parseCount, 1000)
      .option("--strict", "what is remarkable is wrong too: gaps, duplicates, backward times, stray files")
      .option("--page <file>", "of a store: write what was found as a page of HTML")
      .option("--overwrite", "replace the page if it exists")
      .addHelpText("after", help)
      .action(async (path: string, options: VerifyCliOptions) => finish(await check(path, options, context)));
  },
};

function parseCount(text: string): number {
  return text === "all" ? Number.POSITIVE_INFINITY : Math.max(0, parseInteger(text));
}

interface Finding {
  readonly kind: string;
  readonly frame?: number;
  readonly message: string;
}

async function check(path: string, options: VerifyCliOptions, context: Context): Promise<number> {
  const { open, openStore, sniff, verifyStore } = await import("../index.js");
  const kind = await sniff(path);
  if (options.page !== undefined) await checkPage(options.page, kind, options.overwrite);
  const started = performance.now();
  const show = progressOf(context, options);
  const wanted = await openOptions(options, context);
  const { pixels } = wanted;
  const store = kind === "store" ? await openStore(fileOf(path), { ...(pixels && { pixels }) }) : undefined;
  await using source = store ?? (await open(path, wanted));
  const receipt =
    store &&
    (await verifyStore(store, { signal: context.signal, onProgress: show.update }).finally(show.end));
  const report = receipt === undefined || options.deep ? await read(source, options, context) : undefined;
  const remarks = remarksOn(source);
  const problems = [
    ...withoutEchoes([...(receipt?.damage.map(asFinding) ?? []), ...(report?.problems ?? [])]),
    ...(options.strict ? remarks.map((message) => ({ kind: "remark", message })) : []),
  ];
  const seconds = (performance.now() - started) / 1000;
  const ok = problems.length === 0;
  const { damage: _, ...facts } = receipt ?? { damage: [] };
  const rate = report && { framesPerSecond: report.read / seconds };
  const summary = { ...facts, ...report, path, kind, ok, remarks, problems, seconds, ...rate };
  if (store && receipt && options.page !== undefined) {
    const { page, overwrite = false } = options;
    await writePage(page, overwrite, store, receipt, {
      remarks,
      problems: problems.map(({ message }) => message),
    });
  }
  if (options.json) await context.out.json(summary);
  else await context.out.line(render({ path, remarks, problems, seconds }, receipt, report));
  return ok ? exit.ok : exit.problems;
}

/** Before all the work: a page is made of stores, and replaces nothing unless it is to. */
async function checkPage(path: string, kind: string, overwrite = false): Promise<void> {
  if (kind !== "store") throw new UsageError(`--page is for stores; this is of the kind "${kind}"`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere && !overwrite) throw new ExistsError(path, "--overwrite replaces it");
}

async function writePage(
  path: string,
  overwrite: boolean,
  store: StoreReader,
  receipt: StoreReceipt,
  found: { readonly remarks: readonly string[]; readonly problems: readonly string[] },
): Promise<void> {
  const [{ indexProfile }, { storePage }, { writeLines }] = await Promise.all([
    import("../recording/index-profile.js"),
    import("../recording/store-page.js"),
    import("../store/whole-file.js"),
  ]);
  const describe = { ...store.describe(), metadata: store.userMetadata };
  const page = storePage(receipt, { ...found, profile: indexProfile(store.index), describe });
  await writeLines(path, overwrite, [page.trimEnd()]);
}

async function read(
  source: SeekableSource,
  options: VerifyCliOptions,
  context: Context,
): Promise<VerifyReport> {
  const { verifySource } = await import("./verify-source.js");
  const show = progressOf(context, options);
  const { signal } = context;
  return verifySource(source, { signal, shuffle: options.shuffle, onProgress: show.update }).finally(
    show.end,
  );
}

/** One bar after another, as the work goes on from pass to pass. */
function progressOf(
  context: Context,
  options: VerifyCliOptions,
): { update(pass: string, done: number, total: number): void; end(): void } {
  let bar: { readonly pass: string; readonly progress: Progress } | undefined;
  const end = (): void => bar?.progress.end();
  return {
    end,
    update: (pass, done, total) => {
      if (bar?.pass !== pass) {
        end();
        bar = { pass, progress: context.progress(`reading ${pass}`, total, options) };
      }
      bar.progress.update(done);
    },
  };
}

function asFinding({ path, frame, message }: StoreDamage): Finding {
  const where = frame === undefined ? path : `${path}, frame ${frame}`;
  return { kind: "damage", ...(frame !== undefined && { frame }), message: `${where}: ${message}` };
}

/** A store tells of the same damage whether its bytes are looked at or its frames are read. */
function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>();
  return findings.filter(({ message }) => !told.has(message) && told.add(message));
}

interface Verdict {
  readonly path: string;
  readonly remarks: readonly string[];
  readonly problems: readonly Finding[];
  readonly seconds: number;
}

function render(
  { path, remarks, problems, seconds }: Verdict,
  receipt: StoreReceipt | undefined,
  report: VerifyReport | undefined,
): string {
  const shown = problems.slice(0, shownProblems).map(({ message }) => `  wrong: ${message}`);
  if (problems.length > shown.length)
    shown.push(`  and ${countOf(problems.length - shown.length, "problem")} more`);
  return [
    `${path}: ${problems.length === 0 ? "ok" : countOf(problems.length, "problem")}`,
    ...(receipt ? describeReceipt(receipt) : []),
    ...(report ? describeReading(report) : []),
    ...remarks.map((remark) => `  remark: ${remark}`),
    ...shown,
    `  ${formatSeconds(seconds)}`,
  ].join("\n");
}

function describeReceipt({ frames, bytes, chunks, stamps, checked, extraData }: StoreReceipt): string[] {
  const { rate, intervals, duration } = stamps;
  const pace =
    rate && intervals
      ? `, ${rate} frames/s (jitter ${(intervals.deviation * 1000).toFixed(3)} ms), ${formatSeconds(duration)} long`
      : "";
  const compared =
    checked.digests === frames
      ? "the bytes of every frame are those that were written"
      : checked.digests === 0
        ? "no digests in it: looked whether everything is there"
        : `the bytes of ${formatCount(checked.digests)} frames are those that were written`;
  const open = chunks.filter(({ state }) => state === "open").length;
  return [
    `  ${countOf(frames, "frame")} in ${countOf(chunks.length, "chunk")}, ${formatBytes(bytes)}${pace}`,
    `  ${compared}`,
    ...(open > 0 ? [`  ${countOf(open, "chunk")} not finished; marey repair finishes it`] : []),
    ...(extraData.rows > 0
      ? [`  ${countOf(extraData.rows, "row")} of extra data, for ${countOf(extraData.frames, "frame")}`]
      : []),
  ];
}

function describeReading({ read, frames, bytes, shuffled, different }: VerifyReport): string[] {
  const all = shuffled === frames ? "all" : `${formatCount(shuffled)} of them`;
  return [
    `  ${formatCount(read)} of ${countOf(frames, "frame")} read in order, ${formatBytes(bytes)} of pixels`,
    `  ${all} read again in shuffled order, ${different === 0 ? "each the same" : `${formatCount(different)} different`}`,
  ];
}

function fileOf(path: string): string {
  return /^file:\/\//i.test(path) ? fileURLToPath(path) : path;
}
