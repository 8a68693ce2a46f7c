import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { TrackRun } from "../src/capture/track-run.js";
import type { CodedFrame, CodedInfo } from "../src/core/coded-frame.js";
import { openStore } from "../src/index.js";
import { type Recording, type Rig, type RigTrack, startRecording } from "../src/recording/index.js";
import { makeFilm, serveRtsp } from "./fixtures/film-servers.js";

// Network cameras whose packets are kept as they come: GStreamer plays a film with painted numbers.

const folder = mkdtempSync(join(tmpdir(), "marey-packets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const film = join(folder, "film.mp4");
const [frames, rate] = [250, 50];
beforeAll(async () => {
  await makeFilm(film, { frames, rate });
});
let count = 0;

async function record(
  more: Partial<Rig>,
  camera: Partial<Rig["cameras"][number]> = {},
  during?: (recording: Recording) => Promise<void>,
): Promise<RigTrack> {
  const { server, url } = await serveRtsp(film, "h264");
  await using _ = server;
  const recording = await startRecording({
    ...{ directory: join(folder, String(count++)), pattern: "{name}-{count}", minFree: 0, seconds: 3 },
    ...more,
    cameras: [{ name: "cam", camera: url, settings: { copy: true }, ...camera }],
  });
  await during?.(recording);
  await recording.done;
  const [track] = recording.tracks as [RigTrack];
  const { offered, written, dropped, waiting, missing, losses } = track.counts;
  expect([offered, waiting]).toEqual([written + dropped, 0]);
  expect(Object.values(losses).reduce((sum, each) => sum + each, 0)).toBe(dropped + missing);
  return track;
}

/** Every frame of all stores: numbers and times rise, and the painted number is the frame's, moved by one step. */
async function readAll({
  saved,
}: RigTrack): Promise<{ numbers: number[]; painted: number[]; stores: number[][] }> {
  const [numbers, painted, stores]: [number[], number[], number[][]] = [[], [], []];
  let before = Number.NEGATIVE_INFINITY;
  for (const path of new Set(saved.map((part) => part.path))) {
    await using store = await openStore(path);
    expect(store.problems).toEqual([]);
    const own: number[] = [];
    for await (const { number, time, image } of store.frames()) {
      expect(time).toBeGreaterThan(before);
      before = time;
      own.push(Number(number));
      painted.push(readPaintedNumber(image)!);
    }
    stores.push(own);
    numbers.push(...own);
  }
  numbers.slice(1).forEach((number, i) => {
    expect(number).toBeGreaterThan(numbers[i]!);
  });
  return { numbers, painted, stores };
}

const until = async (isSo: () => boolean): Promise<void> => {
  const patience = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error("it did not happen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test("packets of a network camera are kept as they are, none is lost, and its keyframes can be looked at", async () => {
  const previews: Uint8Array[] = [];
  let snapshot: Uint8Array | undefined;
  const track = await record({}, {}, async (recording) => {
    recording.preview("cam", 10, 128, (jpeg) => previews.push(jpeg));
    snapshot = await recording.track("cam").snapshot();
    await until(() => previews.length > 2);
  });
  expect(snapshot!.length).toBeGreaterThan(1000);
  expect(track.facts!.copied).toBe("h264");
  const { numbers, painted } = await readAll(track);
  expect(numbers).toHaveLength(track.counts.written);
  expect(numbers.length).toBeGreaterThan(100);
  expect(numbers.at(-1)! - numbers[0]! + 1).toBe(numbers.length + track.counts.missing);
  expect(painted.map((each, i) => numbers[i]! - each)).toEqual(numbers.map(() => numbers[0]! - painted[0]!));
});

test("stores are left for the next one at a keyframe, and no packet is lost between them", async () => {
  const track = await record({ seconds: 3.5, rotate: { every: 1 } });
  const { numbers, painted, stores } = await readAll(track);
  expect(stores.length).toBeGreaterThan(2);
  expect(painted.at(-1)! - painted[0]! + 1).toBe(painted.length);
  expect(numbers).toHaveLength(track.counts.written);
  for (const store of stores.slice(1)) expect((store[0]! - numbers[0]! + painted[0]!) % 10).toBe(0);
});

test("a process that is killed is started again, and its store goes on", async () => {
  const track = await record({ seconds: 4 }, {}, async ({ tracks }) => {
    await until(() => tracks[0]!.counts.written > 30);
    process.kill(tracks[0]!.pid!, "SIGKILL");
  });
  expect(track.restarts).toHaveLength(1);
  expect(new Set(track.saved.map(({ path }) => path)).size).toBe(1);
  const { numbers } = await readAll(track);
  expect(numbers).toHaveLength(track.counts.written);
  expect(track.saved.at(-1)!.report!.gaps[0]).toMatchObject({ cause: "camera", estimated: true });
});

test("what says how to encode is refused: nothing is", async () => {
  await expect(record({}, { quality: 20 })).rejects.toThrow(/kept as the camera compressed them: quality/);
});

test("a full queue drops up to the next keyframe, counts it, and what is written can be decoded", async () => {
  const coded: CodedInfo = {
    codec: "h264",
    width: 4,
    height: 2,
    pixelFormat: "gray",
    extradata: new Uint8Array(),
  };
  const packet = (number: number): CodedFrame => ({
    ...{ number, time: number / 10, coded, isKey: number % 10 === 0, data: new Uint8Array(10) },
  });
  for (const drop of ["newest", "oldest"] as const) {
    const run = new TrackRun<CodedFrame>("a", { queueBytes: 150, drop });
    const numbers: number[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const segment = run.begin({
      write: async ({ number }) => {
        await held;
        numbers.push(Number(number));
      },
    });
    for (let number = 5; number < 48; number++) {
      run.take(packet(number));
      if (number === 10) await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    run.end();
    await segment.drained;
    const { offered, written, dropped, losses } = segment.counts;
    expect([run.unsaved, offered, written + dropped]).toEqual([5, 38, 38]);
    expect([numbers.length, losses.queue]).toEqual([written, dropped]);
    expect(dropped).toBeGreaterThan(10);
    // Whatever follows a hole is a keyframe.
    for (const [i, number] of numbers.entries()) {
      if (i > 0 && number !== numbers[i - 1]! + 1) expect([drop, number % 10]).toEqual([drop, 0]);
    }
  }
});
