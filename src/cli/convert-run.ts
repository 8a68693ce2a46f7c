import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Conversion, ConvertOptions, ConvertReceipt } from "../index.js";
import type { Context } from "./context.js";
import type { ConvertPair } from "./convert-inputs.js";
import type { ConvertCommandOptions } from "./convert-options.js";
import { conversionFacts, describeConversion } from "./describe-conversion.js";
import { describeError, exit, UsageError } from "./exit.js";
import { toJson } from "./json.js";
import { countOf, formatCount, formatSeconds } from "./output.js";

/** What became of one input. */
type Done =
  | { readonly kind: "made"; readonly receipt: ConvertReceipt }
  | { readonly kind: "there" }
  | { readonly kind: "planned"; readonly facts: Awaited<ReturnType<typeof conversionFacts>> };

/** Looks at a conversion before it is run. */
export type Check = (conversion: Conversion) => Promise<void>;

/** One input, whose errors are the command's. @returns the exit code. */
export async function convertOne(
  pair: ConvertPair,
  making: ConvertOptions,
  options: ConvertCommandOptions,
  context: Context,
  check?: Check,
): Promise<number> {
  const done = await convertPair(pair, "converting", making, options, context, check);
  if (options.json) await context.out.json(jsonOf(pair, done));
  else if (!options.quiet || done.kind === "planned") await context.out.line(textOf(pair, done));
  return exit.ok;
}

/** One after the other; what fails is told of, and the others go on. @returns the exit code. */
export async function convertAll(
  pairs: readonly ConvertPair[],
  making: ConvertOptions,
  options: ConvertCommandOptions,
  context: Context,
): Promise<number> {
  const { json, quiet } = options;
  const began = performance.now();
  const sum = { inputs: pairs.length, converted: 0, there: 0, failed: 0, frames: 0 };
  for (const [at, pair] of pairs.entries()) {
    try {
      const label = `${at + 1}/${pairs.length}`;
      if (!options.dryRun) await mkdir(dirname(pair.output), { recursive: true });
      const done = await convertPair(pair, label, making, options, context);
      if (done.kind === "there") sum.there++;
      else sum.converted++;
      if (done.kind === "made") sum.frames += done.receipt.frames;
      if (json) await context.out.line(toJson(jsonOf(pair, done)));
      else if (!quiet || done.kind === "planned") await context.out.line(textOf(pair, done));
      // A result that is told of is told of at once: the next may take hours.
      await context.out.flush();
    } catch (error) {
      if (context.signal.aborted || error instanceof UsageError) throw error;
      sum.failed++;
      const code = (error as { readonly code?: unknown }).code;
      if (json) await context.out.line(toJson({ ...pair, error: describeError(error), code }));
      else process.stderr.write(`marey: ${pair.input}: ${withoutPath(describeError(error), pair.input)}\n`);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  if (json && !options.dryRun) await context.out.line(toJson({ ...sum, seconds }));
  else if (!quiet && !options.dryRun) {
    const rest = [
      ...(sum.there > 0 ? [`${formatCount(sum.there)} there already`] : []),
      ...(sum.failed > 0 ? [`${formatCount(sum.failed)} failed`] : []),
      `${countOf(sum.frames, "frame")} in ${formatSeconds(seconds)}`,
    ];
    await context.out.line(
      `${formatCount(sum.converted)} of ${countOf(sum.inputs, "input")} converted, ${rest.join(", ")}`,
    );
  }
  return sum.failed === 0 ? exit.ok : sum.failed === sum.inputs ? exit.failed : exit.partly;
}

/** Most errors begin with the path; it stands in front of the line already. */
function withoutPath(text: string, path: string): string {
  return text.startsWith(`${path}: `) ? text.slice(path.length + 2) : text;
}

async function convertPair(
  { input, output }: ConvertPair,
  label: string,
  making: ConvertOptions,
  options: ConvertCommandOptions,
  context: Context,
  check?: Check,
): Promise<Done> {
  const { planConversion } = await import("../index.js");
  const { resume, dryRun, json } = options;
  let drift = 0;
  let progress: ReturnType<Context["progress"]> | undefined;
  // Without a recipe of the same, a result that is there is not this one.
  const create = { ...making.create, ...(resume && { overwrite: true }) };
  await using conversion = await planConversion(input, output, {
    ...{ ...making, create, recipe: options.recipe !== false },
    onProgress: ({ written, ...pace }) => progress?.update(written, pace),
    onStart: () => {
      if (drift === 0 || json) return;
      const found = `evenly spaced, frames stand up to ${formatSeconds(drift)} off their own time`;
      context.note(`marey: ${output}: ${found}; --times keeps it (mp4, mkv, mov)`, options);
    },
  });
  drift = conversion.drift;
  await check?.(conversion);
  if (resume && (await conversion.isDone())) return { kind: "there" };
  if (dryRun) return { kind: "planned", facts: await conversionFacts(conversion) };
  progress = context.progress(label, conversion.range.count, options);
  try {
    const receipt = await context.guard(() => conversion.run());
    progress.end();
    noteSnap(receipt, conversion, options, context);
    return { kind: "made", receipt };
  } finally {
    progress.end();
  }
}

/** A copy begins with a keyframe; says so where that is another frame than the one that was asked for. */
function noteSnap(
  { copied, output }: ConvertReceipt,
  { range }: Conversion,
  options: ConvertCommandOptions,
  context: Context,
): void {
  if (!copied || options.json) return;
  const [before, after] = [range.start - copied.start, copied.stop - (range.start + range.count)];
  if (before === 0 && after === 0) return;
  const more = [
    ...(before > 0 ? [`${formatCount(before)} before, from the keyframe on`] : []),
    ...(after > 0 ? [`${formatCount(after)} after, that others lean on`] : []),
  ];
  const frames = `frames ${copied.start} to ${copied.stop - 1}`;
  context.note(`marey: ${output}: ${frames}, more than was asked for: ${more.join("; ")}`, options);
}

function textOf({ output }: ConvertPair, done: Done): string {
  if (done.kind === "planned") return describeConversion(done.facts);
  if (done.kind === "there") return `${output}: is there, with the same recipe`;
  const { frames, seconds } = done.receipt;
  return `${output}: ${countOf(frames, "frame")} in ${formatSeconds(seconds)}`;
}

function jsonOf({ input, output }: ConvertPair, done: Done): unknown {
  if (done.kind === "planned") return done.facts;
  if (done.kind === "there") return { input, output, there: true };
  const { frames, drift, seconds, rows, copied, recipePath } = done.receipt;
  const framesPerSecond = frames / seconds;
  return { input, output, frames, drift, seconds, framesPerSecond, rows, copied, recipe: recipePath };
}
