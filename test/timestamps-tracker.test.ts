import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { EncodeError, FileFormatError, UnsupportedError } from "../src/core/errors.js";
import { readCameraManifest, writeCameraManifest } from "../src/timestamps/camera-manifest.js";
import { underLock } from "../src/timestamps/file-lock.js";
import {
  type JobState,
  jobId,
  ProcessingTracker,
  trackerStatus,
} from "../src/timestamps/processing-tracker.js";
import { python } from "./peers/python.js";
import { corpus } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-tracker-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());

const peer = join(corpus, "ataraxis");
const extraction = (specifier: string) => ({ name: "camera_timestamp_extraction", specifier });

let made = 0;
function newFolder(): string {
  const path = join(folder, `${made++}`);
  mkdirSync(path);
  return path;
}

/** Python that writes cameras into a manifest as the peer does: under `filelock`, read, change, replace. */
const peerWriter = `
import filelock, os, sys, time, yaml
path = os.path.join(sys.argv[1], "camera_manifest.yaml")
for id in map(int, sys.argv[2:]):
    with filelock.FileLock(path + ".lock").acquire(timeout=10):
        sources = yaml.safe_load(open(path))["sources"] if os.path.exists(path) else []
        time.sleep(0.01)
        sources.append({"id": id, "name": "python"})
        with open(path + ".tmp", "w") as file:
            yaml.dump({"sources": sources}, file, Dumper=yaml.CDumper, default_style="", default_flow_style=False, indent=10,
              width=200, explicit_start=True, explicit_end=True, sort_keys=False)
        os.replace(path + ".tmp", path)
`;

test("a manifest has the peer's bytes, and a camera that is written again keeps its place", async () => {
  const path = newFolder();
  await writeCameraManifest(path, { id: 101, name: "face_camera" });
  const file = join(path, "camera_manifest.yaml");
  expect(readFileSync(file, "utf8")).toBe(
    readFileSync(join(peer, "demo_data_log/camera_manifest.yaml"), "utf8"),
  );
  await writeCameraManifest(path, { id: 51, name: "left: eye" });
  await writeCameraManifest(path, { id: 101, name: "Gesicht über" });
  expect(await readCameraManifest(file)).toEqual([
    { id: 101, name: "Gesicht über" },
    { id: 51, name: "left: eye" },
  ]);
  expect(readdirSync(path).sort()).toEqual(["camera_manifest.yaml", "camera_manifest.yaml.lock"]);
  expect(await readCameraManifest(join(path, "none.yaml"))).toBeUndefined();
});

test("a manifest that is none stays as it is, and is an error", async () => {
  const path = newFolder();
  const file = join(path, "camera_manifest.yaml");
  for (const text of [
    "- a\n",
    "sources: 5\n",
    "sources:\n- id: x\n",
    "sources:\n- id: 300\n  name: a\n",
    "a: [\n",
    "sources:\n- 5\n",
  ]) {
    writeFileSync(file, text);
    await expect(writeCameraManifest(path, { id: 1, name: "a" })).rejects.toThrow(FileFormatError);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
  await expect(writeCameraManifest(path, { id: 256, name: "a" })).rejects.toThrow(RangeError);
  await expect(writeCameraManifest(join(path, "none"), { id: 1, name: "a" })).rejects.toThrow(EncodeError);
});

test("Python's filelock and Marey wait for each other: no camera is lost", { timeout: 60_000 }, async () => {
  const path = newFolder();
  const ids = (from: number): number[] => Array.from({ length: 15 }, (_, i) => from + i);
  const programs = [0, 20].map(
    (from) =>
      new Promise<number | null>((resolve) => {
        const child = spawn("/usr/bin/python3", ["-c", peerWriter, path, ...ids(from).map(String)], {
          stdio: "inherit",
        });
        child.on("close", resolve);
      }),
  );
  const ours = [...ids(40), ...ids(60)].map((id) => writeCameraManifest(path, { id, name: "marey" }));
  await Promise.all(ours);
  expect(await Promise.all(programs)).toEqual([0, 0]);
  const found = await readCameraManifest(join(path, "camera_manifest.yaml"));
  expect(found!.map(({ id }) => id).sort((a, b) => a - b)).toEqual([0, 20, 40, 60].flatMap(ids));
});

test("a lock that Python holds is waited for, one that its holder left by dying is not", {
  timeout: 60_000,
}, async () => {
  const lock = join(newFolder(), "x.yaml.lock");
  const program = `
import filelock, sys, time
with filelock.FileLock(sys.argv[1]): print("held", flush=True); time.sleep(60)
`;
  const holder = spawn("/usr/bin/python3", ["-c", program, lock], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  let isDone = false;
  const work = underLock(lock, async () => {
    isDone = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(isDone).toBe(false);
  holder.kill("SIGKILL");
  await work;
  expect(isDone).toBe(true);
});

const attempt = `
import filelock, sys
try:
    with filelock.FileLock(sys.argv[1]).acquire(timeout=0): print("got")
except filelock.Timeout: print("busy")
`;

test.each(["flock", "python3", "perl"])(
  "a lock that is held here by way of %s is held for Python, too",
  async (program) => {
    const bin = newFolder();
    symlinkSync(join("/usr/bin", program), join(bin, program));
    vi.resetModules();
    vi.stubEnv("PATH", bin);
    const alone = await import("../src/timestamps/file-lock.js");
    const lock = join(newFolder(), "x.lock");
    const tried = await alone.underLock(lock, async () => python(attempt, [lock]));
    expect([tried.trim(), python(attempt, [lock]).trim()]).toEqual(["busy", "got"]);
    expect(readdirSync(join(lock, ".."))).toEqual(["x.lock"]);
  },
);

test("where no program can lock, Mareys still keep each other out", async () => {
  vi.resetModules();
  vi.stubEnv("PATH", "");
  const alone = await import("../src/timestamps/file-lock.js");
  const lock = join(newFolder(), "x.lock");
  let [inside, most] = [0, 0];
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
  };
  await Promise.all(Array.from({ length: 4 }, () => alone.underLock(lock, work)));
  expect(most).toBe(1);
  expect(existsSync(`${lock}.marey`)).toBe(false);
  // One of a process that is gone is taken away.
  const { hostname } = await import("node:os");
  writeFileSync(`${lock}.marey`, JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1 }));
  await alone.underLock(lock, work);
});

test("jobs have the peer's ids", async () => {
  expect(await jobId(extraction("101"))).toBe("9bf3c970bfb446c3");
  expect(await jobId(extraction("51"))).toBe("bf376de1febf029c");
  // Published for XXH64 of "a" with seed 0.
  expect(await jobId({ name: "a", specifier: "" })).toBe("d24ec4f1a98c6e5b");
  await expect(jobId({ name: "a:b", specifier: "" })).rejects.toThrow(UnsupportedError);
});

test("the peer's tracker is read, and written back byte for byte", async () => {
  const path = join(newFolder(), "camera_processing_tracker.yaml");
  copyFileSync(join(peer, "camera_processing_tracker.yaml"), path);
  const tracker = new ProcessingTracker(path);
  const jobs = await tracker.snapshot();
  expect(jobs.get("9bf3c970bfb446c3")).toEqual({
    ...{ ...extraction("101"), status: "succeeded", executor: "pid:10911", error: null },
    ...{ startedAt: 1795302034723509, completedAt: 1795302034735079 },
  });
  expect(jobs.get("9f7bd4351208698d")?.error).toBe("boom: it broke");
  expect(trackerStatus(jobs.values())).toBe("failed");
  await tracker.reset([]);
  expect(readFileSync(path, "utf8")).toBe(readFileSync(join(peer, "camera_processing_tracker.yaml"), "utf8"));
});

test("a tracker keeps what became of jobs, drops those that are no more, and says how each ended", async () => {
  const path = join(newFolder(), "tracker.yaml");
  const tracker = new ProcessingTracker(path);
  const [a, b, c] = [extraction("1"), extraction("2"), extraction("3")] as const;
  const [idA, idB, idC] = await Promise.all([a, b, c].map(jobId));
  expect((await tracker.snapshot()).size).toBe(0);
  expect(existsSync(path)).toBe(false);
  await tracker.align([a, b], [a, b, c]);
  const fresh = { status: "scheduled", executor: null, error: null, startedAt: null, completedAt: null };
  expect([...(await tracker.snapshot())]).toEqual([
    [idA, { ...a, ...fresh }],
    [idB, { ...b, ...fresh }],
  ]);
  expect(trackerStatus((await tracker.snapshot()).values())).toBe("not_started");

  expect(await tracker.run(idA!, async () => 5)).toBe(5);
  await expect(tracker.run(idB!, () => Promise.reject(new Error("it's\nbroken")))).rejects.toThrow("broken");
  const state = await tracker.snapshot();
  expect(state.get(idA!)).toMatchObject({ status: "succeeded", executor: `pid:${process.pid}`, error: null });
  expect(state.get(idB!)).toMatchObject({ status: "failed", error: "it's\nbroken" });
  const { startedAt, completedAt } = state.get(idA!)!;
  expect(Math.abs(startedAt! - Date.now() * 1000)).toBeLessThan(60e6);
  expect(completedAt).toBeGreaterThanOrEqual(startedAt!);

  // Another part of the jobs: what was done stays. A job that no longer exists goes.
  expect(await tracker.align([c], [a, c])).toEqual([idB]);
  expect([...(await tracker.snapshot()).keys()]).toEqual([idA, idC]);
  expect((await tracker.snapshot()).get(idA!)?.status).toBe("succeeded");
  await tracker.reset([idA!]);
  expect((await tracker.snapshot()).get(idA!)).toEqual({ ...a, ...fresh });

  const stop = new AbortController();
  const interrupted = tracker.run(
    idC!,
    async () => {
      stop.abort();
      throw new Error("stopped");
    },
    stop.signal,
  );
  await expect(interrupted).rejects.toThrow("stopped");
  expect((await tracker.snapshot()).get(idC!)).toMatchObject({ status: "running", error: null });
  const yaml = JSON.parse(
    python("import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", [path]),
  );
  expect(Object.keys(yaml.jobs[idC!])).toEqual([
    ...["job_name", "specifier", "status", "executor_id", "error_message", "started_at", "completed_at"],
  ]);
  expect(yaml.jobs[idC!]).toMatchObject({ specifier: "3", status: 1, error_message: null });

  await expect(tracker.start("0123")).rejects.toThrow(RangeError);
  await expect(tracker.reset([idA!, "0123"])).rejects.toThrow(RangeError);
  await expect(tracker.align([b], [a])).rejects.toThrow(RangeError);
  await expect(tracker.align([])).rejects.toThrow(RangeError);
});

test("the label of a tracker is the peer's: a failure first, then all done, running, none begun", () => {
  const of = (...statuses: JobState["status"][]) =>
    trackerStatus(statuses.map((status) => ({ status }) as JobState));
  expect(of()).toBe("in_progress");
  expect(of("succeeded", "failed", "running")).toBe("failed");
  expect(of("succeeded", "succeeded")).toBe("completed");
  expect(of("succeeded", "running")).toBe("processing");
  expect(of("scheduled", "scheduled")).toBe("not_started");
  expect(of("scheduled", "succeeded")).toBe("in_progress");
});

test("a scheduler's job is named as the one that does it", async () => {
  const path = join(newFolder(), "tracker.yaml");
  const tracker = new ProcessingTracker(path);
  const id = await jobId(extraction("1"));
  await tracker.align([extraction("1")]);
  vi.stubEnv("JOB_ID", "7");
  await tracker.start(id);
  expect((await tracker.snapshot()).get(id)?.executor).toBe(`pid:${process.pid}`);
  vi.stubEnv("SGE_ROOT", "/sge");
  await tracker.start(id);
  expect((await tracker.snapshot()).get(id)?.executor).toBe("sge:7");
  vi.stubEnv("SLURM_JOBID", "42");
  await tracker.start(id);
  expect((await tracker.snapshot()).get(id)?.executor).toBe("slurm:42");
});

test("what is no tracker is an error, and stays", async () => {
  const path = join(newFolder(), "tracker.yaml");
  const tracker = new ProcessingTracker(path);
  for (const text of [
    "jobs: []\n",
    "[]\n",
    "jobs:\n  a: 5\n",
    "jobs:\n  a:\n    status: 9\n",
    "jobs: {a: *b}\n",
  ]) {
    writeFileSync(path, text);
    await expect(tracker.align([extraction("1")])).rejects.toThrow(FileFormatError);
    expect(readFileSync(path, "utf8")).toBe(text);
  }
});
