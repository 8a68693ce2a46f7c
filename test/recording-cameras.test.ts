import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { createStore, openStore, pipeTo, syntheticCamera } from "../src/index.js";
import {
  type Recording,
  type Rig,
  type RigTrack,
  startRecording,
  type TrackEvent,
} from "../src/recording/index.js";

// What a recording makes of cameras that misbehave, each in a process of its own beside one that does not.

const folder = mkdtempSync(join(tmpdir(), "marey-rig-cameras-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const sound = "synthetic:64x48@50";

interface Outcome {
  readonly recording: Recording;
  readonly track: RigTrack;
  readonly other: RigTrack;
  readonly events: readonly TrackEvent[];
}

/** Records a camera beside one that is well. Whatever the first does, the second notices nothing. */
async function recordBeside(camera: string, more: Partial<Rig> = {}): Promise<Outcome> {
  const events: TrackEvent[] = [];
  const rig: Rig = {
    directory: join(folder, String(count++)),
    pattern: "{name}-{count}",
    minFree: 0,
    cameras: [
      { name: "bad", camera },
      { name: "good", camera: sound },
    ],
    ...more,
  };
  const recording = await startRecording(rig, { onEvent: (event) => events.push(event) });
  await recording.done;
  const [track, other] = recording.tracks as [RigTrack, RigTrack];
  for (const { counts } of recording.tracks) balanced(counts);
  expect([other.restarts, other.outages, other.saved.length]).toEqual([[], [], 1]);
  const { counts } = other;
  expect(counts.losses).toEqual({ camera: counts.missing, queue: 0, encoder: 0, disk: 0 });
  const { numbers, painted } = await readAll(other);
  expect(painted).toEqual(numbers);
  expect([numbers.length, span(numbers)]).toEqual([counts.written, counts.written + counts.missing]);
  expect(span(numbers)).toBeGreaterThan(50 * (rig.seconds ?? 0) - 2);
  return { recording, track, other, events };
}

function balanced({ offered, written, dropped, waiting, missing, losses }: RigTrack["counts"]): void {
  expect(offered).toBe(written + dropped);
  expect(waiting).toBe(0);
  expect(Object.values(losses).reduce((sum, each) => sum + each, 0)).toBe(dropped + missing);
}

const span = (numbers: readonly number[]): number => numbers.at(-1)! - numbers[0]! + 1;

/** Every frame of all stores of a track; numbers and times rise from the first to the last. */
async function readAll(
  { saved }: RigTrack,
  height?: number,
): Promise<{ numbers: number[]; times: number[]; painted: number[] }> {
  const [numbers, times, painted]: [number[], number[], number[]] = [[], [], []];
  for (const path of new Set(saved.map((store) => store.path))) {
    await using store = await openStore(path);
    expect(store.problems).toEqual([]);
    if (height !== undefined && store.info.height !== height) continue;
    for await (const { number, time, image } of store.frames()) {
      expect(Number(number)).toBeGreaterThan(numbers.at(-1) ?? Number.NEGATIVE_INFINITY);
      expect(time).toBeGreaterThan(times.at(-1) ?? Number.NEGATIVE_INFINITY);
      expect(image.height).toBe(store.info.height);
      numbers.push(Number(number));
      times.push(time);
      painted.push(readPaintedNumber(image)!);
    }
  }
  return { numbers, times, painted };
}

/** Files that only a writer at work, or one that died, has in its stores. */
const leftovers = ({ saved }: RigTrack): string[] =>
  saved.flatMap(({ path }) => readdirSync(path).filter((name) => /journal|part|lock/.test(name)));

/** A camera that was opened anew counts from 0 again: the runs of its own count, each moved by one step. */
function runsOf({ numbers, painted }: { numbers: number[]; painted: number[] }): number[] {
  const starts = painted.flatMap((each, i) => (i === 0 || each < painted[i - 1]! ? [i] : []));
  for (const [run, start] of starts.entries()) {
    const stop = starts[run + 1] ?? painted.length;
    const shift = numbers[start]! - painted[start]!;
    expect(numbers.slice(start, stop)).toEqual(painted.slice(start, stop).map((each) => each + shift));
  }
  return starts;
}

/** By how much frames are timed wrong, in seconds: numbers are counted at a steady rate. */
function worstTime({ numbers, times }: { numbers: number[]; times: number[] }, rate: number): number {
  return Math.max(...times.map((time, i) => Math.abs(time - times[0]! - (numbers[i]! - numbers[0]!) / rate)));
}

// A drift shows after ten seconds: the other tests run meanwhile.
const drifting = recordBeside("synthetic:64x48@50,drift=500,jitter=0.004", { seconds: 13 });
drifting.catch(() => {});

describe("cameras that misbehave", () => {
  test("drop: what the camera lost is counted to the frame, and nothing else is lost", async () => {
    const { track } = await recordBeside("synthetic:64x48@100,drop=0.05", { seconds: 2 });
    const { numbers, painted } = await readAll(track);
    const { counts } = track;
    expect(painted).toEqual(numbers);
    expect(counts.written).toBe(numbers.length);
    expect(counts.losses).toEqual({ camera: span(numbers) - numbers.length, queue: 0, encoder: 0, disk: 0 });
    expect(counts.losses.camera).toBeGreaterThan(0);
    const { gaps } = track.saved[0]!.report!;
    expect(
      gaps.flatMap(({ number, count }) => Array.from({ length: count }, (_, i) => Number(number) + i)),
    ).toEqual(
      Array.from({ length: span(numbers) }, (_, i) => numbers[0]! + i).filter(
        (each) => !numbers.includes(each),
      ),
    );
  });

  test("stall: a silent camera is told, opened again, and the pause is a gap that is called a guess", async () => {
    const { track, events } = await recordBeside("synthetic:64x48@50,stall=1+60", { seconds: 4, silence: 1 });
    expect(track.outages.length).toBeGreaterThanOrEqual(1);
    expect(track.outages[0]!.reason).toMatch(/gave no frame for 1 s/);
    expect(events.some(({ kind, track: name }) => kind === "lost" && name === "bad")).toBe(true);
    const read = await readAll(track);
    const starts = runsOf(read);
    expect(starts.length).toBeGreaterThanOrEqual(2);
    const cut = starts[1]!;
    const { gaps } = track.saved[0]!.report!;
    const lost = read.numbers[cut]! - read.numbers[cut - 1]! - 1;
    expect(gaps.find(({ estimated }) => estimated)).toMatchObject({ cause: "camera", count: lost });
    // As many as the time between would have held.
    expect(Math.abs(lost + 1 - (read.times[cut]! - read.times[cut - 1]!) * 50)).toBeLessThan(3);
    expect(track.restarts).toEqual([]);
    expect(track.counts.losses.camera).toBe(span(read.numbers) - read.numbers.length);
  });

  test("die: a camera that is lost is opened again, each time after a longer wait, in the same store", async () => {
    const { track } = await recordBeside("synthetic:64x48@50,die=0.6", { seconds: 4.5 });
    expect(track.restarts).toEqual([]);
    expect(track.outages.length).toBeGreaterThanOrEqual(3);
    for (const { reason } of track.outages) expect(reason).toMatch(/lost 0.6 s after its start/);
    expect(track.saved).toHaveLength(1);
    const read = await readAll(track);
    const starts = runsOf(read);
    expect(starts.length).toBeGreaterThanOrEqual(3);
    const pauses = starts.slice(1).map((start) => read.numbers[start]! - read.numbers[start - 1]! - 1);
    expect(pauses[1]!).toBeGreaterThan(pauses[0]!);
    const { gaps, written } = track.saved[0]!.report!;
    expect(gaps.filter(({ estimated }) => estimated).map((gap) => gap.count)).toEqual(pauses);
    expect(written).toBe(read.numbers.length);
    expect(track.counts.losses.camera).toBe(span(read.numbers) - read.numbers.length);
  });

  test("crash: a process that is aborted by its driver is started again, and its store goes on", async () => {
    const { track } = await recordBeside("synthetic:64x48@50,crash=0.8", { seconds: 4 });
    expect(track.restarts.length).toBeGreaterThanOrEqual(2);
    for (const { reason } of track.restarts) expect(reason).toMatch(/its process ended: SIGABRT/);
    expect(track.outages).toEqual([]);
    expect(new Set(track.saved.map(({ path }) => path)).size).toBe(1);
    const read = await readAll(track);
    expect(runsOf(read).length).toBeGreaterThanOrEqual(2);
    expect(track.counts.written).toBe(read.numbers.length);
    expect(leftovers(track)).toEqual([]);
  });

  test("garbage: a frame with half of its rows is counted under the camera, and not written", async () => {
    const { track } = await recordBeside("synthetic:64x96@50,garbage=1.5", { seconds: 2.5 });
    const { numbers, painted } = await readAll(track);
    const { counts } = track;
    expect(painted).toEqual(numbers);
    expect(track.saved).toHaveLength(1);
    expect(counts.dropped).toBe(1);
    expect(counts.losses).toEqual({ camera: 1 + counts.missing, queue: 0, encoder: 0, disk: 0 });
    const { gaps } = track.saved[0]!.report!;
    const [gap] = gaps.filter(({ reason }) => reason !== undefined);
    expect(gap).toMatchObject({ number: 75, count: 1, cause: "camera" });
    expect(gap!.reason).toMatch(/64x48/);
    expect(numbers).not.toContain(75);
  });

  test("resize: pictures of another size go into another store; lost are only those that are counted", async () => {
    const { track, events } = await recordBeside("synthetic:64x96@50,resize=1.5", { seconds: 3 });
    expect(events.filter(({ kind }) => kind === "shape").map(({ text }) => text)).toEqual(["now 64x48"]);
    expect(track.saved).toHaveLength(2);
    const { numbers, painted } = await readAll(track);
    const [large, small] = [await readAll(track, 96), await readAll(track, 48)];
    expect(painted).toEqual(numbers);
    expect(Math.max(...large.numbers)).toBeLessThan(75);
    expect(small.numbers[0]!).toBeGreaterThanOrEqual(75 + 9);
    const { counts } = track;
    expect(counts.written).toBe(numbers.length);
    expect(counts.losses).toEqual({ camera: span(numbers) - numbers.length, queue: 0, encoder: 0, disk: 0 });
  });

  test.each(["1+5", "1-3600"])("jump %s: a clock that jumps moves no frame in time", async (jump) => {
    const { track } = await recordBeside(`synthetic:64x48@50,jump=${jump}`, { seconds: 2.5 });
    const read = await readAll(track);
    expect(read.painted).toEqual(read.numbers);
    expect(read.numbers).toHaveLength(track.counts.written);
    expect(worstTime(read, 50)).toBeLessThan(0.05);
    expect(track.status!.fit!.jumps).toBe(1);
  });

  test("drift and jitter: the clock is found to be fast by what it is, within 50 millionths", async () => {
    const { track } = await drifting;
    const read = await readAll(track);
    expect(read.painted).toEqual(read.numbers);
    expect(read.numbers).toHaveLength(track.counts.written);
    const { drift, jumps, late } = track.status!.fit!;
    expect(Math.abs(drift + 500)).toBeLessThan(50);
    expect(jumps).toBe(0);
    expect(late.mean).toBeGreaterThan(0.0005);
    // Jitter of 4 ms is in no frame's time.
    expect(worstTime(read, 50 * (1 + 500e-6))).toBeLessThan(0.008);
  });
});

describe("films that are read as fast as they are wanted", () => {
  const length = 400;
  const film = join(folder, "film");

  async function makeFilm(): Promise<void> {
    const source = syntheticCamera({
      width: 64,
      height: 48,
      rate: 100,
      frames: length,
      pace: "free",
      firstNumber: 1000,
    });
    await using store = await createStore(film, {
      info: source.info,
      format: "npy",
      overwrite: true,
      minFree: 0,
    });
    await pipeTo(source, store);
  }

  async function record(
    rig: Rig,
    during?: (recording: Recording) => Promise<void>,
  ): Promise<readonly RigTrack[]> {
    const recording = await startRecording({
      ...{ directory: join(folder, String(count++)), pattern: "{name}-{count}", minFree: 0, ...rig },
    });
    await during?.(recording);
    await recording.done;
    for (const { counts } of recording.tracks) balanced(counts);
    return recording.tracks;
  }

  const all = Array.from({ length }, (_, i) => 1000 + i);

  test("every frame is saved, at the times it had; a queue that is full waits", async () => {
    await makeFilm();
    const camera = `replay:${film},speed=free`;
    const alone = await record({ cameras: [{ name: "a", camera, queueBytes: 64 * 48 * 3 }] });
    const several = await record({
      cameras: [
        { name: "a", camera, queueBytes: 64 * 48 * 3, format: "png", drop: "fail" },
        { name: "b", camera },
        { name: "c", camera: sound },
      ],
      seconds: 4.5,
    });
    for (const track of [...alone, ...several.slice(0, 2)]) {
      const read = await readAll(track);
      expect(read.numbers).toEqual(all);
      expect(read.painted).toEqual(all);
      expect(track.counts).toMatchObject({ offered: length, written: length, dropped: 0, missing: 0 });
      expect(worstTime(read, 100)).toBeLessThan(1e-4);
    }
    expect(alone[0]!.saved[0]!.report!.peakBytes).toBeLessThanOrEqual(64 * 48 * 3);
  });

  test("one that is over before its store is ready is saved all the same, at its own pace, too", async () => {
    for (const settings of ["to=2", "to=2,speed=free", "from=-1"]) {
      const [track] = await record({ cameras: [{ name: "a", camera: `replay:${film},${settings}` }] });
      expect((await readAll(track!)).numbers).toEqual(
        settings === "from=-1" ? all.slice(-1) : all.slice(0, 2),
      );
    }
  });

  test("a length is that of the film; frames are as many as were asked for", async () => {
    const camera = `replay:${film},speed=free,loop=true`;
    const [second] = await record({ cameras: [{ name: "a", camera }], seconds: 6.5 });
    expect((await readAll(second!)).numbers).toEqual(Array.from({ length: 650 }, (_, i) => 1000 + i));
    const beside = await record({
      cameras: [
        { name: "a", camera },
        { name: "b", camera: sound },
      ],
      seconds: 1.5,
    });
    expect((await readAll(beside[0]!)).numbers).toEqual(all.slice(0, 150));
    const onsets = beside.map(({ saved }) => saved[0]!.report!.first!.time);
    expect(Math.abs(onsets[0]! - onsets[1]!)).toBeLessThan(0.5);
    const [asked] = await record({ cameras: [{ name: "a", camera }], frames: 123 });
    expect((await readAll(asked!)).numbers).toEqual(all.slice(0, 123));
  });

  test("it stands still while nothing is saved: what follows is in the next store", async () => {
    const camera = `replay:${film},speed=free,loop=true`;
    const [track] = await record({ cameras: [{ name: "a", camera }], armed: true }, async (recording) => {
      for (let i = 1; i <= 3; i++) {
        await recording.begin();
        await until(() => recording.tracks[0]!.counts.written > 100 * i);
        recording.end();
        await until(() => recording.tracks[0]!.saved.length === i);
      }
      await recording.stop();
    });
    const { numbers } = await readAll(track!);
    expect(track!.saved).toHaveLength(3);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 1000 + i));
    expect(numbers).toHaveLength(track!.counts.written);
  });
});

test("a process that dies just before the end leaves a store that is whole, and counts that are its own", async () => {
  const recording = await startRecording({
    ...{ directory: join(folder, String(count++)), pattern: "{name}", minFree: 0 },
    cameras: [{ name: "a", camera: sound }],
  });
  const [track] = recording.tracks as [RigTrack];
  await until(() => track.counts.written > 20);
  process.kill(track.pid!, "SIGKILL");
  await until(() => track.restarts.length > 0);
  await recording.stop();
  balanced(track.counts);
  const { numbers, painted } = await readAll(track);
  expect(painted).toEqual(numbers);
  expect(numbers).toHaveLength(track.counts.written);
  expect(track.saved).toMatchObject([{ frames: numbers.length }]);
  expect(leftovers(track)).toEqual([]);
});

test("a recording that is ended before its camera has answered ends, with the reason", async () => {
  const deaf = createServer(() => {});
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const { port } = deaf.address() as { port: number };
  const stop = new AbortController();
  const starting = startRecording(
    { directory: folder, cameras: [{ name: "a", camera: `rtsp://127.0.0.1:${port}/live` }] },
    { signal: stop.signal },
  );
  setTimeout(() => stop.abort(new Error("enough")), 1000);
  await expect(starting).rejects.toThrow("enough");
  deaf.close();
});

async function until(isSo: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error("it did not happen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
