import { mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { EncodeError, FileFormatError, NotFoundError } from "../core/errors.js";
import type { CameraLog } from "./camera-log.js";
import { encodeFeather } from "./feather.js";
import { findLogs, type LoggedCamera, type LoggedRecording } from "./find-logs.js";
import { type ReadLogOptions, readLogArchive } from "./log-archive.js";
import { readLogFolder } from "./log-folder.js";
import { type Job, jobId, ProcessingTracker } from "./processing-tracker.js";
import { writeWholeFile } from "./whole-file.js";

/** The name that the peer has for reading the log of a camera; part of every job's id. */
export const extractionJob = "camera_timestamp_extraction";

/** Where the peer's processing writes, below the folder that it is given. */
const outputFolder = "camera_timestamps";
const trackerName = "camera_processing_tracker.yaml";

export interface ProcessLogsOptions extends ReadLogOptions {
  /** Numbers of the cameras that are wanted. @default all that the manifests name */
  readonly sources?: readonly string[] | undefined;
  /** The id of the one job that is to be done, for schedulers that share the work out; `sources` is left aside then. */
  readonly job?: string | undefined;
  /** Called before each job. */
  readonly onJob?: (camera: LoggedCamera, done: number, total: number) => void;
}

/** What became of the log of a camera. */
export interface ProcessedLog {
  readonly id: string;
  readonly name: string;
  readonly jobId: string;
  /** The Feather file. */
  readonly output: string;
  /** Undefined if it failed. */
  readonly frames: number | undefined;
  readonly error: Error | undefined;
}

/**
 * Reads the logs of all cameras in a tree, and writes for each a Feather file of its frames' times, and a tracker that says
 * what was done: `OUT/camera_timestamps/camera_101_timestamps.feather` and `camera_processing_tracker.yaml`, the same files as
 * ataraxis-video-system's `process`. Files of an earlier run are replaced. Where the tree holds several recordings, which the
 * peer refuses, each has a folder below `output` that is called as the one of its manifest.
 *
 * A log that cannot be read is written down as failed, and the others are read all the same.
 * @throws {NotFoundError} if there is no manifest, or an archive that is wanted is missing; {FileFormatError} if a manifest
 *   is damaged or the archives of a recording lie in several folders; {RangeError} for sources and jobs that no manifest names.
 *   Nothing has been written then.
 */
export async function processLogs(
  root: string,
  output: string,
  options: ProcessLogsOptions = {},
): Promise<ProcessedLog[]> {
  const recordings = await findLogs(root);
  if (recordings.length === 0)
    throw new NotFoundError(root, "there is no camera_manifest.yaml in it or below");
  const plans = await planJobs(root, recordings, output, options);
  const total = plans.reduce((sum, { cameras }) => sum + cameras.length, 0);
  const done: ProcessedLog[] = [];
  for (const { recording, folder, cameras } of plans) {
    await mkdir(folder, { recursive: true }).catch((cause) => {
      throw new EncodeError(folder, `cannot be made: ${cause.message}`, { cause });
    });
    const tracker = new ProcessingTracker(join(folder, trackerName));
    await tracker.align(cameras.map(jobOf), recording.cameras.map(jobOf));
    for (const camera of cameras) {
      options.onJob?.(camera, done.length, total);
      done.push(await processLog(camera, recording, folder, tracker, options));
    }
  }
  return done;
}

function jobOf({ id }: LoggedCamera): Job {
  return { name: extractionJob, specifier: id };
}

interface JobPlan {
  readonly recording: LoggedRecording;
  readonly folder: string;
  readonly cameras: readonly LoggedCamera[];
}

async function planJobs(
  root: string,
  recordings: readonly LoggedRecording[],
  output: string,
  { sources, job }: ProcessLogsOptions,
): Promise<JobPlan[]> {
  const plans: JobPlan[] = [];
  for (const recording of recordings) {
    const ids = await Promise.all(recording.cameras.map((camera) => jobId(jobOf(camera))));
    const cameras = recording.cameras.filter((camera, at) =>
      job !== undefined ? ids[at] === job : (sources?.includes(camera.id) ?? true),
    );
    if (cameras.length === 0) continue;
    const broken = cameras.find(({ problem }) => problem !== undefined);
    if (broken) throw new NotFoundError(recording.folder, `camera ${broken.id}: ${broken.problem}`);
    const folders = new Set(cameras.flatMap(({ archive }) => (archive ? [dirname(archive)] : [])));
    if (folders.size > 1) {
      const found = `its archives lie in ${folders.size} folders, so they are of several recordings`;
      throw new FileFormatError(recording.folder, `${found}: ${[...folders].join(", ")}`);
    }
    const below = recordings.length === 1 ? "" : relative(root, recording.folder);
    plans.push({ recording, folder: join(output, below, outputFolder), cameras });
  }
  const known = new Set(plans.flatMap(({ cameras }) => cameras.map(({ id }) => id)));
  const unknown = job === undefined ? sources?.find((source) => !known.has(source)) : undefined;
  if (plans.length > 0 && unknown === undefined) return plans;
  const named = recordings.flatMap(({ cameras }) => cameras.map(({ id }) => id));
  const asked = job === undefined ? `source ${unknown}` : `job ${job}`;
  throw new RangeError(`${root} has no ${asked}; its cameras are ${[...new Set(named)].join(", ")}`);
}

async function processLog(
  camera: LoggedCamera,
  recording: LoggedRecording,
  folder: string,
  tracker: ProcessingTracker,
  options: ReadLogOptions,
): Promise<ProcessedLog> {
  const id = await jobId(jobOf(camera));
  const output = join(folder, `camera_${camera.id}_timestamps.feather`);
  const known = { id: camera.id, name: camera.name, jobId: id, output };
  try {
    const work = async (): Promise<number> => {
      const { times } = await readCameraLog(camera, recording, options);
      await writeWholeFile(output, (put) => put(encodeFeather(times)), { overwrite: true });
      return times.length;
    };
    const frames = await tracker.run(id, work, options.signal);
    return { ...known, frames, error: undefined };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...known, frames: undefined, error: error as Error };
  }
}

/** The log of a camera that `findLogs` found. @throws {NotFoundError} if it has none; and what reading it throws. */
export function readCameraLog(
  { id, archive, entries, problem }: LoggedCamera,
  { folder }: LoggedRecording,
  options: ReadLogOptions = {},
): Promise<CameraLog> {
  if (problem !== undefined) throw new NotFoundError(folder, `camera ${id}: ${problem}`);
  return archive === undefined ? readLogFolder(folder, entries, options) : readLogArchive(archive, options);
}
