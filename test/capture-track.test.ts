import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { LossLedger } from "../src/capture/loss-ledger.js";
import { TrackRun } from "../src/capture/track-run.js";
import { DiskFullError, EncodeError, FrameMismatchError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import type { FrameSink } from "../src/core/stream.js";

const info = { width: 4, height: 2, channels: 1, dtype: "uint8", color: "gray" } as const;

function frameOf(number: number, time = number / 10): Frame {
  return { number, time, image: { ...info, data: new Uint8Array(8) } };
}

/** Keeps numbers; a store, as far as anyone can tell: a frame that fails costs only itself. */
function sinkOf(
  onWrite: (frame: Frame) => void | Promise<void> = () => {},
): FrameSink & { numbers: number[] } {
  const numbers: number[] = [];
  return {
    numbers,
    get progress() {
      const count = numbers.length;
      return { accepted: count, encoded: count, flushed: count, synced: count, bytes: count };
    },
    async write(frame) {
      await onWrite(frame);
      numbers.push(Number(frame.number));
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

function feed(run: TrackRun, from: number, to: number): void {
  for (let number = from; number < to; number++) run.take(frameOf(number));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test("saving begins and ends any number of times while the camera goes on; every frame is accounted for", async () => {
  const run = new TrackRun("a");
  const sinks = [sinkOf(), sinkOf()];
  feed(run, 0, 10);
  const first = run.begin(sinks[0]!);
  feed(run, 10, 20);
  expect(run.end()).toBe(first);
  feed(run, 20, 30);
  const second = run.begin(sinks[1]!);
  feed(run, 30, 45);
  run.end();
  await Promise.all([first.drained, second.drained]);
  expect(sinks.map(({ numbers }) => numbers)).toEqual([range(10, 20), range(30, 45)]);
  expect([run.offered, run.unsaved, first.counts.written, second.counts.written]).toEqual([45, 20, 10, 15]);
});

test("the seconds before the trigger are saved, too, and go first", async () => {
  const run = new TrackRun("a", { preTrigger: 1.05 });
  const sink = sinkOf();
  feed(run, 0, 50);
  const segment = run.begin(sink);
  feed(run, 50, 55);
  run.end();
  await segment.drained;
  expect(sink.numbers).toEqual(range(39, 55));
  expect(run.offered).toBe(run.unsaved + segment.counts.written);
});

test("what the pre-trigger holds fits into a queue that is smaller", async () => {
  const run = new TrackRun("a", { preTrigger: 10, queueBytes: 16 });
  const sink = sinkOf();
  feed(run, 0, 50);
  const segment = run.begin(sink);
  run.end();
  await segment.drained;
  expect(sink.numbers).toEqual(range(0, 50));
});

test("the pre-trigger is bounded in bytes, whatever its seconds", () => {
  const run = new TrackRun("a", { preTrigger: 1000, preTriggerBytes: 80 });
  feed(run, 0, 100);
  expect(run.unsaved).toBe(90);
  run.stop();
  expect(run.unsaved).toBe(100);
});

test("from one store to the next no frame is lost, and none is in both", async () => {
  const run = new TrackRun("a");
  const sinks = [sinkOf(), sinkOf(), sinkOf()];
  const segments = [run.begin(sinks[0]!, { from: 1 })];
  feed(run, 0, 20);
  segments.push(run.begin(sinks[1]!, { from: 3 }));
  feed(run, 20, 50);
  segments.push(run.begin(sinks[2]!, { until: 7 }));
  feed(run, 50, 100);
  await Promise.all(segments.map(({ drained }) => drained));
  expect(sinks.map(({ numbers }) => numbers)).toEqual([range(10, 30), range(30, 50), range(50, 70)]);
  expect(run.unsaved).toBe(40);
});

test("a store that is prepared for later takes its frames from its own time on, also after the one before has ended", async () => {
  const run = new TrackRun("a");
  const [now, later] = [sinkOf(), sinkOf()];
  const segments = [run.begin(now, { until: 2 }), run.begin(later, { from: 3 })];
  feed(run, 0, 40);
  run.stop();
  await Promise.all(segments.map(({ drained }) => drained));
  expect([now.numbers, later.numbers]).toEqual([range(0, 20), range(30, 40)]);
});

test("numbers that the camera skips are lost by the camera, at their place", async () => {
  const run = new TrackRun("a");
  const segment = run.begin(sinkOf());
  for (const number of [3, 4, 8, 9]) run.take(frameOf(number));
  run.end();
  await segment.drained;
  const { losses, gaps, missing, offered, written } = segment.report;
  expect([losses.camera, missing, offered, written]).toEqual([3, 3, 4, 4]);
  expect(gaps).toEqual([{ number: 5, count: 3, time: 0.4, cause: "camera" }]);
});

test("a full queue, a broken encoder, a wrong picture and a full disk: each loss has its own cause", async () => {
  const run = new TrackRun("a", { queueBytes: 8 * 4 });
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const sink = sinkOf(async ({ number }) => {
    if (number === 0) await held;
    if (number === 20) throw new EncodeError("a", "the encoder gave nothing");
    if (number === 21) throw new FrameMismatchError("4x2", "8x8");
    if (Number(number) >= 25) throw new DiskFullError("a", 10, 1000);
  });
  const segment = run.begin(sink);
  run.take(frameOf(0));
  await Promise.resolve();
  feed(run, 1, 10);
  release();
  for (let number = 10; number < 40; number++) {
    await new Promise((resolve) => setImmediate(resolve));
    run.take(frameOf(number));
  }
  run.end();
  await segment.drained;
  const { offered, written, dropped, losses, waiting, gaps } = segment.report;
  expect(offered).toBe(40);
  expect(offered).toBe(written + dropped);
  expect(waiting).toBe(0);
  expect(losses).toEqual({ queue: 5, encoder: 1, camera: 1, disk: 15 });
  expect(gaps.map(({ number, count, cause }) => [number, count, cause])).toEqual([
    [5, 5, "queue"],
    [20, 1, "encoder"],
    [21, 1, "camera"],
    [25, 15, "disk"],
  ]);
  expect(segment.failure).toBeInstanceOf(DiskFullError);
});

test("a camera that falls silent is an error of that camera", async () => {
  const run = new TrackRun("a");
  const silent = {
    id: "webcam-1",
    info,
    async *[Symbol.asyncIterator]() {
      yield frameOf(0);
      await new Promise(() => {});
    },
  };
  const pumping = run.pump(silent, new AbortController().signal, { silence: 0.2 });
  await expect(pumping).rejects.toThrow("webcam-1: gave no frame for 0.2 s");
  expect(run.offered).toBe(1);
});

/** Gives frames as fast as they are asked for. */
function waitingSource(count: number, bytes = 8) {
  return {
    ...{ id: "film", info, waits: true },
    async *[Symbol.asyncIterator]() {
      for (let number = 0; number < count; number++) {
        yield { number, time: number / 10, image: { ...info, data: new Uint8Array(bytes) } };
      }
    },
  };
}

test("a source that waits loses nothing: it is held until saving begins, until there is room, and while a store is broken", async () => {
  const run = new TrackRun("a", { queueBytes: 16 });
  const pumping = run.pump(waitingSource(300), new AbortController().signal, { silence: 0.2 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect([run.offered, run.unsaved]).toEqual([1, 0]);
  const broken = sinkOf(async ({ number }) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (Number(number) >= 100) throw new DiskFullError("a", 10, 1000);
  });
  const first = run.begin(broken, { from: 5 });
  await first.drained;
  const whole = sinkOf(() => new Promise((resolve) => setImmediate(resolve)));
  const second = run.begin(whole, { frames: 150 });
  await second.drained;
  const rest = sinkOf();
  const third = run.begin(rest);
  expect(await pumping).toBe("ended");
  run.stop();
  await third.drained;
  const { written, dropped, losses } = first.counts;
  expect(broken.numbers).toEqual(range(0, 100));
  expect([written, losses.disk]).toEqual([100, dropped]);
  expect(whole.numbers).toEqual(range(100 + dropped, 250 + dropped));
  expect(rest.numbers).toEqual(range(250 + dropped, 300));
  expect([second.peakBytes, run.unsaved]).toEqual([16, 0]);
});

test("others live beside a source that always has a frame", async () => {
  const run = new TrackRun("a");
  const stop = new AbortController();
  run.begin(sinkOf());
  setTimeout(() => stop.abort(), 50);
  expect(await run.pump(waitingSource(Number.POSITIVE_INFINITY), stop.signal)).toBe("stopped");
});

test("frames that were written are let go", async () => {
  const run = new TrackRun("a");
  const segment = run.begin(sinkOf());
  await run.pump(waitingSource(4000, 100_000), new AbortController().signal);
  run.stop();
  await segment.drained;
  expect(segment.counts.written).toBe(4000);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(200e6);
});

test("a million gaps are counted, and ten thousand kept", () => {
  const ledger = new LossLedger();
  for (let i = 0; i < 1_000_000; i++) ledger.add({ number: i * 3, count: 1, time: i, cause: "queue" });
  expect([ledger.count, ledger.gaps.length, ledger.totals.queue]).toEqual([1_000_000, 10_000, 1_000_000]);
});

test("a frame that was written is forgotten, however long the camera runs", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const run = new TrackRun("a");
  const left: WeakRef<Frame>[] = [];
  const stop = new AbortController();
  let wait: (() => void) | undefined;
  const source = {
    info,
    async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
      for (let number = 0; number < 300; number++) {
        const frame = frameOf(number);
        left.push(new WeakRef(frame));
        yield frame;
      }
      await new Promise<void>((resolve) => {
        wait = resolve;
      });
    },
  };
  run.begin(sinkOf());
  const pumped = run.pump(source, stop.signal);
  while (wait === undefined) await new Promise(setImmediate);
  await new Promise((resolve) => setTimeout(resolve, 20));
  collect();
  expect(left).toHaveLength(300);
  expect(left.filter((one) => one.deref() !== undefined).length).toBeLessThan(5);
  stop.abort();
  expect(await pumped).toBe("stopped");
});
