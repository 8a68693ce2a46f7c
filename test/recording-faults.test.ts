import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { openStore } from "../src/index.js";
import { type Recording, type Rig, startRecording, type TrackEvent } from "../src/recording/index.js";
import { noStrace } from "./fixtures/strace.js";
import { program } from "./run-marey.js";

// What a recording does when something around it breaks: the other cameras go on, nothing that was acknowledged is lost, and
// what is said at the end is true.

const folder = realpathSync(mkdtempSync(join(tmpdir(), "marey-faults-")));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 9 }));
let count = 0;
const fresh = (): string => join(folder, String(count++));

const seconds = (length: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, length * 1000));

async function until(isSo: () => boolean, what: string): Promise<void> {
  const patience = performance.now() + 50_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error(`${what}: not within 50 s`);
    await seconds(0.02);
  }
}

/** Every frame: numbers and times rise, and the painted number is the frame's. @returns numbers and times. */
async function readAll(path: string): Promise<{ numbers: number[]; times: number[] }> {
  await using store = await openStore(path);
  const [numbers, times]: [number[], number[]] = [[], []];
  for await (const { number, time, image } of store.frames()) {
    expect(Number(number)).toBeGreaterThan(numbers.at(-1) ?? Number.NEGATIVE_INFINITY);
    expect(time).toBeGreaterThan(times.at(-1) ?? Number.NEGATIVE_INFINITY);
    expect(readPaintedNumber(image)).toBe(Number(number));
    numbers.push(Number(number));
    times.push(time);
  }
  return { numbers, times };
}

function balanced({ tracks }: Recording): void {
  for (const { counts } of tracks) {
    expect(counts.offered).toBe(counts.written + counts.dropped);
    expect(counts.waiting).toBe(0);
    const lost = Object.values(counts.losses).reduce((sum, each) => sum + each, 0);
    expect(lost).toBe(counts.dropped + counts.missing);
  }
}

async function run(
  rig: Rig,
  during: (recording: Recording, events: TrackEvent[]) => Promise<void>,
): Promise<{ recording: Recording; events: TrackEvent[] }> {
  const events: TrackEvent[] = [];
  const recording = await startRecording({ minFree: 0, ...rig }, { onEvent: (event) => events.push(event) });
  try {
    await during(recording, events);
  } finally {
    await recording.stop();
  }
  return { recording, events };
}

const twoCameras = (directory: string): Rig => ({
  directory,
  pattern: "{name}",
  cameras: [
    { name: "one", camera: "synthetic:128x96@50" },
    { name: "two", camera: "synthetic:96x64@50" },
  ],
});

const tmpfs = join(folder, "tmpfs");
/** Why no small disk can be made here. */
const noTmpfs: string | undefined = (() => {
  mkdirSync(tmpfs);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", tmpfs], { encoding: "utf8" });
  return mounted.status === 0 ? undefined : `a tmpfs cannot be mounted: ${mounted.stderr.trim()}`;
})();
afterAll(() => {
  if (noTmpfs === undefined) execFileSync("umount", ["-l", tmpfs]);
});

describe.skipIf(noTmpfs !== undefined)("a disk of 4 MiB that becomes full", () => {
  test("its camera's store is closed whole and goes on when there is room again; the other camera notices nothing", async () => {
    const other = fresh();
    mkdirSync(other);
    const ballast = join(tmpfs, "ballast");
    // Stores of one rig may lie on several disks.
    const { symlinkSync } = await import("node:fs");
    symlinkSync(tmpfs, join(other, "small"));
    const rig: Rig = {
      directory: other,
      pattern: "{name}/store",
      cameras: [
        { name: "small", camera: "synthetic:128x96@50", format: "raw", chunkSize: 50 },
        { name: "big", camera: "synthetic:96x64@50" },
      ],
    };
    const { recording, events } = await run(rig, async ({ tracks }, told) => {
      const [small] = tracks;
      await until(() => small!.counts.written > 60, "the first frames");
      // All but a few hundred KiB.
      const fill = spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=64k"], { encoding: "utf8" });
      expect(fill.stderr).toContain("No space left");
      await until(
        () => told.some(({ kind, track }) => kind === "broken" && track === "small"),
        "a full disk",
      );
      const before = small!.counts.written;
      rmSync(ballast);
      await until(() => small!.counts.written > before + 20, "frames after there is room again");
    });
    balanced(recording);
    const [small, big] = recording.tracks;
    expect(small!.counts.losses.disk).toBeGreaterThan(0);
    expect(Object.values(big!.counts.losses).reduce((sum, each) => sum + each, 0)).toBe(
      big!.counts.losses.camera,
    );
    expect(events.filter(({ kind, track }) => kind === "broken" && track === "big")).toEqual([]);
    const { numbers } = await readAll(join(other, "small/store"));
    expect(numbers).toHaveLength(small!.counts.written);
    const lost = numbers.at(-1)! - numbers[0]! + 1 - numbers.length;
    expect(lost).toBe(small!.counts.losses.disk + small!.counts.losses.camera);
    await readAll(join(other, "big/store"));
  });
});

test.runIf(noTmpfs !== undefined)(`the full disk is left out: ${noTmpfs}`, () => {});
test.runIf(noStrace !== undefined)(`the slow disk is left out: ${noStrace}`, () => {});

test.skipIf(noStrace !== undefined)(
  "a disk that becomes slow costs frames of its own camera, each counted; memory stays bounded, and it recovers",
  async () => {
    const directory = fresh();
    const rig = twoCameras(directory);
    const cameras = rig.cameras.map((camera) => ({
      ...camera,
      format: "raw",
      queueBytes: 128 * 96 * 20,
      durability: "flush",
    }));
    const { recording } = await run({ ...rig, cameras, durability: "flush" }, async ({ tracks }) => {
      const [slow] = tracks;
      await until(() => slow!.counts.written > 30, "the first frames");
      // Only its pictures: the process goes on to talk with the recorder.
      const file = readdirSync(join(directory, "one")).find((name) => /^000000\.(?!npz|journal)/.test(name))!;
      const calls = "inject=write,pwrite64,writev,pwritev:delay_enter=400000";
      const strace = spawn("strace", [
        ...[
          "-f",
          "-qq",
          "-p",
          String(slow!.pid),
          "-P",
          join(directory, "one", file),
          "-e",
          calls,
          "-o",
          "/dev/null",
        ],
      ]);
      await until(() => slow!.counts.losses.queue > 10, "a full queue");
      strace.kill("SIGINT");
      const before = slow!.counts.written;
      await until(() => slow!.counts.written > before + 50, "frames after it is fast again");
      expect(slow!.status!.peakBytes).toBeLessThanOrEqual(128 * 96 * 20);
    });
    balanced(recording);
    const [slow, fast] = recording.tracks;
    expect(fast!.counts.losses.queue).toBe(0);
    const { numbers } = await readAll(join(directory, "one"));
    expect(numbers.at(-1)! - numbers[0]! + 1 - numbers.length).toBe(
      slow!.counts.losses.queue + slow!.counts.losses.camera,
    );
    await readAll(join(directory, "two"));
  },
);

test("a store whose folder is taken away ends, and is told; the other camera goes on", async () => {
  const directory = fresh();
  const rig = twoCameras(directory);
  const cameras = rig.cameras.map((camera) => ({ ...camera, format: "npy", chunkSize: 20 }));
  const { recording, events } = await run({ ...rig, cameras }, async ({ tracks }, told) => {
    await until(() => tracks[0]!.counts.written > 30, "the first frames");
    // Its writer makes new files meanwhile.
    const remove = (): boolean => spawnSync("rm", ["-rf", join(directory, "one")]).error === undefined;
    await until(
      () => remove() && told.some(({ kind, track }) => kind === "broken" && track === "one"),
      "that it is broken",
    );
    const before = tracks[1]!.counts.written;
    await until(() => tracks[1]!.counts.written > before + 30, "the other camera");
  });
  balanced(recording);
  expect(recording.tracks[0]!.counts.losses.disk).toBeGreaterThan(0);
  expect(events.some(({ kind, track }) => kind === "broken" && track === "two")).toBe(false);
  expect((await readAll(join(directory, "two"))).numbers).toHaveLength(recording.tracks[1]!.counts.written);
});

interface Program {
  readonly child: ChildProcess;
  readonly events: Record<string, unknown>[];
  readonly ended: Promise<number | null>;
}

/** `marey record` as a process of its own, with its events. */
function recordProgram(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [program, "record", ...args, "--events", "--min-free", "0"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const events: Record<string, unknown>[] = [];
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (more: string) => {
    const lines = (text + more).split("\n");
    text = lines.pop()!;
    for (const line of lines) events.push(JSON.parse(line));
  });
  return { child, events, ended: new Promise((resolve) => child.once("close", (code) => resolve(code))) };
}

interface StatusEvent {
  readonly event: string;
  readonly tracks: readonly {
    readonly name: string;
    readonly pid: number;
    readonly written: number;
    readonly progress?: { flushed: number };
  }[];
}

const lastStatus = ({ events }: Program): StatusEvent | undefined =>
  events.findLast(({ event }) => event === "status") as unknown as StatusEvent | undefined;

const written = (running: Program): number =>
  Math.min(...(lastStatus(running)?.tracks.map((track) => track.written ?? 0) ?? [0]));

const twoAddresses = ["--camera", "one=synthetic:128x96@50", "--camera", "two=synthetic:96x64@50"];

test("a recorder that is killed leaves whole stores: the cameras' processes close them", async () => {
  const directory = fresh();
  const running = recordProgram([directory, ...twoAddresses]);
  await until(() => written(running) > 30, "the first frames");
  const told = lastStatus(running)!;
  running.child.kill("SIGKILL");
  await running.ended;
  await until(
    () => ["one", "two"].every((name) => !existsSync(join(directory, name, ".lock"))),
    "the end of its processes",
  );
  for (const { name, progress } of told.tracks) {
    const { numbers } = await readAll(join(directory, name));
    expect(numbers.length).toBeGreaterThanOrEqual(progress!.flushed);
    expect(readdirSync(join(directory, name)).filter((entry) => /journal|part|lock/.test(entry))).toEqual([]);
    await using store = await openStore(join(directory, name));
    expect(store.problems).toEqual([]);
  }
});

test("when everything is killed at once, all that was flushed is there", async () => {
  const directory = fresh();
  const running = recordProgram([directory, ...twoAddresses]);
  await until(() => written(running) > 30, "the first frames");
  const told = lastStatus(running)!;
  for (const { pid } of told.tracks) process.kill(pid, "SIGKILL");
  running.child.kill("SIGKILL");
  await running.ended;
  for (const { name, progress } of told.tracks) {
    const { numbers } = await readAll(join(directory, name));
    expect(numbers.length).toBeGreaterThanOrEqual(progress!.flushed);
    expect(numbers.at(-1)! - numbers[0]! + 1).toBe(numbers.length);
  }
});

test("a machine that stands still for five seconds loses those frames, and nothing else", async () => {
  const directory = fresh();
  const running = recordProgram([directory, ...twoAddresses]);
  await until(() => written(running) > 30, "the first frames");
  const pids = [running.child.pid!, ...lastStatus(running)!.tracks.map(({ pid }) => pid)];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await seconds(5);
  for (const pid of pids) process.kill(pid, "SIGCONT");
  const before = written(running);
  await until(() => written(running) > before + 30, "frames after that");
  running.child.kill("SIGINT");
  expect(await running.ended).toBe(130);
  for (const name of ["one", "two"]) {
    const { numbers, times } = await readAll(join(directory, name));
    const gaps = numbers.slice(1).map((number, i) => number - numbers[i]! - 1);
    const [largest] = gaps.toSorted((a, b) => b - a);
    expect(largest).toBeGreaterThan(200);
    expect(largest).toBeLessThan(300);
    // The time of a frame is when it was taken: numbers and times tell the same.
    const rate = (numbers.at(-1)! - numbers[0]!) / (times.at(-1)! - times[0]!);
    expect(Math.abs(rate - 50)).toBeLessThan(0.5);
  }
});

const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
test.runIf(!existsSync(faketime))(`the clock that is set is left out: there is no ${faketime}`, () => {});

test.skipIf(!existsSync(faketime))(
  "a clock that is set back an hour reorders nothing, and is told",
  async () => {
    const directory = fresh();
    const clock = `${directory}.clock`;
    writeFileSync(clock, "+0\n");
    const running = recordProgram([directory, ...twoAddresses], {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    await until(() => written(running) > 30, "the first frames");
    writeFileSync(clock, "-3600\n");
    const before = written(running);
    await until(() => written(running) > before + 100, "frames after that");
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(130);
    const done = running.events.at(-1) as unknown as {
      tracks?: { clockSteps?: { kind: string; seconds: number }[] }[];
    };
    for (const name of ["one", "two"]) {
      const { numbers, times } = await readAll(join(directory, name));
      const rate = (numbers.at(-1)! - numbers[0]!) / (times.at(-1)! - times[0]!);
      expect(Math.abs(rate - 50)).toBeLessThan(0.5);
      await using store = await openStore(join(directory, name));
      const { arrivedUtc, arrived } = await store.clocks();
      const offsets = arrivedUtc.map((utc, i) => utc - arrived[i]!);
      expect(Math.abs(offsets.at(-1)! - offsets[0]! + 3600)).toBeLessThan(0.1);
    }
    for (const track of done.tracks!) {
      expect(track.clockSteps!.map(({ kind, seconds: by }) => [kind, Math.round(by)])).toEqual([
        ["set", -3600],
      ]);
    }
  },
);
