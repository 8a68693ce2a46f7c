import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import type { FrameNumber } from "../src/core/frame.js";
import { bend, open, openStore, resize } from "../src/index.js";
import {
  type Recording,
  type Rig,
  recordingReceipt,
  startRecording,
  type TrackEvent,
} from "../src/recording/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-recording-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A rig of synthetic cameras, in a folder of its own. */
function rigOf(cameras: readonly string[], more: Partial<Rig> = {}): Rig & { directory: string } {
  return {
    directory: join(folder, String(count++)),
    pattern: "{name}",
    minFree: 0,
    cameras: cameras.map((camera, i) => ({ name: `cam${i + 1}`, camera })),
    ...more,
  };
}

async function run(
  rig: Rig,
  during?: (recording: Recording) => Promise<void>,
): Promise<{ recording: Recording; events: TrackEvent[] }> {
  const events: TrackEvent[] = [];
  const recording = await startRecording(rig, { onEvent: (event) => events.push(event) });
  await during?.(recording);
  await recording.done;
  return { recording, events };
}

const seconds = (length: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, length * 1000));

async function until(isSo: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error("it did not happen within 30 s");
    await seconds(0.02);
  }
}

/** Reads every frame: numbers and times rise, and the painted number is the frame's, less `shift` for those from `from` on. */
async function check(path: string, shift: (number: number) => number = () => 0): Promise<number[]> {
  await using store = await openStore(path);
  const numbers: number[] = [];
  let time = Number.NEGATIVE_INFINITY;
  for await (const frame of store.frames()) {
    const number = Number(frame.number);
    expect(number).toBeGreaterThan(numbers.at(-1) ?? Number.NEGATIVE_INFINITY);
    expect(frame.time).toBeGreaterThan(time);
    expect(readPaintedNumber(frame.image)).toBe(number - shift(number));
    numbers.push(number);
    time = frame.time;
  }
  return numbers;
}

/** Every frame that was to be saved was written, or is lost with a cause; nothing waits. */
function balanced(recording: Recording): void {
  for (const { counts } of recording.tracks) {
    const { offered, written, dropped, waiting, missing, losses } = counts;
    expect(offered).toBe(written + dropped);
    expect(waiting).toBe(0);
    expect(Object.values(losses).reduce((sum, each) => sum + each, 0)).toBe(dropped + missing);
  }
}

test("cameras are recorded each by its own process, from one instant on; every frame is there", async () => {
  const rig = rigOf(["synthetic:128x96@50", "synthetic:96x64@100", "synthetic:160x120@25"], { seconds: 1 });
  const pids = new Set<number>();
  const { recording } = await run(rig, async ({ tracks }) => {
    for (const { pid } of tracks) pids.add(pid!);
  });
  expect(pids.size).toBe(3);
  balanced(recording);
  const firsts: number[] = [];
  for (const [i, track] of recording.tracks.entries()) {
    const numbers = await check(join(rig.directory, track.name));
    const { counts, saved } = track;
    expect(numbers).toHaveLength(counts.written);
    expect(numbers.at(-1)! - numbers[0]! + 1).toBe(counts.written + counts.dropped + counts.missing);
    const rate = [50, 100, 25][i]!;
    expect(counts.offered + counts.missing).toBeGreaterThanOrEqual(rate * 0.8);
    expect(counts.offered + counts.missing).toBeLessThanOrEqual(rate + 1);
    firsts.push(saved[0]!.report!.first!.time);
    expect(saved[0]!.report!.progress!.synced).toBe(counts.written);
  }
  // A frame's time, and what a busy machine may lose at the beginning.
  expect(Math.max(...firsts) - Math.min(...firsts)).toBeLessThan(0.3);
});

test("a process that is killed is started again: its store goes on, the gap is in its numbers, the other camera notices nothing", async () => {
  const rig = rigOf(["synthetic:128x96@50", "synthetic:96x64@50"], { seconds: 4 });
  const { recording, events } = await run(rig, async ({ tracks }) => {
    await until(() => tracks[0]!.counts.written > 20);
    process.kill(tracks[0]!.pid!, "SIGKILL");
  });
  balanced(recording);
  const [killed, other] = recording.tracks;
  expect(killed!.restarts.map(({ reason }) => reason)).toEqual(["its process ended: SIGKILL"]);
  expect(events.filter(({ kind }) => kind === "restarted").map(({ track }) => track)).toEqual(["cam1"]);
  expect(other!.restarts).toEqual([]);
  // The synthetic camera counts from 0 again: what is painted says so, the frame's number goes on.
  const store = join(rig.directory, "cam1");
  await using opened = await openStore(store);
  const painted: number[] = [];
  const numbers: number[] = [];
  for await (const { image, number } of opened.frames()) {
    painted.push(readPaintedNumber(image)!);
    numbers.push(Number(number));
  }
  const cut = painted.findIndex((each, i) => i > 0 && each < painted[i - 1]!);
  expect(cut).toBeGreaterThan(20);
  expect(numbers.slice(0, cut)).toEqual(painted.slice(0, cut));
  const shift = numbers[cut]! - painted[cut]!;
  expect(numbers.slice(cut)).toEqual(painted.slice(cut).map((each) => each + shift));
  const { gaps } = killed!.saved.at(-1)!.report!;
  expect(gaps[0]).toMatchObject({
    cause: "camera",
    estimated: true,
    count: numbers[cut]! - numbers[cut - 1]! - 1,
  });
  expect(killed!.counts.written).toBe(numbers.length);
  // By the frame rate, the numbers are those of a camera that never stopped.
  const times = [...Array(opened.index.length).keys()].map((index) => opened.index.stamp(index).time);
  const elapsed = (times.at(-1)! - times[0]!) * 50;
  expect(Math.abs(numbers.at(-1)! - numbers[0]! - elapsed)).toBeLessThan(15);
  await check(join(rig.directory, "cam2"));
});

test("a process that is stopped for two seconds loses frames of its own camera only, and says how many", async () => {
  const rig = rigOf(["synthetic:128x96@50", "synthetic:96x64@50"], { seconds: 4 });
  const { recording } = await run(rig, async ({ tracks }) => {
    await until(() => tracks[0]!.counts.written > 20);
    process.kill(tracks[0]!.pid!, "SIGSTOP");
    await seconds(2);
    process.kill(tracks[0]!.pid!, "SIGCONT");
  });
  balanced(recording);
  const [stopped, other] = recording.tracks;
  const numbers = await check(join(rig.directory, "cam1"));
  expect(numbers.at(-1)! - numbers[0]! + 1 - numbers.length).toBe(stopped!.counts.losses.camera);
  expect(stopped!.counts.losses.camera).toBeGreaterThan(60);
  expect(other!.counts.losses.camera).toBeLessThan(10);
  await check(join(rig.directory, "cam2"));
});

test("armed cameras save when they are told to, as often as they are, with what came before", async () => {
  const rig = rigOf(["synthetic:96x64@50", "synthetic:96x64@40"], {
    ...{ pattern: "{name}-{count}", armed: true, preTrigger: 0.5 },
  });
  const { recording } = await run(rig, async (running) => {
    for (let i = 0; i < 3; i++) {
      await seconds(0.7);
      await running.begin();
      await until(() => running.tracks.every(({ counts }) => counts.written > 30 * (i + 1)));
      running.end();
      await until(() => running.tracks.every(({ saved }) => saved.length === i + 1));
    }
    expect(running.tracks.every(({ status }) => status!.offered > 100)).toBe(true);
    await running.stop();
  });
  balanced(recording);
  for (const track of recording.tracks) {
    const parts = [];
    for (const { path, report } of track.saved) {
      const numbers = await check(path);
      expect(numbers).toHaveLength(report!.written);
      expect(report!.written).toBeGreaterThan(20);
      parts.push(numbers);
    }
    expect(parts).toHaveLength(3);
    expect(parts[1]![0]!).toBeGreaterThan(parts[0]!.at(-1)!);
    expect(parts[2]![0]!).toBeGreaterThan(parts[1]!.at(-1)!);
  }
});

test("stores are left for the next one at their time, and no frame is lost between them", async () => {
  const rig = rigOf(["synthetic:96x64@50", "synthetic:96x64@100"], {
    ...{ pattern: "{name}-{count}", seconds: 4, rotate: { every: 1 } },
  });
  const { recording } = await run(rig);
  balanced(recording);
  for (const track of recording.tracks) {
    const all: number[] = [];
    expect(track.saved.map(({ frames }) => frames > 0)).toEqual([true, true, true, true]);
    for (const { path } of track.saved) all.push(...(await check(path)));
    const { missing, written } = track.counts;
    expect(all).toHaveLength(written);
    expect(all.at(-1)! - all[0]! + 1).toBe(all.length + missing);
  }
});

test("stores are left when they are big enough", async () => {
  const rig = rigOf(["synthetic:128x96@100"], {
    ...{ pattern: "{name}-{count}", seconds: 3, rotate: { bytes: 400_000 } },
    cameras: [{ name: "cam1", camera: "synthetic:128x96@100", format: "npy" }],
  });
  const { recording } = await run(rig);
  balanced(recording);
  const [track] = recording.tracks;
  expect(track!.saved.length).toBeGreaterThan(2);
  const all: number[] = [];
  for (const { path } of track!.saved) all.push(...(await check(path)));
  expect(all.at(-1)! - all[0]! + 1).toBe(all.length + track!.counts.missing);
});

test("a signal ends it, and all that came is written", async () => {
  const control = new AbortController();
  const recording = await startRecording(rigOf(["synthetic:96x64@100"]), { signal: control.signal });
  await until(() => recording.tracks[0]!.counts.written > 30);
  control.abort();
  await recording.done;
  balanced(recording);
  const { path, report } = recording.tracks[0]!.saved[0]!;
  expect(await check(path)).toHaveLength(report!.written);
});

test("a camera that is not there, or a store that is in the way, is told before anything runs", async () => {
  await expect(startRecording(rigOf(["synthetic:96x64@100", "webcam:7"]))).rejects.toThrow(
    /cam2: camera webcam:7: no driver for "webcam"/,
  );
  const rig = rigOf(["synthetic:96x64@100"], { seconds: 0.2 });
  await run(rig);
  await expect(startRecording(rig)).rejects.toThrow(/cam1: .*pass overwrite/);
  // The first recording is as it was.
  expect(await check(join(rig.directory, "cam1"))).not.toHaveLength(0);
});

test("rows from outside are tied to the frame that was written last", async () => {
  const rig = rigOf(["synthetic:96x64@50", "synthetic:96x64@50"]);
  const told: { number: FrameNumber; index: number }[] = [];
  const { recording } = await run(rig, async (running) => {
    await until(() => running.tracks.every(({ counts }) => counts.written > 10));
    const [first, second] = await running.addExtra({ odor: "on" });
    told.push(first!.stamp!, second!.stamp!);
    await running.addExtra({ only: "cam2" }, "cam2");
    running.end();
    await until(() => !running.isSaving);
    expect(await running.addExtra({ late: true }, "cam1")).toMatchObject([
      { track: "cam1", error: { message: "no frames are being saved" } },
    ]);
    await running.stop();
  });
  const rows = [];
  for (const { saved } of recording.tracks) {
    await using store = await openStore(saved[0]!.path);
    const found: Record<string, unknown>[] = [];
    for await (const row of store.extraRows()) found.push(row);
    rows.push(found);
  }
  expect(rows.map((each) => each.map(({ odor, only }) => odor ?? only))).toEqual([["on"], ["on", "cam2"]]);
  expect(rows[0]![0]!.frame_index).toBeGreaterThanOrEqual(10);
  expect(rows.map(([row]) => [row!.frame_number, row!.frame_index])).toEqual(
    told.map(({ number, index }) => [number, index]),
  );
});

test("previews and snapshots show what the camera sees", async () => {
  const rig = rigOf(["synthetic:640x480@50"]);
  await run(rig, async (running) => {
    const shown: { jpeg: Uint8Array; number: number }[] = [];
    running.preview("cam1", 20, 320, (jpeg, { number }) => shown.push({ jpeg, number: Number(number) }));
    await until(() => shown.length >= 5);
    running.preview("cam1", 0, 320, () => {});
    const png = await running.track("cam1").snapshot();
    const path = join(folder, "snapshot.png");
    writeFileSync(path, png);
    writeFileSync(join(folder, "preview.jpg"), shown[3]!.jpeg);
    await using whole = await open(path);
    await using small = await open(join(folder, "preview.jpg"));
    await using large = bend(small, resize({ factor: 2, method: "nearest" }));
    expect([whole.info.width, whole.info.height, small.info.width, small.info.height]).toEqual([
      640, 480, 320, 240,
    ]);
    expect(readPaintedNumber((await whole.frame({ index: 0 })).image)).toBeGreaterThan(shown[3]!.number);
    expect(readPaintedNumber((await large.frame({ index: 0 })).image)).toBe(shown[3]!.number);
    expect(() => running.preview("cam9", 1, 1, () => {})).toThrow('no camera "cam9" (there are: cam1)');
    await running.stop();
  });
});

test("previews as H.264 begin with a keyframe, give another when asked, and every picture of them decodes", async () => {
  const rig = rigOf(["synthetic:650x490@50"]);
  const units: { bytes: Uint8Array; number: number; isKey: boolean }[] = [];
  await run(rig, async (running) => {
    const look = (): void =>
      running.track("cam1").video(25, 330, (bytes, { number }, isKey) => {
        units.push({ bytes, number: Number(number), isKey });
      });
    look();
    await until(() => units.length >= 10);
    look();
    await until(() => units.length >= 20);
    await running.stop();
  });
  expect(units[0]!.isKey).toBe(true);
  expect(units.slice(5).some(({ isKey }) => isKey)).toBe(true);
  const path = join(folder, "preview.h264");
  writeFileSync(path, Buffer.concat(units.map(({ bytes }) => bytes)));
  await using video = await open(path);
  expect([video.index.length, video.info.width, video.info.height]).toEqual([units.length, 324, 244]);
  await using large = bend(video, resize({ factor: 2, method: "nearest" }));
  const painted: unknown[] = [];
  for await (const { image } of large.frames()) painted.push(readPaintedNumber(image));
  expect(painted).toEqual(units.map(({ number }) => number));
});

test("a file that is there, a signal and a schedule begin and end saving; the store says when it began", async () => {
  const trigger = join(folder, "trigger");
  const rig = rigOf(["synthetic:96x64@50"], {
    ...{ pattern: "{name}-{count:02d}", triggers: { file: trigger, signal: "SIGUSR2" } },
  });
  const { recording } = await run(rig, async (running) => {
    const [track] = running.tracks;
    const savedTimes = async (times: number): Promise<void> => until(() => track!.saved.length === times);
    await seconds(0.3);
    expect(track!.counts.offered).toBe(0);
    writeFileSync(trigger, "");
    await until(() => track!.counts.written > 10);
    rmSync(trigger);
    await savedTimes(1);
    process.kill(process.pid, "SIGUSR2");
    await until(() => track!.counts.written > track!.saved[0]!.frames + 10);
    process.kill(process.pid, "SIGUSR2");
    await savedTimes(2);
    await running.stop();
  });
  balanced(recording);
  expect(recording.tracks[0]!.saved.map(({ path }) => basename(path))).toEqual(["cam1-01", "cam1-02"]);
  for (const { path, frames } of recording.tracks[0]!.saved) expect(await check(path)).toHaveLength(frames);
});

test("a schedule saves at its hours, and again the next time", async () => {
  const day = new Date();
  const clock = (ahead: number): string => new Date(day.getTime() + ahead * 1000).toTimeString().slice(0, 8);
  const rig = rigOf(["synthetic:96x64@50"], {
    pattern: "{name}-{count}",
    schedule: [
      { from: clock(3), to: clock(4) },
      { from: clock(5), to: clock(6) },
    ],
    until: day.getTime() / 1000 + 7,
  });
  const { recording } = await run(rig);
  balanced(recording);
  const { saved } = recording.tracks[0]!;
  expect(saved).toHaveLength(2);
  for (const [i, { report }] of saved.entries()) {
    const begin = Math.floor(day.getTime() / 1000) + 3 + 2 * i;
    expect(report!.first!.time).toBeGreaterThanOrEqual(begin);
    expect(report!.last!.time).toBeLessThan(begin + 1);
  }
});

test("no password of a camera stands in a receipt, a store or an error", async () => {
  const rig = rigOf(["synthetic:96x64@50"], { seconds: 0.3 });
  const { recording } = await run(rig);
  const { tracks, started, stoppedBy, clock } = recording;
  const secret = {
    ...rig,
    cameras: [{ name: "cam1", camera: "rtsp://lab:s3cret@192.168.0.64/live?token=abc" }],
  };
  const told = await recordingReceipt(
    { tracks, started, stoppedBy, clock, rig: secret } as unknown as Recording,
    false,
  );
  const text = JSON.stringify(told.rig);
  expect(text).toContain("rtsp://192.168.0.64/live?token=***");
  expect(text).not.toMatch(/s3cret|abc/);
  await expect(startRecording(rigOf(["rtps://lab:s3cret@192.168.0.64/live"]))).rejects.toThrow(
    /rtps:\/\/192/,
  );
});

test("who ends it while cameras are being opened waits for nothing, and nothing is left", async () => {
  const rig = rigOf(["synthetic:128x96@50", "synthetic:96x64@50"]);
  const stop = new AbortController();
  const starting = startRecording(rig, { signal: stop.signal });
  const reason = new Error("enough");
  setTimeout(() => stop.abort(reason), 20);
  await expect(starting).rejects.toBe(reason);
  expect(existsSync(rig.directory)).toBe(false);
});
