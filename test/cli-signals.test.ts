import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { createVideo, openStore, pipeTo, repairStore } from "../src/index.js";
import { program } from "./run-marey.js";

// What a recording and a conversion leave when they are asked to end, or when those around them go away. Nothing waits for a
// time: a signal is sent when the store has two finished chunks.

const folder = mkdtempSync(join(tmpdir(), "marey-signals-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 9 }));
const film = join(folder, "film.mp4");
let made = 0;
const fresh = (): string => join(folder, `store${made++}`);

/** Too long to be converted before a signal comes. */
beforeAll(async () => {
  await using camera = syntheticCamera({ width: 96, height: 64, pace: "free", frames: 20_000 });
  await using out = await createVideo(film, { fps: 100, preset: "ultrafast" });
  await pipeTo(camera, out);
});

type Job = (store: string, format: string, frames?: number) => string[];

const record: Job = (store, format, frames) => [
  ...["record", store, "--camera", "synthetic:96x64@400", "--format", format, "--chunk-size", "25"],
  ...(frames === undefined ? [] : ["--frames", `${frames}`]),
];
const convert: Job = (store, format, frames) => [
  ...["convert", film, store, "--as", "gray", "--format", format, "--chunk-size", "25"],
  ...(frames === undefined ? [] : ["--stop", `${frames}`]),
];

/** A program and what became of it. */
interface Run {
  readonly child: ChildProcess;
  /** As a shell tells it. */
  readonly code: Promise<number>;
  stdout: string;
  stderr: string;
}

function start(command: readonly string[]): Run {
  const [name, ...args] = command as [string, ...string[]];
  const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? 128 + constants.signals[signal!]));
  });
  const run: Run = { child, code, stdout: "", stderr: "" };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    run.stdout += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    run.stderr += text;
  });
  return run;
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");
const mareyIn = (args: readonly string[]): string => quoted([process.execPath, program, ...args]);

/** Resolves when the store has two finished chunks, or `run` has ended. */
async function written(store: string, run: Run): Promise<void> {
  for (let hasEnded = false; !hasEnded; ) {
    const names = namesIn(store);
    if (names.some((name) => /^000002(\.\w+)?$/.test(name)) && !names.includes("000001.journal")) return;
    hasEnded = await Promise.race([run.code.then(() => true), setTimeout(5, false)]);
  }
}

function namesIn(store: string): string[] {
  try {
    return readdirSync(store);
  } catch {
    return [];
  }
}

/** Reads every frame, and expects the number in its picture to be its own. @returns how many there are. */
async function countFrames(path: string): Promise<number> {
  await using store = await openStore(path);
  let last = -1;
  let count = 0;
  for await (const { number, image } of store) {
    expect(readPaintedNumber(image), `the number in the picture of frame ${number}`).toBe(number);
    expect(number).toBeGreaterThan(last);
    last = Number(number);
    count++;
  }
  return count;
}

async function expectWhole(path: string, least: number): Promise<number> {
  expect(namesIn(path).filter((name) => /journal|part|lock|left/.test(name))).toEqual([]);
  await using store = await openStore(path);
  expect(store.problems).toEqual([]);
  const count = await countFrames(path);
  expect(count).toBeGreaterThanOrEqual(least);
  return count;
}

const jobs = ["npy", "avc1/mp4", "mjpeg/avi"].flatMap((format) => [
  { format, job: record, name: `record into ${format}` },
  { format, job: convert, name: `convert into ${format}` },
]);

/** Of signals that come at once any may be the first. */
const endings: {
  readonly signals: readonly NodeJS.Signals[];
  readonly codes: readonly number[];
  readonly says: RegExp;
  readonly isLeft?: boolean;
}[] = [
  { signals: ["SIGINT"], codes: [130], says: /^marey: interrupted\n$/ },
  { signals: ["SIGTERM"], codes: [143], says: /^marey: terminated\n$/ },
  { signals: ["SIGHUP"], codes: [129], says: /^marey: hung up\n$/ },
  { signals: ["SIGINT", "SIGTERM"], codes: [130, 143], says: /once more leaves at once\nmarey: \w+ed\n$/ },
  {
    signals: ["SIGHUP", "SIGINT", "SIGTERM"],
    codes: [129, 130, 143],
    says: /once more leaves at once\n$/,
    isLeft: true,
  },
];

describe.each(jobs)("$name", ({ job, format }) => {
  test.concurrent.each(endings)(
    "$signals: exit code $codes, and the store is whole, or becomes so",
    async ({ signals, codes, says, isLeft = false }) => {
      const store = fresh();
      const run = start([process.execPath, program, ...job(store, format)]);
      await written(store, run);
      run.child.kill("SIGSTOP");
      for (const signal of signals) run.child.kill(signal);
      run.child.kill("SIGCONT");
      const code = await run.code;
      expect({ code, stderr: run.stderr }).toEqual({ code, stderr: expect.stringMatching(says) });
      expect(codes).toContain(code);
      if (isLeft && job === record) {
        // The camera's own process sees that the recording has gone, and closes the store.
        while (namesIn(store).includes(".lock")) await setTimeout(20);
        await expectWhole(store, 50);
      } else if (isLeft) {
        const found = await countFrames(store);
        await repairStore(store);
        expect(await expectWhole(store, 50)).toBe(found);
      } else await expectWhole(store, 50);
    },
  );
});

test("SIGTERM leaves nothing of a video, for it would only look whole", async () => {
  const video = join(folder, "part.mp4");
  const run = start([process.execPath, program, "convert", film, video]);
  while (!namesIn(folder).some((name) => name.includes("part.mp4"))) await setTimeout(5);
  run.child.kill("SIGTERM");
  expect(await run.code).toBe(143);
  expect(namesIn(folder).filter((name) => name.includes("part.mp4"))).toEqual([]);
});

const both = [
  { name: "record into avc1/mp4", job: record, format: "avc1/mp4" },
  { name: "convert into npy", job: convert, format: "npy" },
];

describe.each(both)("$name: a store is not lost with its audience", ({ job, format }) => {
  test.concurrent.each([
    ["standard output and error have no reader", "set -o pipefail; MAREY 2>&1 | true", 0],
    ["the reader of the report leaves after its first line", "set -o pipefail; MAREY | head -n 1", 0],
    ["both were closed before it began", "MAREY >&- 2>&-", 0],
    ["the disk of the report is full", "MAREY > /dev/full", 1],
  ])("%s", async (_what, line, code) => {
    const store = fresh();
    const run = start(["bash", "-c", line.replace("MAREY", mareyIn([...job(store, format, 60), "--json"]))]);
    expect(await run.code).toBe(code);
    await expectWhole(store, 60);
  });

  test.concurrent("the one that started it is killed", async () => {
    const store = fresh();
    const parent = start(["bash", "-c", `${mareyIn(job(store, format, 2000))} & echo $!; wait`]);
    await written(store, parent);
    parent.child.kill("SIGKILL");
    parent.child.stdout!.destroy();
    parent.child.stderr!.destroy();
    await ended(Number(parent.stdout));
    expect(await expectWhole(store, 50)).toBe(2000);
  });

  test.concurrent("its terminal is closed", async () => {
    const store = fresh();
    const pid = `${store}.pid`;
    writeFileSync(`${store}.sh`, `echo $$ > ${pid}; exec ${mareyIn(job(store, format))}`);
    const terminal = start(["script", "-qec", `bash ${store}.sh`, "/dev/null"]);
    await written(store, terminal);
    terminal.child.kill("SIGKILL");
    await ended(Number(readFileSync(pid, "utf8")));
    await expectWhole(store, 50);
  });
});

/** Resolves when the process has ended, whether somebody asked how or not. */
async function ended(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  const isAlive = (): boolean => {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };
  while (isAlive()) await setTimeout(10);
}
