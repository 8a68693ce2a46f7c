import { loadDigest } from "../core/digest.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { underLock } from "./file-lock.js";
import { isMapping, readYamlMapping, writeYamlMapping } from "./yaml-file.js";

/** How a job stands, in the order of the numbers that the file has for it. */
export const jobStatuses = ["scheduled", "running", "succeeded", "failed"] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** What is to be done: a name, and for which of several ("101"), or "". Neither has a colon. */
export interface Job {
  readonly name: string;
  readonly specifier: string;
}

/** What became of a job. */
export interface JobState extends Job {
  readonly status: JobStatus;
  /** Who does or did it: "pid:10911", "slurm:42"; null if nobody yet. */
  readonly executor: string | null;
  readonly error: string | null;
  /** Microseconds since 1970 UTC. */
  readonly startedAt: number | null;
  readonly completedAt: number | null;
}

/** How all jobs of a tracker stand, in one word. */
export type TrackerStatus = "failed" | "completed" | "processing" | "not_started" | "in_progress";

/**
 * The name that a job has in a tracker: XXH64 of "name:specifier", as 16 hexadecimal digits.
 * @throws {UnsupportedError} if there is a colon in either: two jobs could have one name.
 */
export async function jobId({ name, specifier }: Job): Promise<string> {
  if (name.includes(":") || specifier.includes(":")) {
    throw new UnsupportedError("name of a job (it has a colon)", `${name}, ${specifier}`);
  }
  const digest = await loadDigest();
  const text = specifier === "" ? name : `${name}:${specifier}`;
  return digest([new TextEncoder().encode(text)])
    .toString(16)
    .padStart(16, "0");
}

/** The first of these that is true: one failed, all succeeded, one runs, none has begun; else in progress. */
export function trackerStatus(jobs: Iterable<JobState>): TrackerStatus {
  const counts = { scheduled: 0, running: 0, succeeded: 0, failed: 0 };
  let total = 0;
  for (const { status } of jobs) {
    counts[status]++;
    total++;
  }
  if (counts.failed > 0) return "failed";
  if (total > 0 && counts.succeeded === total) return "completed";
  if (counts.running > 0) return "processing";
  return total > 0 && counts.scheduled === total ? "not_started" : "in_progress";
}

const fresh = {
  status: "scheduled",
  executor: null,
  error: null,
  startedAt: null,
  completedAt: null,
} as const;

type Jobs = Map<string, JobState>;

/**
 * A file that says what became of each job of a pipeline, shared by the programs that do them, in Python too: each change is
 * made under the file's lock, to what the file says then. The format and rules of ataraxis-data-structures' ProcessingTracker.
 *
 * Every method throws {EncodeError} if the file cannot be written or its lock is held for 10 seconds, {FileFormatError} if it
 * is no tracker, and {RangeError} for a job that it does not know.
 */
export class ProcessingTracker {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Adds jobs that are not there, and leaves out those that no longer exist; what became of all others stays.
   * @param universe all jobs that there are. @returns the names of those that were left out.
   */
  async align(jobs: readonly Job[], universe: readonly Job[] = jobs): Promise<string[]> {
    const known = new Set(await Promise.all(universe.map(jobId)));
    const wanted = await Promise.all(jobs.map(async (job) => ({ id: await jobId(job), job })));
    const stranger = wanted.find(({ id }) => !known.has(id));
    if (wanted.length === 0 || stranger) {
      throw new RangeError(
        stranger ? `${stranger.job.name} ${stranger.job.specifier} is no job that there is` : "no job",
      );
    }
    return this.#change((all) => {
      const foreign = [...all.keys()].filter((id) => !known.has(id));
      for (const id of foreign) all.delete(id);
      for (const { id, job } of wanted) {
        if (!all.has(id)) all.set(id, { name: job.name, specifier: job.specifier, ...fresh });
      }
      return foreign.sort();
    });
  }

  /**
   * Does a job and writes down that it runs, and then that it succeeded or failed, and why. One that was called off stays
   * running: it has not failed, and whoever called it off knows more.
   * @throws what `work` throws.
   */
  async run<T>(id: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.start(id);
    try {
      const result = await work();
      await this.complete(id);
      return result;
    } catch (error) {
      if (!signal?.aborted) await this.fail(id, (error as Error).message);
      throw error;
    }
  }

  start(id: string): Promise<void> {
    const begun = {
      status: "running",
      error: null,
      completedAt: null,
      executor: executorId(),
      startedAt: now(),
    } as const;
    return this.#update(id, begun);
  }

  complete(id: string): Promise<void> {
    return this.#update(id, { status: "succeeded", error: null, completedAt: now() });
  }

  fail(id: string, error: string): Promise<void> {
    return this.#update(id, { status: "failed", error, completedAt: now() });
  }

  /** As if they had never been begun. */
  reset(ids: readonly string[]): Promise<void> {
    return this.#change((all) => {
      for (const id of ids) this.#need(all, id);
      for (const id of ids) all.set(id, { ...all.get(id)!, ...fresh });
    });
  }

  /** All jobs by their names, in the order of the file; none if there is no file. */
  async snapshot(): Promise<ReadonlyMap<string, JobState>> {
    return (await readJobs(this.path)) ?? new Map();
  }

  #update(id: string, change: Partial<JobState>): Promise<void> {
    return this.#change((all) => void all.set(id, { ...this.#need(all, id), ...change }));
  }

  #need(all: Jobs, id: string): JobState {
    const found = all.get(id);
    if (found === undefined)
      throw new RangeError(`${this.path} knows no job ${id}; it has ${[...all.keys()].join(", ")}`);
    return found;
  }

  #change<T>(change: (jobs: Jobs) => T): Promise<T> {
    return underLock(`${this.path}.lock`, async () => {
      const jobs = (await readJobs(this.path)) ?? new Map<string, JobState>();
      const result = change(jobs);
      await writeYamlMapping(this.path, {
        jobs: Object.fromEntries([...jobs].map(([id, job]) => [id, fieldsOf(job)])),
      });
      return result;
    });
  }
}

function fieldsOf({ name, specifier, status, executor, error, startedAt, completedAt }: JobState) {
  return {
    ...{
      job_name: name,
      specifier,
      status: jobStatuses.indexOf(status),
      executor_id: executor,
      error_message: error,
    },
    ...{ started_at: startedAt, completed_at: completedAt },
  };
}

async function readJobs(path: string): Promise<Jobs | undefined> {
  const document = await readYamlMapping(path);
  if (document === undefined) return undefined;
  const { jobs = {} } = document;
  if (!isMapping(jobs)) throw new FileFormatError(path, "jobs is no mapping");
  return new Map(
    Object.entries(jobs).map(([id, job]) => {
      if (!isMapping(job)) throw new FileFormatError(path, `job ${id} is no mapping`);
      const status = jobStatuses[(job.status ?? 0) as number];
      if (status === undefined) throw new FileFormatError(path, `job ${id} has status ${job.status}`);
      const text = (value: unknown): string | null =>
        value === undefined || value === null ? null : String(value);
      const time = (value: unknown): number | null => (typeof value === "number" ? value : null);
      const state = {
        ...{ name: text(job.job_name) ?? "", specifier: text(job.specifier) ?? "", status },
        ...{ executor: text(job.executor_id), error: text(job.error_message) },
        ...{ startedAt: time(job.started_at), completedAt: time(job.completed_at) },
      };
      return [id, state] as const;
    }),
  );
}

/** Microseconds since 1970 UTC. */
function now(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** Schedulers of clusters, the variable that names their job, and one that has to be there beside it. */
const schedulers: readonly (readonly [scheme: string, variable: string, beside?: string])[] = [
  ...([
    ["slurm", "SLURM_JOB_ID"],
    ["slurm", "SLURM_JOBID"],
    ["pbs", "PBS_JOBID"],
    ["lsf", "LSB_JOBID"],
  ] as const),
  ...([
    ["oar", "OAR_JOB_ID"],
    ["sge", "JOB_ID", "SGE_ROOT"],
    ["hpcpack", "CCP_JOBID"],
  ] as const),
  ...([
    ["azurebatch", "AZ_BATCH_JOB_ID"],
    ["awsbatch", "AWS_BATCH_JOB_ID"],
  ] as const),
];

function executorId(): string {
  for (const [scheme, variable, beside] of schedulers) {
    const job = process.env[variable];
    if (job && (beside === undefined || process.env[beside] !== undefined)) return `${scheme}:${job}`;
  }
  return `pid:${process.pid}`;
}
