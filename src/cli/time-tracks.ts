import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { FrameTimes } from "../timestamps/frame-times.js";
import type { Context } from "./context.js";
import { UsageError } from "./exit.js";
import { openOptions, type SourceOptions } from "./source-options.js";

/** When the frames of one camera were. */
export interface TimeTrack {
  /** The file or folder that it was read from. */
  readonly path: string;
  /** Number of the camera, where a log has it, and what its manifest calls it. */
  readonly source?: string;
  readonly name?: string;
  /** When its log began, microseconds since 1970 UTC. */
  readonly onset?: bigint;
  readonly times: FrameTimes;
  readonly index: FrameIndex;
  /** Its numbers are the camera's own: a gap is a frame that was lost. */
  readonly hasNumbers: boolean;
}

/** What was read of a path; to be closed when its times have been used. */
export interface TimeTracks extends AsyncDisposable {
  readonly tracks: readonly TimeTrack[];
}

export interface TrackOptions extends SourceOptions {
  /** Numbers of the cameras of a log that are wanted; none: all. */
  readonly source: readonly string[];
}

/**
 * When frames were, of anything that Marey opens, of a log of ataraxis (its folder, or one above it; an archive) or of a
 * Feather file.
 * @throws {UsageError} for cameras that there are not; and what opening and reading throw.
 */
export async function readTimeTracks(
  path: string,
  options: TrackOptions,
  context: Context,
): Promise<TimeTracks> {
  const { signal } = context;
  const found = await stat(path).catch(() => undefined);
  const { isLogArchive } = await import("../timestamps/log-archive.js");
  if (found?.isDirectory()) {
    const tracks = await tracksOfFolder(path, options, signal);
    if (tracks) return loose(tracks);
  } else if (found?.isFile()) {
    if (await isLogArchive(path)) return loose([await trackOfArchive(path, signal)]);
    const track = await trackOfFeather(path);
    if (track) return loose([track]);
  }
  return trackOfSource(path, options, context);
}

function loose(tracks: readonly TimeTrack[]): TimeTracks {
  return { tracks, [Symbol.asyncDispose]: async () => {} };
}

async function trackOfSource(path: string, options: TrackOptions, context: Context): Promise<TimeTracks> {
  if (options.source.length > 0)
    throw new UsageError(`${path}: --source chooses cameras of a log, and this is none`);
  const [{ open, sniff }, { timesOfIndex }] = await Promise.all([
    import("../index.js"),
    import("../timestamps/frame-times.js"),
  ]);
  const kind = await sniff(path);
  const source = await open(path, await openOptions(options, context));
  const { index } = source;
  const hasNumbers = kind === "store" || kind === "recording" || hasOwnNumbers(index);
  return {
    tracks: [{ path, index, times: timesOfIndex(index), hasNumbers }],
    [Symbol.asyncDispose]: () => source.close(),
  };
}

function hasOwnNumbers(index: FrameIndex): boolean {
  for (let frame = 0; frame < index.length; frame++) if (index.number(frame) !== frame) return true;
  return false;
}

/** @returns undefined if there is no log in it that Marey does not open as something else. */
async function tracksOfFolder(
  path: string,
  { source }: TrackOptions,
  signal: AbortSignal,
): Promise<TimeTrack[] | undefined> {
  if ((await isStoreOrPictures(path)) && source.length === 0) return undefined;
  const { findLogs } = await import("../timestamps/find-logs.js");
  const { readCameraLog } = await import("../timestamps/process-logs.js");
  const recordings = await findLogs(path);
  if (recordings.length === 0) return tracksWithoutManifest(path, source, signal);
  const tracks: TimeTrack[] = [];
  for (const recording of recordings) {
    for (const camera of recording.cameras) {
      if (source.length > 0 && !source.includes(camera.id)) continue;
      const log = await readCameraLog(camera, recording, { signal });
      tracks.push(await trackOfLog(camera.archive ?? recording.folder, log, camera));
    }
  }
  const ids = recordings.flatMap(({ cameras }) => cameras.map(({ id }) => id));
  needAll(path, source, ids);
  return tracks;
}

/** What `open` takes a folder for goes before logs that lie somewhere in it. */
async function isStoreOrPictures(path: string): Promise<boolean> {
  const { sniff } = await import("../index.js");
  return sniff(path).then(
    () => true,
    (error) => {
      if (error instanceof NotFoundError || error instanceof FileFormatError) return false;
      throw error;
    },
  );
}

/** Messages and archives that lie in the folder itself. */
async function tracksWithoutManifest(
  folder: string,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<TimeTrack[] | undefined> {
  const { looseEntries, namesIn, readLogFolder } = await import("../timestamps/log-folder.js");
  const archives = (await namesIn(folder)).filter((name) => /^\d+_log\.npz$/.test(name)).sort();
  const entries = await looseEntries(folder);
  const ids = [...archives.map((name) => name.replace("_log.npz", "")), ...[...entries.keys()].map(String)];
  if (ids.length === 0) return undefined;
  needAll(folder, wanted, ids);
  const isWanted = (id: string): boolean => wanted.length === 0 || wanted.includes(id);
  const tracks: TimeTrack[] = [];
  for (const name of archives) {
    if (isWanted(name.replace("_log.npz", "")))
      tracks.push(await trackOfArchive(`${folder}/${name}`, signal));
  }
  for (const [source, names] of entries) {
    if (!isWanted(String(source)) || archives.includes(`${source}_log.npz`)) continue;
    tracks.push(await trackOfLog(folder, await readLogFolder(folder, names, { signal })));
  }
  return tracks;
}

function needAll(path: string, wanted: readonly string[], ids: readonly string[]): void {
  const unknown = wanted.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new UsageError(`${path} has no source ${unknown}; its cameras are ${ids.join(", ")}`);
}

async function trackOfArchive(path: string, signal: AbortSignal): Promise<TimeTrack> {
  const { readLogArchive } = await import("../timestamps/log-archive.js");
  return trackOfLog(path, await readLogArchive(path, { signal }));
}

async function trackOfLog(
  path: string,
  log: { readonly source: number; readonly onset: bigint; readonly times: BigUint64Array },
  camera?: { readonly id: string; readonly name: string },
): Promise<TimeTrack> {
  const track = await trackOfTimes(path, log.times);
  return {
    ...track,
    source: camera?.id ?? String(log.source),
    ...(camera && { name: camera.name }),
    onset: log.onset,
  };
}

async function trackOfFeather(path: string): Promise<TimeTrack | undefined> {
  const { featherTimes } = await import("../timestamps/logged-times.js");
  const times = await featherTimes(path);
  if (times === undefined) return undefined;
  const source = /^camera_(\d+)_timestamps\.feather$/.exec(basename(path))?.[1];
  return { ...(await trackOfTimes(path, times)), ...(source !== undefined && { source }) };
}

async function trackOfTimes(path: string, micros: BigUint64Array): Promise<TimeTrack> {
  const { timesOfMicroseconds } = await import("../timestamps/frame-times.js");
  const times = timesOfMicroseconds(micros);
  const seconds = Float64Array.from({ length: times.length }, (_, frame) => times.time(frame));
  return { path, times, index: new ColumnIndex({ times: seconds }), hasNumbers: false };
}
