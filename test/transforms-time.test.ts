import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { FrameNotFoundError, TransformError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import type { Image } from "../src/core/image.js";
import { decodeNpy, encodeNpy } from "../src/core/npy.js";
import {
  average,
  type BoundTransform,
  background,
  bend,
  difference,
  open,
  projection,
  rate,
  reverse,
  speed,
  subsample,
  syntheticCamera,
} from "../src/index.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const videos = fileURLToPath(new URL("../../shared/corpus/videos", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "marey-transforms-time-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("what is made of several frames is what NumPy makes of them", () => {
  const shape = { width: 23, height: 17 };
  const stacks = {
    gray: [1, 2, 3, 4, 5, 6, 7].map((seed) => noiseImage({ ...shape, dtype: "uint8", color: "gray" }, seed)),
    bgr16: [1, 2, 3, 4, 5, 6].map((seed) => noiseImage({ ...shape, dtype: "uint16", color: "bgr" }, seed)),
    float: [1, 2, 3, 4, 5].map((seed) => noiseImage({ ...shape, dtype: "float32", color: "gray" }, seed)),
  };
  /** Name, transform, and what NumPy says: `a` are the frames as doubles, `fit` rounds and limits to their dtype. */
  const cases: readonly (readonly [BoundTransform, string])[] = [
    [average({ frames: 3 }), "[fit(a[max(0, i - 2):i + 1].mean(0)) for i in range(n)]"],
    [average({ frames: 4, around: "centre" }), "[fit(a[max(0, i - 2):i + 2].mean(0)) for i in range(n)]"],
    [difference(), "[fit(abs(a[i] - a[max(0, i - 1)])) for i in range(n)]"],
    [difference({ lag: 2 }), "[fit(abs(a[i] - a[i - 2 if i >= 2 else i])) for i in range(n)]"],
    [difference({ mode: "signed" }), "[fit(middle + (a[i] - a[max(0, i - 1)]) * half) for i in range(n)]"],
    [background(), "[fit(abs(a[i] - np.median(a, 0))) for i in range(n)]"],
    [
      background({ of: "mean", show: "darker", start: 1, stop: 4 }),
      "[fit(np.maximum(0, a[1:4].mean(0) - a[i])) for i in range(n)]",
    ],
    [
      background({ show: "lighter", frames: 2 }),
      "[fit(np.maximum(0, a[i] - np.median(a[[0, n // 2]], 0))) for i in range(n)]",
    ],
    [background({ show: "signed" }), "[fit(middle + (a[i] - np.median(a, 0)) * half) for i in range(n)]"],
    [background({ show: "only" }), "[fit(np.median(a, 0)) for i in range(n)]"],
    [projection({ of: "min" }), "[a.min(0)]"],
    [projection({ of: "max" }), "[a.max(0)]"],
    [projection({ of: "mean" }), "[fit(a.mean(0))]"],
    [projection({ of: "deviation" }), "[fit(a.std(0))]"],
    [projection({ of: "median", start: 1 }), "[fit(np.median(a[1:], 0))]"],
  ];
  const judge = `
import json, os, sys, numpy as np
os.chdir(sys.argv[1])
for name in json.loads(sys.argv[2]):
    stack = np.load(name + ".npy")
    a, n = stack.astype(np.float64), len(stack)
    whole = stack.dtype.kind == "u"
    top = np.iinfo(stack.dtype).max if whole else 0
    middle, half = (top + 1) / 2 if whole else 0, 0.5 if whole else 1
    fit = lambda x: np.clip(np.rint(x), 0, top) if whole else x
    for k, code in enumerate(json.loads(sys.argv[3])):
        np.save(f"{name}-{k}.npy", np.array(eval(code)).astype(stack.dtype))
`;
  for (const [name, images] of Object.entries(stacks)) {
    const { width, height, channels, dtype } = images[0]!;
    const all = Buffer.concat(images.map(({ data }) => Buffer.from(data.buffer)));
    const data = new (images[0]!.data.constructor as Uint8ArrayConstructor)(
      all.buffer,
      all.byteOffset,
      all.byteLength / images[0]!.data.BYTES_PER_ELEMENT,
    );
    writeFileSync(
      join(folder, `${name}.npy`),
      encodeNpy({ dtype, shape: [images.length, height, width, channels], data }),
    );
  }
  python(judge, [folder, JSON.stringify(Object.keys(stacks)), JSON.stringify(cases.map(([, code]) => code))]);
  for (const [name, images] of Object.entries(stacks)) {
    test.each(cases.map(([transform], at) => [JSON.stringify(transform.step), transform, at] as const))(
      `${name}: %s`,
      async (_name, transform, at) => {
        const expected = decodeNpy(new Uint8Array(readFileSync(join(folder, `${name}-${at}.npy`))));
        const size = images[0]!.data.length;
        const isFloat = images[0]!.dtype === "float32";
        let k = 0;
        for await (const { image } of bend(listSource(images), transform).frames()) {
          const wanted = (expected.data as Float32Array).subarray(k * size, (k + 1) * size);
          for (let i = 0; i < size; i++) {
            const [found, judged] = [Number(image.data[i]), wanted[i]!];
            // Sums of floats depend on their order in the last bit.
            if (
              isFloat ? Math.abs(found - judged) > 1e-6 * Math.max(1, Math.abs(judged)) : found !== judged
            ) {
              expect.fail(`frame ${k}, sample ${i}: ${found}, NumPy says ${judged}`);
            }
          }
          k++;
        }
        expect(k).toBe(expected.shape[0]);
      },
    );
  }
});

async function stamps(source: AsyncIterable<Frame>): Promise<{ number: number; time: number }[]> {
  const found: { number: number; time: number }[] = [];
  for await (const { number, time } of source) found.push({ number: Number(number), time });
  return found;
}

describe("a film of uneven times", () => {
  const path = join(videos, "vfr.mp4");

  test("goes twice as fast: every frame at half its time, to the microsecond", async () => {
    await using plain = await open(path);
    const before = await stamps(plain);
    const after = await stamps(bend(plain, speed({ factor: 2 })));
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number));
    for (const [i, { time }] of after.entries()) {
      expect(time).toBeCloseTo(before[0]!.time + (before[i]!.time - before[0]!.time) / 2, 6);
    }
  });

  test("at an even rate shows at each instant what was to be seen then", async () => {
    await using plain = await open(path);
    const before = await stamps(plain);
    const after = await stamps(bend(plain, rate({ fps: 40 })));
    for (const [k, { number, time }] of after.entries()) {
      expect(time).toBeCloseTo(before[0]!.time + k / 40, 9);
      const playing = before.filter((frame) => frame.time <= time + 0.01 / 40).at(-1);
      expect(number).toBe(playing!.number);
    }
    expect(after.length).toBeGreaterThan(2);
    expect(after.at(-1)!.number).toBe(before.at(-1)!.number);
  });

  test("backwards shows the same pictures, the last first, with the same pauses between", async () => {
    await using plain = await open(path);
    const before = await stamps(plain);
    const after = await stamps(bend(plain, reverse()));
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number).toReversed());
    const pauses = (frames: readonly { time: number }[]): number[] =>
      frames.slice(1).map(({ time }, i) => Math.round((time - frames[i]!.time) * 1e6));
    expect(pauses(after)).toEqual(pauses(before).toReversed());
  });

  test("thinned to a rate, no two frames are nearer than that, and none is left out without need", async () => {
    await using plain = await open(path);
    const before = await stamps(plain);
    const kept = await stamps(bend(plain, subsample({ fps: 10 })));
    expect(kept.length).toBeGreaterThan(2);
    const span = before.at(-1)!.time - before[0]!.time;
    expect(kept.length).toBeLessThanOrEqual(Math.floor(span * 10) + 1);
    for (const { number, time } of kept) expect(before).toContainEqual({ number, time });
  });
});

test("frames that are named come in that order, and one that is not there is an error", async () => {
  const images = [1, 2, 3].map(
    (seed): Image => noiseImage({ width: 4, height: 4, dtype: "uint8", color: "gray" }, seed),
  );
  const source = listSource(images);
  const picked = await stamps(bend(source, subsample({ numbers: [102, 100, 102] })));
  expect(picked.map(({ number }) => number)).toEqual([102, 100, 102]);
  expect(() => bend(source, subsample({ numbers: [7] }))).toThrow(FrameNotFoundError);
  expect(() => subsample({})).toThrow(TypeError);
  expect(() => subsample({ every: 2, fps: 3 })).toThrow(TypeError);
});

test("a camera, which cannot be asked for any frame, is thinned, sped up and averaged; not turned back", async () => {
  const camera = (): ReturnType<typeof syntheticCamera> =>
    syntheticCamera({ width: 64, height: 48, frames: 9, rate: 10, pace: "free" });
  expect((await stamps(subsample({ every: 4 })(camera()))).map(({ number }) => number)).toEqual([0, 4, 8]);
  const fast = await stamps(speed({ factor: 10 })(camera()));
  expect(fast.at(-1)!.time - fast[0]!.time).toBeCloseTo(0.08, 5);
  expect(await stamps(average({ frames: 3 })(camera()))).toHaveLength(9);
  expect(() => reverse()(camera())).toThrow(TransformError);
  expect(() => rate({ fps: 5 })(camera())).toThrow(TransformError);
});
