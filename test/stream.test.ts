import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Frame } from "../src/core/frame.js";
import { pipeThrough, pipeTo } from "../src/core/pipe.js";
import { type FrameSink, type FrameSource, resolveRange, type Transform } from "../src/core/stream.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const info = { width: 4, height: 3, channels: 1, dtype: "uint8", color: "gray" } as const;

describe("a range of frames is Python's slice", () => {
  const slices = `
import sys, json
def indices(length, start, stop, step): return list(range(*slice(start, stop, step).indices(length)))
print(json.dumps([indices(*case) for case in json.load(sys.stdin)]))
`;
  const end = fc.option(fc.integer({ min: -15, max: 15 }), { nil: undefined });
  const step = fc.option(
    fc.integer({ min: -7, max: 7 }).filter((n) => n !== 0),
    { nil: undefined },
  );

  test("for every start, stop and step, forwards and backwards", () => {
    const cases = fc.sample(fc.tuple(fc.nat(12), end, end, step), 5000);
    const input = JSON.stringify(cases.map((one) => one.map((value) => value ?? null)));
    const expected = JSON.parse(python(slices, [], Buffer.from(input)));
    for (const [i, [length, start, stop, by]] of cases.entries()) {
      const range = {
        ...(start !== undefined && { start }),
        ...(stop !== undefined && { stop }),
        ...(by !== undefined && { step: by }),
      };
      const { start: first, count, step: stride } = resolveRange(range, length);
      const found = Array.from({ length: count }, (_, n) => first + n * stride);
      expect(found, JSON.stringify({ length, ...range })).toEqual(expected[i]);
    }
  });

  test("that makes no sense is refused by name", () => {
    expect(() => resolveRange({ step: 0 }, 5)).toThrow(RangeError);
    expect(() => resolveRange({ start: 0.5 }, 5)).toThrow(/start.*0.5/);
    expect(() => resolveRange({ stop: Number.NaN }, 5)).toThrow(/stop.*NaN/);
    expect(() => resolveRange({ step: Number.POSITIVE_INFINITY }, 5)).toThrow(/step/);
  });
});

/** A source that tells how far it was pulled, and whether it was left properly. */
function countingSource(length: number, failAt = Number.POSITIVE_INFINITY) {
  const seen = { pulled: 0, left: false };
  const source: FrameSource = {
    info,
    async *[Symbol.asyncIterator]() {
      try {
        for (let number = 0; number < length; number++) {
          if (number === failAt) throw new Error("the camera is gone");
          seen.pulled++;
          yield { number, time: number / 25, image: noiseImage(info, number) };
        }
      } finally {
        seen.left = true;
      }
    },
  };
  return { source, seen };
}

/** A sink that keeps what it is given, and what was done to it. */
function keepingSink(failAt = Number.POSITIVE_INFINITY) {
  const kept: number[] = [];
  const done: string[] = [];
  const sink: FrameSink = {
    write: async ({ number }: Frame) => {
      await new Promise(setImmediate);
      if (number === failAt) throw new Error("the disk is full");
      kept.push(Number(number));
    },
    close: async () => void done.push("close"),
    abort: async () => void done.push("abort"),
    [Symbol.asyncDispose]: async () => void done.push("dispose"),
  };
  return { sink, kept, done };
}

describe("pouring a stream into a sink", () => {
  test("writes every frame in order, says how many, and leaves the sink open", async () => {
    const { source, seen } = countingSource(5);
    const { sink, kept, done } = keepingSink();
    const progress: number[] = [];
    expect(await pipeTo(source, sink, { onFrame: (written) => progress.push(written) })).toBe(5);
    expect(kept).toEqual([0, 1, 2, 3, 4]);
    expect(progress).toEqual([1, 2, 3, 4, 5]);
    expect(done).toEqual([]);
    expect(seen.left).toBe(true);
  });

  test("never pulls a frame before the last one is written", async () => {
    const { source, seen } = countingSource(6);
    const { sink, kept } = keepingSink();
    const waiting: FrameSink = {
      ...sink,
      write: async (frame) => {
        await sink.write(frame);
        expect(seen.pulled).toBe(kept.length);
      },
    };
    expect(await pipeTo(source, waiting)).toBe(6);
  });

  test("whose source fails aborts the sink, and gives the source's reason", async () => {
    const { source } = countingSource(5, 3);
    const { sink, kept, done } = keepingSink();
    await expect(pipeTo(source, sink)).rejects.toThrow("the camera is gone");
    expect(kept).toEqual([0, 1, 2]);
    expect(done).toEqual(["abort"]);
  });

  test("whose sink fails aborts the sink, and lets go of the source", async () => {
    const { source, seen } = countingSource(5);
    const { sink, done } = keepingSink(2);
    await expect(pipeTo(source, sink)).rejects.toThrow("the disk is full");
    expect(done).toEqual(["abort"]);
    expect(seen).toEqual({ pulled: 3, left: true });
  });

  test("that is cancelled stops between two frames, aborts the sink, and lets go of the source", async () => {
    const { source, seen } = countingSource(100);
    const { sink, kept, done } = keepingSink();
    const stop = new AbortController();
    const reason = new Error("enough");
    const onFrame = (written: number): void => {
      if (written === 4) stop.abort(reason);
    };
    await expect(pipeTo(source, sink, { signal: stop.signal, onFrame })).rejects.toBe(reason);
    expect(kept).toEqual([0, 1, 2, 3]);
    expect(done).toEqual(["abort"]);
    expect(seen).toEqual({ pulled: 4, left: true });
  });

  test("that was cancelled before it began pulls nothing", async () => {
    const { source, seen } = countingSource(100);
    const { sink, done } = keepingSink();
    await expect(pipeTo(source, sink, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(seen.pulled).toBe(0);
    expect(done).toEqual(["abort"]);
  });

  test("into a sink that cannot abort still gives the reason", async () => {
    const { source } = countingSource(5, 1);
    const { sink } = keepingSink();
    const { abort: _, ...plain } = sink;
    await expect(pipeTo(source, plain)).rejects.toThrow("the camera is gone");
  });

  test("whose sink cannot even be aborted gives the first reason, not the second", async () => {
    const { source } = countingSource(5, 1);
    const { sink } = keepingSink();
    const stubborn: FrameSink = { ...sink, abort: () => Promise.reject(new Error("cannot remove the file")) };
    await expect(pipeTo(source, stubborn)).rejects.toThrow("the camera is gone");
  });
});

test("transforms are applied in the order in which they are written, and only when frames are pulled", async () => {
  const { source, seen } = countingSource(3);
  const renumber =
    (change: (number: number) => number): Transform =>
    (upstream) => ({
      info: upstream.info,
      async *[Symbol.asyncIterator]() {
        for await (const frame of upstream) yield { ...frame, number: change(Number(frame.number)) };
      },
    });
  const bent = pipeThrough(
    source,
    renumber((n) => n + 10),
    renumber((n) => n * 2),
  );
  expect(seen.pulled).toBe(0);
  const numbers: unknown[] = [];
  for await (const { number } of bent) numbers.push(number);
  expect(numbers).toEqual([20, 22, 24]);
  expect(pipeThrough(source)).toBe(source);
});
