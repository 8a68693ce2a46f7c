import fc from "fast-check";
import { expect, test } from "vitest";
import { type DropPolicy, FrameQueue } from "../src/capture/frame-queue.js";
import { QueueOverflowError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";

function frameOf(number: number, bytes = 10): Frame {
  const image = { width: bytes, height: 1, channels: 1, dtype: "uint8", color: "gray" } as const;
  return { number, time: number, image: { ...image, data: new Uint8Array(bytes) } };
}

async function numbersIn(queue: FrameQueue): Promise<unknown[]> {
  queue.end();
  const numbers: unknown[] = [];
  for (let frame = await queue.take(); frame; frame = await queue.take()) numbers.push(frame.number);
  return numbers;
}

test("a full queue drops the frame that comes, or the one that waited longest, as asked", async () => {
  for (const [drop, left] of [
    ["newest", [0, 1, 2]],
    ["oldest", [2, 3, 4]],
  ] as const) {
    const queue = new FrameQueue({ maxBytes: 30, drop });
    const taken = [0, 1, 2, 3, 4].map((number) => queue.offer(frameOf(number)));
    expect(taken).toEqual([true, true, true, false, false]);
    expect(queue.counts).toEqual({ offered: 5, taken: 0, dropped: 2, waiting: 3, peakBytes: 30 });
    expect(await numbersIn(queue)).toEqual(left);
  }
});

test("a queue that may not drop says so, with its name and what waits", () => {
  const queue = new FrameQueue({ maxBytes: 10, drop: "fail", name: "side" });
  queue.offer(frameOf(0));
  expect(() => queue.offer(frameOf(1))).toThrow(QueueOverflowError);
  expect(() => queue.offer(frameOf(2))).toThrow(/track side: 1 frames \(10 bytes\) wait/);
  expect(queue.counts.dropped).toBe(2);
});

test("a frame bigger than the queue still passes, alone", async () => {
  const queue = new FrameQueue({ maxBytes: 5 });
  expect(queue.offer(frameOf(0, 100))).toBe(true);
  expect(queue.offer(frameOf(1, 1))).toBe(false);
  expect(await numbersIn(queue)).toEqual([0]);
});

test("whoever takes waits for the next frame, and for nothing after the end", async () => {
  const queue = new FrameQueue();
  const first = queue.take();
  queue.offer(frameOf(7));
  expect((await first)?.number).toBe(7);
  const second = queue.take();
  queue.end();
  expect(await second).toBeUndefined();
  expect(queue.offer(frameOf(8))).toBe(false);
  expect(queue.counts).toMatchObject({ offered: 2, taken: 1, dropped: 1, waiting: 0 });
});

test("no frame is ever unaccounted for, and order is kept, whatever happens", async () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant("take" as const)), {
    maxLength: 300,
  });
  const policy = fc.constantFrom<DropPolicy>("newest", "oldest");
  await fc.assert(
    fc.asyncProperty(steps, policy, async (plan, drop) => {
      const queue = new FrameQueue({ maxBytes: 100, drop });
      const taken: number[] = [];
      for (const [number, step] of plan.entries()) {
        if (step !== "take") queue.offer(frameOf(number, step));
        else if (queue.counts.waiting > 0) taken.push(Number((await queue.take())!.number));
        const { offered, taken: count, dropped, waiting } = queue.counts;
        expect(offered).toBe(count + dropped + waiting);
      }
      taken.push(...((await numbersIn(queue)) as number[]));
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
      expect(taken.length).toBe(queue.counts.offered - queue.counts.dropped);
    }),
  );
});

test("a bound that is no bound is refused", () => {
  expect(() => new FrameQueue({ maxBytes: 0 })).toThrow(RangeError);
});
