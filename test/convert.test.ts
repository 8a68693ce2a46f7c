import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import { loadTransform } from "../src/convert/load-transform.js";
import { ParallelPictures } from "../src/convert/parallel-pictures.js";
import { ExistsError, TransformError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf, type Image } from "../src/core/image.js";
import {
  type BoundTransform,
  bend,
  bindStep,
  builtInTransforms,
  type ConvertProgress,
  convert,
  createStore,
  crop,
  custom,
  flip,
  open,
  openArray,
  openStore,
  pipeTo,
  rate,
  readRecipe,
  recipeOptions,
  reverse,
  type SeekableSource,
  subsample,
} from "../src/index.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { corpus } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const film = (name: string): string => join(corpus, "videos", name);

const timesOf = ({ index }: SeekableSource): number[] =>
  Array.from({ length: index.length }, (_, rank) => index.time(rank));

/** Bytes of every frame. */
async function framesOf(source: SeekableSource): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const { image } of source) all.push(Buffer.from(bytesOf(image)));
  return all;
}

describe("the times of an uneven film", () => {
  test.each(["mp4", "mkv", "mov"])("are kept to the millisecond in %s", async (extension) => {
    const to = at(`times.${extension}`);
    await convert(film("vfr.mkv"), to, { create: { times: true, preset: "ultrafast" } });
    await using before = await open(film("vfr.mkv"));
    await using after = await open(to);
    const [then, now] = [timesOf(before), timesOf(after)];
    expect(now.length).toBe(then.length);
    for (const [rank, time] of now.entries()) {
      expect(Math.abs(time - now[0]! - (then[rank]! - then[0]!))).toBeLessThanOrEqual(0.001);
    }
  });

  test("how far an evenly spaced copy is off is told", async () => {
    const even = await convert(film("vfr.mkv"), at("even.mkv"), { create: { preset: "ultrafast" } });
    expect(even.drift).toBeGreaterThan(0.01);
  });
});

describe("extra data goes where its frames go", () => {
  const store = at("rows");
  beforeAll(async () => {
    await using out = await createStore(store, {
      info: { width: 8, height: 8, channels: 1, dtype: "uint8", color: "gray" },
      format: "npy",
      chunkSize: 4,
    });
    await out.addExtraData({ note: "before" });
    for (let number = 0; number < 10; number++) {
      const data = new Uint8Array(64).fill(number);
      const image: Image = { width: 8, height: 8, channels: 1, dtype: "uint8", color: "gray", data };
      await out.write({ number: number + 100, time: 5 + number / 10, image });
      await out.addExtraData({ note: `of ${number}` });
      if (number % 3 === 0) await out.addExtraData({ note: `more of ${number}` });
    }
  });

  const rowsOf = async (path: string): Promise<unknown[]> => {
    await using found = await openStore(path);
    return (await found.extraData()).map(({ note, frame_number, frame_index }) => [
      note,
      frame_number,
      frame_index,
    ]);
  };
  let made = 0;

  test.each<[string, { transforms?: BoundTransform[]; range?: object }, unknown[]]>([
    [
      "every fourth frame",
      { transforms: [subsample({ every: 4 })] },
      [
        ["of 0", 100, 0],
        ["more of 0", 100, 0],
        ["of 4", 104, 1],
        ["of 8", 108, 2],
      ],
    ],
    [
      "a range with a step",
      { range: { start: 2, stop: 9, step: 3 } },
      [
        ["of 2", 102, 0],
        ["of 5", 105, 1],
        ["of 8", 108, 2],
      ],
    ],
    [
      "three frames, backwards",
      { transforms: [subsample({ numbers: [103, 101, 104] }), reverse()] },
      [
        ["of 4", 104, 0],
        ["of 1", 101, 1],
        ["of 3", 103, 2],
        ["more of 3", 103, 2],
      ],
    ],
    [
      "frames that are shown twice",
      { transforms: [crop({ left: 2 }), rate({ fps: 20 })], range: { stop: 5 } },
      [
        ["of 0", 100, 0],
        ["more of 0", 100, 0],
        ["of 1", 101, 2],
        ["of 2", 102, 4],
      ],
    ],
  ])("%s", async (_what, options, wanted) => {
    const to = at(`rows-${made++}`);
    const { rows } = await convert(store, to, { ...options, create: { format: "npy" } });
    expect(await rowsOf(to)).toEqual([["before", Number.NaN, -1], ...wanted]);
    expect(rows).toEqual({ written: wanted.length + 1, left: 15 - wanted.length - 1 });
  });
});

test("extra data and metadata go along in another colour and with times from a file, and get those times", async () => {
  const [store, times] = [at("kept"), at("kept.csv")];
  const info = { width: 8, height: 8, channels: 3, dtype: "uint8", color: "bgr" } as const;
  {
    await using out = await createStore(store, {
      info,
      format: "npy",
      chunkSize: 2,
      metadata: { animal: "fly 7" },
    });
    for (let number = 0; number < 5; number++) {
      await out.write({ number, time: 5 + number / 10, image: noiseImage(info, number) });
      await out.addExtraData({ note: `of ${number}` });
    }
  }
  writeFileSync(times, `time\n${[90, 91, 92.5, 93, 94].join("\n")}\n`);
  for (const [name, options, firstTime] of [
    ["gray", { as: "gray" }, 5],
    ["timed", { timestamps: times }, 90],
    ["both", { as: "rgb", timestamps: times }, 90],
  ] as const) {
    const { rows } = await convert(store, at(`kept-${name}`), {
      open: options,
      create: { format: "npy" },
      transforms: [flip()],
    });
    expect(rows, name).toEqual({ written: 5, left: 0 });
    await using made = await openStore(at(`kept-${name}`));
    expect(made.userMetadata, name).toMatchObject({ animal: "fly 7" });
    const found = await made.extraData();
    expect(found.map(({ note, frame_index }) => [note, frame_index])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [`of ${i}`, i]),
    );
    expect([made.index.time(0), found[0]!.frame_time], name).toEqual([firstTime, firstTime]);
  }
});

describe("several cores", () => {
  const info = { width: 61, height: 40, channels: 3, dtype: "uint8", color: "bgr" } as const;
  const images = Array.from({ length: 57 }, (_, seed) => noiseImage(info, seed + 1));
  // The same picture again and again: what is sent away must not be gone the next time.
  writeFileSync(
    at("kept.mjs"),
    `let kept;
export default (image, { index }) => {
  if (index % 5 !== 0) return { ...image, data: image.data.map((sample) => 255 - sample) };
  if (kept?.data.length !== image.data.length) kept = { ...image, data: new Uint8Array(image.data.length).fill(7) };
  return kept;
};`,
  );
  writeFileSync(
    at("fails.mjs"),
    `export default (image, { index }) => {
  if (index === 31) throw new RangeError("cannot be done to frame 31");
  return image;
};`,
  );
  const threads = (): number => process.getActiveResourcesInfo().filter((name) => name === "Worker").length;

  test("every frame is what it is without them, in order, forwards, backwards and from any place", async () => {
    const chain = [crop({ left: 3, width: 50 }), await loadTransform(at("kept.mjs")), flip()];
    await using alone = bend(listSource(images), ...chain);
    await using many = new ParallelPictures(listSource(images), chain, { jobs: 3 });
    expect(many.threads).toBe(3);
    expect(many.info).toEqual(alone.info);
    for (const range of [{}, { start: 7, stop: 50, step: 3 }, { step: -1 }, { start: 60 }]) {
      const wanted: unknown[] = [];
      for await (const frame of alone.frames(range)) wanted.push(frame);
      const found: unknown[] = [];
      for await (const frame of many.frames(range)) found.push(frame);
      expect(found.length).toBe(wanted.length);
      for (const [place, frame] of found.entries()) expect(frame).toEqual(wanted[place]);
    }
    expect((await many.frame({ index: 12 })).image).toEqual((await alone.frame({ index: 12 })).image);
  });

  const plain = builtInTransforms.filter(({ required }) => required.length === 0);
  test("every built-in transform that goes to a thread gives there what it gives here", async () => {
    let tried = 0;
    for (const { name } of plain) {
      if (name === "subsample") continue; // wants one of three options
      const transform = bindStep({ name, options: {} }, builtInTransforms);
      if (!transform.pictures) continue;
      let alone: SeekableSource;
      try {
        alone = bend(listSource(images.slice(0, 6)), transform);
      } catch (error) {
        // Some want gray pictures, or a mosaic.
        expect(error, name).toBeInstanceOf(TransformError);
        continue;
      }
      await using many = new ParallelPictures(listSource(images.slice(0, 6)), [transform], { jobs: 1 });
      expect(await framesOf(many), name).toEqual(await framesOf(alone));
      tried++;
    }
    expect(tried).toBeGreaterThan(8);
  });

  test("an error comes in its turn, as itself, and leaves no thread behind", async () => {
    const before = threads();
    const many = new ParallelPictures(listSource(images), [await loadTransform(at("fails.mjs"))], {
      jobs: 2,
    });
    let read = 0;
    const reading = (async () => {
      for await (const { index } of many.frames()) expect(index).toBe(read++);
    })();
    await expect(reading).rejects.toThrow(new RangeError("cannot be done to frame 31"));
    expect(read).toBe(31);
    await many.close();
    expect(threads()).toBe(before);
  });

  test("a thread that ends is an error, not a wait for ever", async () => {
    writeFileSync(
      at("ends.mjs"),
      `import { isMainThread } from "node:worker_threads";
export default (image, { index }) => {
  if (!isMainThread && index > 3) process.exit(3);
  return image;
};`,
    );
    await using many = new ParallelPictures(listSource(images), [await loadTransform(at("ends.mjs"))], {
      jobs: 1,
    });
    await expect(framesOf(many)).rejects.toThrow(TransformError);
  });

  test("a conversion that is cancelled ends its threads, though they never would, and leaves no file", async () => {
    const before = threads();
    writeFileSync(
      at("hangs.mjs"),
      `import { isMainThread } from "node:worker_threads";
export default (image, { index }) => {
  while (!isMainThread && index === 0);
  return image;
};`,
    );
    const abort = new AbortController();
    const conversion = convert(film("ref_h264_bf0.mp4"), at("cancelled.mp4"), {
      transforms: [await loadTransform(at("hangs.mjs"))],
      jobs: 1,
      signal: abort.signal,
      onStart: () => setImmediate(() => abort.abort(new Error("enough"))),
    });
    await expect(conversion).rejects.toThrow("enough");
    expect(threads()).toBe(before);
    expect(readdirSync(folder).filter((name) => name.includes("cancelled"))).toEqual([]);
  });

  test("what has no name and no module stays on the main thread", async () => {
    let here = 0;
    const mine = custom((image) => {
      here++;
      return image;
    });
    await using source = new ParallelPictures(listSource(images), [mine], { jobs: 2 });
    expect(source.threads).toBe(0);
    await framesOf(source);
    expect(here).toBeGreaterThanOrEqual(images.length);
  });

  test("a converted film has the same bytes with threads and without", async () => {
    const transforms = [crop({ left: 40, top: 20 }), flip(), await loadTransform(at("kept.mjs"))];
    for (const jobs of [0, 2]) {
      await convert(film("ref_h264_bf0.mp4"), at(`jobs${jobs}.npy`), { transforms, jobs });
    }
    expect(readFileSync(at("jobs2.npy")).equals(readFileSync(at("jobs0.npy")))).toBe(true);
    await using array = await openArray(at("jobs2.npy"));
    expect(array.index.length).toBe(90);
  });
});

describe("a copy has the very packets", () => {
  test.each([
    ["ref_h264_bf0.mp4", "mkv"],
    ["bf16_pyramid.mp4", "mp4"],
    ["opengop_hevc.mp4", "mkv"],
    ["opengop_hevc.mp4", "mp4"],
    ["noeditlist_bf3.mp4", "mov"],
    ["vfr.mkv", "mp4"],
    ["vp9.webm", "mkv"],
  ])(
    "%s into %s: every frame is that of the original, at its time, wherever it is cut",
    async (name, extension) => {
      await using original = await open(film(name), { as: "native" });
      const pictures = await framesOf(original);
      const times = timesOf(original);
      const { length } = original.index;
      for (const [start, stop] of [
        [0, length],
        [1, 2],
        [Math.floor(length / 3), Math.floor(length / 2)],
        [length - 5, length],
        [7, 40],
      ] as const) {
        const to = at(`copy.${extension}`);
        const { copied, frames } = await convert(film(name), to, {
          range: { start, stop },
          copy: true,
          create: { overwrite: true },
        });
        expect(copied!.start).toBeLessThanOrEqual(start);
        expect(copied!.stop).toBeGreaterThanOrEqual(Math.min(stop, length));
        await using copy = await open(to, { as: "native" });
        const found = await framesOf(copy);
        expect(found.length).toBe(frames);
        const now = timesOf(copy);
        for (const [rank, picture] of found.entries()) {
          const was = copied!.start + rank;
          expect(picture.equals(pictures[was]!), `frame ${rank}, which was ${was}`).toBe(true);
          expect(Math.abs(now[rank]! - now[0]! - (times[was]! - times[copied!.start]!))).toBeLessThanOrEqual(
            0.001,
          );
        }
      }
    },
  );

  test("exact refuses to begin with another frame, and cuts where a keyframe is", async () => {
    const [input, to] = [film("ref_h264_bf0.mp4"), at("exact.mp4")];
    await using video = await open(input);
    const keys: number[] = [];
    for await (const { index, key } of video.frames()) if (key) keys.push(index);
    const [first, second] = [keys[1]!, keys[2]!];
    const cut = (start: number) => convert(input, to, { range: { start, stop: second }, copy: "exact" });
    await expect(cut(first + 1)).rejects.toThrow(UnsupportedError);
    expect(existsSync(to)).toBe(false);
    expect((await cut(first)).copied).toEqual({ start: first, stop: second });
    await expect(cut(first)).rejects.toThrow(ExistsError);
  });

  test.each<[string, Parameters<typeof convert>[2], RegExp]>([
    ["a transform", { transforms: [flip()] }, /flip/],
    ["a step", { range: { step: 2 } }, /a step of 2/],
    ["a codec", { create: { codec: "ffv1" } }, /codec ffv1/],
    ["another colour", { open: { as: "gray" } }, /another colour/],
  ])("%s cannot be had with it", async (_what, options, message) => {
    await expect(convert(film("ref_h264_bf0.mp4"), at("no.mp4"), { ...options, copy: true })).rejects.toThrow(
      message,
    );
    expect(existsSync(at("no.mp4"))).toBe(false);
  });

  test.each([
    ["editlist_trim.mp4", "mp4", /edit list|order/],
    ["h264_annexb.h264", "mp4", /order/],
    ["negative_pts.mkv", "mkv", /order/],
    ["ref_h264_bf0.mp4", "avi", /container to copy into: avi/],
    ["mjpeg.avi", "npy", /no video/],
  ])("%s into %s is refused, with the reason", async (name, extension, message) => {
    await expect(convert(film(name), at(`no.${extension}`), { copy: true })).rejects.toThrow(message);
    expect(readdirSync(folder).filter((file) => file.includes("no."))).toEqual([]);
  });
});

describe("a recipe", () => {
  test("tells what a result was made of, and makes the same bytes again", async () => {
    const input = film("ref_h264_bf0.mp4");
    const receipt = await convert(input, at("first.mp4"), {
      transforms: [crop({ left: 80, width: 160 }), subsample({ every: 2 })],
      range: { start: 3, stop: 40 },
      create: { quality: 25 },
    });
    const recipe = await readRecipe(receipt.recipePath!);
    expect(recipe).toEqual(JSON.parse(JSON.stringify(receipt.recipe)));
    expect(recipe).toMatchObject({
      beside: [],
      input: { path: input, kind: "video", digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
      steps: [
        { name: "crop", options: { left: 80, width: 160 } },
        { name: "subsample", options: { every: 2 } },
      ],
      range: { start: 3, count: 37, step: 1 },
      output: { kind: "video", frames: 37, options: { quality: 25, fps: expect.any(Number) } },
    });
    await convert(input, at("second.mp4"), await recipeOptions(recipe));
    expect(readFileSync(at("second.mp4")).equals(readFileSync(at("first.mp4")))).toBe(true);
  });

  test("stands only beside what it tells of: not before, and not after a failure", async () => {
    await convert(film("ref_h264_bf0.mp4"), at("late.npy"), { range: { stop: 3 } });
    expect(existsSync(at("late.npy.recipe.json"))).toBe(true);
    const failing = custom((image, { index }) => {
      if (index === 5) throw new RangeError("no");
      return image;
    });
    const again = { transforms: [failing], create: { overwrite: true } };
    await expect(convert(film("ref_h264_bf0.mp4"), at("late.npy"), again)).rejects.toThrow("no");
    expect(readdirSync(folder).filter((name) => name.includes("late"))).toEqual(["late.npy"]);
    await convert(film("ref_h264_bf0.mp4"), at("plain.npy"), { range: { stop: 3 }, recipe: false });
    expect(existsSync(at("plain.npy.recipe.json"))).toBe(false);
  });
});

test("progress tells of both sides, and comes to its end", async () => {
  const told: ConvertProgress[] = [];
  await using camera = syntheticCamera({ width: 64, height: 48, pace: "free", frames: 100 });
  await using store = await createStore(at("progress"), { info: camera.info, format: "npy" });
  await pipeTo(camera, store);
  await store.close();
  await convert(at("progress"), at("progress.npy"), {
    transforms: [subsample({ every: 4 })],
    onProgress: (progress) => told.push(progress),
  });
  expect(told.map(({ written }) => written)).toEqual(Array.from({ length: 25 }, (_, count) => count + 1));
  expect(told.at(-1)).toMatchObject({ total: 25, eta: 0 });
  expect(told.at(-1)!.read).toBeGreaterThanOrEqual(25);
  expect(told.at(-1)!.readRate).toBeGreaterThan(0);
});

test("a module in TypeScript is loaded where Node reads it, and otherwise refused with what to do", async () => {
  writeFileSync(at("mine.mts"), "export default (image: unknown): unknown => image;\n");
  const { typescript } = process.features as { typescript?: unknown };
  if (typescript) expect((await loadTransform(at("mine.mts"))).step.name).toBe(at("mine.mts"));
  else
    await expect(loadTransform(at("mine.mts"))).rejects.toThrow(
      /reads no TypeScript.*compile it, or rename it to \.js/,
    );
});
