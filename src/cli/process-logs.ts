import type { ProcessedLog } from "../timestamps/process-logs.js";
import type { CommonOptions, Context } from "./context.js";
import { describeError, exit, UsageError } from "./exit.js";
import { countOf } from "./output.js";

/** What "marey timestamps" takes of whole folders of logs. */
export interface LogFolderOptions extends CommonOptions {
  readonly output?: string;
  /** Numbers of cameras. */
  readonly source: readonly string[];
  readonly name?: string;
  readonly job?: string;
  readonly assemble?: boolean;
  readonly verify?: boolean;
  readonly keep?: boolean;
}

/** All logs of a tree into a folder, as "axvs process" does. */
export async function processFolder(
  path: string,
  options: LogFolderOptions,
  context: Context,
): Promise<number> {
  const { output, source, job, name } = options;
  if (name !== undefined) throw new UsageError("--name goes with a log that is written, OUTPUT 101_log.npz");
  const { processLogs } = await import("../timestamps/process-logs.js");
  const progress = context.progress("logs", undefined, options);
  const { signal } = context;
  const wanted = { ...(source.length > 0 && { sources: source }), ...(job !== undefined && { job }) };
  const onJob = (_: unknown, done: number): void => progress.update(done);
  const logs = await context
    .guard(() => processLogs(path, output!, { ...wanted, signal, onJob }))
    .finally(() => progress.end());
  if (options.json) await context.out.json({ path, output, jobs: logs.map(describeLog) });
  else if (!options.quiet) for (const log of logs) await context.out.line(lineOf(log));
  const failed = logs.filter(({ error }) => error !== undefined);
  for (const { id, error } of failed) context.note(`marey: camera ${id}: ${describeError(error)}`, {});
  return failed.length === 0 ? exit.ok : failed.length === logs.length ? exit.failed : exit.partly;
}

function describeLog({ id, name, jobId, output, frames, error }: ProcessedLog) {
  return {
    source: id,
    name,
    job: jobId,
    output,
    frames: frames ?? null,
    error: error ? describeError(error) : null,
  };
}

function lineOf({ id, name, output, frames }: ProcessedLog): string {
  return `${id} ${name}: ${frames === undefined ? "failed" : `${countOf(frames, "frame")}, ${output}`}`;
}

/** The messages of a folder into archives. */
export async function assembleFolder(
  path: string,
  options: LogFolderOptions,
  context: Context,
): Promise<number> {
  const { verify = false, keep = false, source, output } = options;
  if (output !== undefined)
    throw new UsageError("--assemble writes archives beside the messages, and takes no OUTPUT");
  const { assembleLogs } = await import("../timestamps/assemble-log.js");
  const { signal } = context;
  const sources = source.length > 0 ? { sources: source.map(Number) } : {};
  const made = await context.guard(() =>
    assembleLogs(path, { verify, removeSources: !keep, signal, ...sources }),
  );
  if (options.json) {
    await context.out.json({
      path,
      archives: made.map(({ source: id, ...more }) => ({ source: String(id), ...more })),
    });
  } else if (!options.quiet) {
    if (made.length === 0) await context.out.line(`${path}: no messages of a log`);
    for (const { path: archive, entries } of made)
      await context.out.line(`${archive}: ${countOf(entries, "message")}`);
  }
  return exit.ok;
}
