import { expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import { RecordingError, record, type TrackCounts } from "../src/capture/recorder.js";
import { EncodeError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import type { FrameSink, FrameSource } from "../src/core/stream.js";

const small = { width: 32, height: 24 };

/** Keeps the numbers of what it is given, and may be slow or fail. */
function memorySink(
  onWrite: (count: number) => Promise<void> | void = () => {},
): FrameSink & { numbers: number[] } {
  const numbers: number[] = [];
  return {
    numbers,
    async write(frame) {
      await onWrite(numbers.length);
      numbers.push(Number(frame.number));
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

function balanced({ offered, written, dropped, waiting }: TrackCounts): boolean {
  return offered === written + dropped && waiting === 0;
}

test("records as many frames as asked from each camera, in order, none lost", async () => {
  const sinks = [memorySink(), memorySink()];
  const receipt = await record(
    [
      { name: "a", source: syntheticCamera({ ...small, rate: 400 }), sink: sinks[0]! },
      { name: "b", source: syntheticCamera({ ...small, rate: 200, firstNumber: -5 }), sink: sinks[1]! },
    ],
    { frames: 40 },
  );
  expect(receipt.stoppedBy).toBe("length");
  expect(receipt.tracks.map(({ written }) => written)).toEqual([40, 40]);
  expect(receipt.tracks.every(balanced)).toBe(true);
  expect(sinks[1]!.numbers[0]).toBe(-5);
  expect(sinks[0]!.numbers).toEqual([...sinks[0]!.numbers].sort((a, b) => a - b));
});

test("a slow disk drops frames, counts them, and keeps the numbers honest", async () => {
  const sink = memorySink(() => pause(20));
  const source = syntheticCamera({ ...small, rate: 500 });
  const receipt = await record([{ name: "slow", source, sink }], { frames: 100, queueBytes: 32 * 24 * 3 });
  const [track] = receipt.tracks;
  expect(track!.dropped).toBeGreaterThan(0);
  expect(balanced(track!)).toBe(true);
  expect(track!.written).toBe(sink.numbers.length);
  const gaps = sink.numbers.at(-1)! - sink.numbers[0]! + 1 - sink.numbers.length;
  expect(gaps).toBeGreaterThan(0);
});

test("the signal ends a recording as its length does: what came is written", async () => {
  const control = new AbortController();
  const sink = memorySink();
  const running = record([{ name: "a", source: syntheticCamera({ ...small, rate: 200 }), sink }], {
    signal: control.signal,
    onProgress: ([track]) => {
      if (track!.written === 10) control.abort();
    },
  });
  const receipt = await running;
  expect(receipt.stoppedBy).toBe("signal");
  expect(receipt.tracks[0]!.written).toBeGreaterThanOrEqual(10);
  expect(balanced(receipt.tracks[0]!)).toBe(true);
});

test("a camera that falls silent does not hold the recording when its time is over", async () => {
  const silent: FrameSource = {
    info: syntheticCamera(small).info,
    async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
      await new Promise(() => {});
    },
  };
  const receipt = await record([{ name: "silent", source: silent, sink: memorySink() }], { seconds: 0.05 });
  expect(receipt).toMatchObject({ stoppedBy: "length", tracks: [{ offered: 0, written: 0 }] });
});

test("a source that ends by itself ends its track", async () => {
  const source = syntheticCamera({ ...small, rate: 50, frames: 7 });
  const receipt = await record([{ name: "short", source, sink: memorySink() }]);
  expect(receipt).toMatchObject({ stoppedBy: "source", tracks: [{ offered: 7, written: 7, dropped: 0 }] });
});

test("a full disk fails its own track; the other camera is recorded to the end, and all is told", async () => {
  const full = memorySink((count) => {
    if (count === 5) throw new EncodeError("disk/a", "no space left on device");
  });
  const good = memorySink();
  const failure = await record(
    [
      { name: "full", source: syntheticCamera({ ...small, rate: 500 }), sink: full },
      { name: "good", source: syntheticCamera({ ...small, rate: 500 }), sink: good },
    ],
    { frames: 60 },
  ).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RecordingError);
  const { receipt, errors, message } = failure as RecordingError;
  expect(errors.map(({ track }) => track)).toEqual(["full"]);
  expect(message).toContain("no space left on device");
  expect(receipt.tracks.every(balanced)).toBe(true);
  expect(receipt.tracks[0]!.written).toBe(5);
  expect(receipt.tracks[1]).toMatchObject({ offered: 60, written: 60 });
});

test("numbers that a camera skips are told as missing", async () => {
  const { info } = syntheticCamera(small);
  const image = { ...info, data: new Uint8Array(32 * 24) };
  const source: FrameSource = {
    info,
    async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
      for (const number of [10, 11, 15, 16, 20]) yield { number, time: number, image };
    },
  };
  const receipt = await record([{ name: "gaps", source, sink: memorySink() }]);
  expect(receipt.tracks[0]).toMatchObject({ written: 5, missing: 6 });
});
