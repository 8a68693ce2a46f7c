import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ClosedError,
  DecodeError,
  NotFoundError,
  StoreFormatError,
  UnsupportedError,
} from "../src/core/errors.js";
import type { IndexedFrame } from "../src/core/frame.js";
import { bytesOf, type Image, type ImageInfo } from "../src/core/image.js";
import type { SeekableSource } from "../src/core/stream.js";
import {
  type AlignedFrames,
  type AlignOptions,
  align,
  createStore,
  createVideo,
  open,
  openStore,
  openStores,
  openVideo,
  readPaintedNumber,
  type SideBySideOptions,
  sideBySide,
  syntheticCamera,
} from "../src/index.js";
import { planReads } from "../src/transforms/plan-reads.js";
import { rowFrames } from "../src/transforms/row-frames.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { corpusPath, corpusStores, decodedBy } from "./peers/imgstore-corpus.js";
import { python } from "./peers/python.js";
import { corpus } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-align-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  readonly numbers: readonly number[];
  readonly rate?: number;
  readonly offset?: number;
  readonly format?: string;
  readonly info?: Omit<ImageInfo, "channels">;
  readonly chunkSize?: number;
}

const start = 1_700_000_000;
const count = (length: number, first = 0): number[] => Array.from({ length }, (_, i) => first + i);
const pictureOf = (info: Omit<ImageInfo, "channels">, number: number): Image => noiseImage(info, number + 7);
const gray = { width: 40, height: 24, dtype: "uint8", color: "gray" } as const;
const bgr = { width: 30, height: 34, dtype: "uint8", color: "bgr" } as const;

async function make(name: string, made: Made): Promise<string> {
  const { numbers, rate = 50, offset = 0, format = "npy", info = gray, chunkSize = 16 } = made;
  const store = await createStore(at(name), { info: pictureOf(info, 0), format, chunkSize });
  for (const number of numbers) {
    await store.write({ number, time: start + offset + number / rate, image: pictureOf(info, number) });
  }
  await store.close();
  return at(name);
}

beforeAll(async () => {
  await make("left", { numbers: count(60, 100).filter((number) => number % 7 !== 0) });
  await make("right", {
    numbers: count(60, 110).filter((number) => number % 5 !== 0),
    info: bgr,
    format: "png",
  });
  await make("fast", { numbers: count(120), rate: 100, offset: 0.003 });
  await make("slow", { numbers: count(40), rate: 50, info: bgr });
  const film = await createVideo(at("film.mp4"), { fps: 50, gop: 12, bFrames: 2, overwrite: true });
  for await (const frame of syntheticCamera({ width: 160, height: 64, frames: 90, rate: 50, pace: "free" })) {
    await film.write(frame);
  }
  await film.close();
});

const both = async (options?: SideBySideOptions) => openStores([at("left"), at("right")], options);

/** The picture as BGR in a rectangle of the canvas. */
function cut(image: Image, left: number, top: number, width: number, height: number): Buffer {
  const { channels } = image;
  const rows = count(height).map((y) => {
    const from = ((top + y) * image.width + left) * channels;
    return Buffer.from(bytesOf(image).subarray(from, from + width * channels));
  });
  return Buffer.concat(rows);
}

function asBgr(image: Image): Buffer {
  if (image.channels === 3) return Buffer.from(bytesOf(image));
  return Buffer.from([...bytesOf(image)].flatMap((sample) => [sample, sample, sample]));
}

async function all<T>(frames: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const frame of frames) list.push(frame);
  return list;
}

for (const policy of ["drop", "hold", "black"] as const) {
  testSeekableSource(`stores side by side, ${policy}`, () => both({ policy, reference: "union" }));
}
testSeekableSource("a video beside a store, by time", async () => {
  const sources = { film: await open(at("film.mp4")), left: await open(at("left")) };
  return sideBySide(sources, { policy: "black", by: "time", tolerance: Number.POSITIVE_INFINITY });
});
testSeekableSource("one camera of several", async () => {
  const stores = await both({ policy: "hold" });
  const one = stores.select("right");
  const close = async (): Promise<void> => {
    await one.close();
    await stores.close();
  };
  return new Proxy(one, {
    get: (target, key) => {
      if (key === "close" || key === Symbol.asyncDispose) return close;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
});

test("drop gives the numbers that all stores have, each with the frames of that number, sample for sample", async () => {
  await using rows = align({ left: await openStore(at("left")), right: await openStore(at("right")) });
  const expected = count(60, 110).filter((n) => n < 160 && n % 7 !== 0 && n % 5 !== 0);
  const found = await all(rows.rows());
  expect(found.map(({ number }) => number)).toEqual(expected);
  for (const { number, time, frames } of found) {
    expect(frames.map((frame) => frame!.number)).toEqual([number, number]);
    expect(time).toBe(frames[0]!.time);
    expect(bytesOf(frames[0]!.image)).toEqual(bytesOf(pictureOf(gray, number as number)));
    expect(bytesOf(frames[1]!.image)).toEqual(bytesOf(pictureOf(bgr, number as number)));
  }
});

test("hold shows the last frame of a camera, and black before its first; every pixel is in its place", async () => {
  await using stores = await both({ policy: "hold", reference: "union" });
  expect(stores.info).toMatchObject({ width: 70, height: 34, channels: 3, color: "bgr", dtype: "uint8" });
  const last: (number | undefined)[] = [undefined, undefined];
  const isIn = [(n: number) => n < 160 && n % 7 !== 0, (n: number) => n >= 110 && n % 5 !== 0];
  const numbers: number[] = [];
  for await (const { number, image } of stores) {
    numbers.push(number as number);
    for (const [which, has] of isIn.entries()) if (has(number as number)) last[which] = number as number;
    const panes = [cut(image, 0, 0, 40, 24), cut(image, 40, 0, 30, 34)];
    const shown = last.map((n, which) =>
      n === undefined ? Buffer.alloc(panes[which]!.length) : asBgr(pictureOf(which === 0 ? gray : bgr, n)),
    );
    expect(panes[0]!.equals(shown[0]!), `left at ${number}`).toBe(true);
    expect(panes[1]!.equals(shown[1]!), `right at ${number}`).toBe(true);
    expect(cut(image, 0, 24, 40, 10).every((sample) => sample === 0)).toBe(true);
  }
  expect(numbers).toEqual(count(70, 100).filter((n) => isIn.some((has) => has(n))));
});

test("cameras of different rates go together by time, nearest and past only", async () => {
  const paths = { slow: at("slow"), fast: at("fast") };
  for (const [options, distance] of [
    [{ by: "time" }, (slow: number) => 2 * slow],
    [{ by: "time", direction: "past" }, (slow: number) => 2 * slow - 1],
  ] as const) {
    await using stores = await openStores(paths, options);
    for (const { number, frames } of await all(stores.aligned.rows())) {
      expect(frames.map((frame) => frame!.number)).toEqual([number, distance(number as number)]);
    }
    await using turned = await openStores(paths, { ...options, reference: "fast" });
    for (const { number, time, frames } of await all(turned.aligned.rows())) {
      expect(frames[1]).toMatchObject({ number, time });
      expect(Math.abs(frames[0]!.time - time)).toBeLessThanOrEqual(0.03);
      if ("direction" in options) expect(frames[0]!.time).toBeLessThanOrEqual(time);
    }
  }
});

test("select gives one camera row for row, with the rows' numbers", async () => {
  await using stores = await both({ policy: "black" });
  const right = stores.select("right");
  const rows = await all(stores.aligned.rows());
  const frames = await all(right.frames());
  expect(frames.map(({ number }) => number)).toEqual(rows.map(({ number }) => number));
  for (const [row, { image }] of frames.entries()) expect(image).toEqual(rows[row]!.images[1]);
  expect(right.info).toEqual(stores.aligned.sources[1]!.info);
  expect(() => stores.select("middle")).toThrow(RangeError);
  expect(() => stores.select(2)).toThrow(RangeError);
});

test("a video's frames are the right ones wherever they are asked for, beside another at another pace", async () => {
  const film = await openVideo(at("film.mp4"), { as: "gray" });
  await using rows = align([await openVideo(at("film.mp4"), { as: "gray" }), film], {
    by: "time",
    direction: "past",
    tolerance: 1,
  });
  const check = ({ index, frames }: AlignedFrames): void => {
    for (const frame of frames) expect(readPaintedNumber(frame!.image)).toBe(index);
  };
  for (const range of [
    {},
    { step: 3 },
    { step: -1 },
    { start: 80, stop: 10, step: -7 },
    { start: 40, stop: 60 },
  ]) {
    for await (const row of rows.rows(range)) check(row);
  }
  for (const index of [89, 0, 45, 44, 3]) check(await rows.row({ index }));
});

test("one damaged camera is an error of its row, or black while the others go on, as asked", async () => {
  cpSync(at("right"), at("hurt"), { recursive: true });
  await using whole = await openStore(at("hurt"));
  // The ninth picture of the first chunk.
  const hurt = whole.index.number(8);
  writeFileSync(join(at("hurt"), "000000", "000008.png"), "no picture");
  const paths = { left: at("left"), hurt: at("hurt") };
  await using strict = await openStores(paths, { policy: "black" });
  const row = strict.index.locate({ number: hurt });
  await expect(strict.frame({ index: row })).rejects.toThrow(DecodeError);
  await expect(all(strict.frames())).rejects.toMatchObject({
    frame: row,
    message: expect.stringContaining("hurt"),
  });
  const skipped: DecodeError[] = [];
  const rest = await all(strict.frames({ onDamage: (error) => skipped.push(error) }));
  expect(skipped.map(({ frame }) => frame)).toEqual([row]);
  expect(rest.map(({ index }) => index)).toEqual(count(strict.index.length).filter((index) => index !== row));
  const told: string[] = [];
  const onDamage = (error: DecodeError, name: string): void => {
    told.push(`${name} ${error.frame}`);
  };
  await using mild = await openStores(paths, { policy: "black", damage: "black", onDamage });
  const frames = await all(mild.frames());
  expect(told).toEqual(["hurt 8"]);
  expect(frames).toHaveLength(mild.index.length);
  const { image } = frames[row]!;
  expect(cut(image, 0, 0, 40, 24).equals(asBgr(pictureOf(gray, hurt as number)))).toBe(true);
  expect(cut(image, 40, 0, 30, 34).every((sample) => sample === 0)).toBe(true);
});

test("a row, a column and a grid of pictures of different sizes and depths", async () => {
  const infos = [
    gray,
    { width: 20, height: 30, dtype: "uint16", color: "gray" },
    { width: 50, height: 10, dtype: "uint8", color: "gray" },
  ] as const;
  const paths = await Promise.all(infos.map((info, i) => make(`depth${i}`, { numbers: count(3), info })));
  const size = async (options: SideBySideOptions): Promise<string> => {
    await using source = await openStores(paths, options);
    const { image } = await source.frame({ index: 2 });
    expect(image).toMatchObject({ ...source.info, channels: 1, color: "gray", dtype: "uint16" });
    return `${image.width}x${image.height}`;
  };
  expect(await size({})).toBe("110x30");
  expect(await size({ layout: "column" })).toBe("50x64");
  expect(await size({ layout: "grid" })).toBe("70x40");
  await using source = await openStores(paths);
  const { data, width } = (await source.frame({ index: 1 })).image;
  const [eight, sixteen] = [pictureOf(infos[0], 1).data, pictureOf(infos[1], 1).data];
  for (let y = 0; y < 24; y++) {
    for (let x = 0; x < 40; x++) expect(data[y * width + x]).toBe((eight[y * 40 + x] as number) * 257);
    for (let x = 0; x < 20; x++) expect(data[y * width + 40 + x]).toBe(sixteen[y * 20 + x]);
  }
});

test("kinds of pictures that have no common one are refused, and alone they keep their own", async () => {
  const float = { width: 8, height: 8, dtype: "float32", color: "gray" } as const;
  const [one, two] = [await make("float", { numbers: count(3), info: float }), at("left")];
  await expect(openStores([one, two])).rejects.toThrow(UnsupportedError);
  await using same = await openStores([one, one]);
  expect(same.names).toEqual(["float", "float 2"]);
  expect(same.info).toMatchObject({ width: 16, height: 8, dtype: "float32", color: "gray" });
  await using native = await openVideo(at("film.mp4"), { as: "native" });
  expect(() => align([native], { policy: "black" })).toThrow(UnsupportedError);
});

test("stores that Python wrote go together frame for frame, with gaps, duplicates and disorder", async () => {
  const names = corpusStores.filter((name) => name.startsWith("num_") && name.endsWith("_npy"));
  expect(names.length).toBeGreaterThanOrEqual(5);
  for (const name of names) {
    await using store = await openStore(corpusPath(name));
    const single = await all(store.frames());
    await using pair = await openStores([corpusPath(name), corpusPath("num_gaps_npy")], { policy: "hold" });
    const rows = await all(pair.aligned.rows());
    expect(rows).toHaveLength(single.length);
    await using gaps = await openStore(corpusPath("num_gaps_npy"));
    let last: IndexedFrame | undefined;
    const seen = new Map<unknown, number>();
    for (const [index, row] of rows.entries()) {
      expect(row.frames[0]).toEqual(single[index]);
      const repeat = seen.get(row.number) ?? 0;
      seen.set(row.number, repeat + 1);
      const isThere =
        repeat === 0 && count(gaps.index.length).some((at) => gaps.index.number(at) === row.number);
      if (isThere) last = await gaps.frame({ number: row.number });
      if (name !== "num_gaps_npy") expect(row.frames[1], `${name}, row ${index}`).toEqual(last);
    }
  }
});

test("drop and union are NumPy's intersect1d and unique of the numbers in the stores' own files", async () => {
  const program = `
import functools, glob, json, numpy as np, sys
numbers = []
for store in sys.argv[1:]:
    chunks = [np.load(path)["frame_number"] for path in sorted(glob.glob(store + "/**/*index.npz", recursive=True) + glob.glob(store + "/*.npz"))]
    numbers.append(np.concatenate(chunks))
print(json.dumps([functools.reduce(np.intersect1d, numbers).tolist(), np.unique(np.concatenate(numbers)).tolist()]))`;
  const sets = [
    [corpusPath("num_gaps_npy"), corpusPath("num_gaps_mjpeg")],
    [corpusPath("num_gaps_npy"), corpusPath("num_reversed_npy"), corpusPath("npz_compressed")],
    [
      corpusPath("num_high_start_npy"),
      corpusPath("num_high_start_mjpeg"),
      corpusPath("num_nonmonotonic_npy"),
    ],
    [at("left"), at("right"), at("fast")],
  ];
  for (const paths of sets) {
    const [common, every] = JSON.parse(python(program, paths)) as [number[], number[]];
    const numbersOf = async (options: AlignOptions): Promise<number[]> => {
      await using rows = align(await Promise.all(paths.map((path) => openStore(path))), options);
      return count(rows.index.length).map((row) => rows.index.number(row) as number);
    };
    expect((await numbersOf({})).toSorted((a, b) => a - b)).toEqual(common);
    expect(await numbersOf({ reference: "union", policy: "black" })).toEqual(every);
    expect(await numbersOf({ reference: "union", policy: "hold" })).toEqual(every);
  }
});

test("a lossy store that Python wrote is shown as Python decodes it", async () => {
  const name = "vid_mjpeg_gray";
  const decoded = decodedBy(name)!;
  await using pair = await openStores([corpusPath(name), corpusPath(name)], { layout: "column" });
  const size = pair.info.width * (pair.info.height / 2);
  for (const { index, image } of await all(pair.frames())) {
    const expected = Buffer.from(decoded.data.buffer, decoded.data.byteOffset + index * size, size);
    expect(Buffer.from(bytesOf(image)).equals(Buffer.concat([expected, expected]))).toBe(true);
  }
});

test("every kind of source stands beside every other", async () => {
  const open3 = (): Promise<SeekableSource[]> =>
    Promise.all([
      open(join(corpus, "lab/imgs")),
      open(at("film.mp4")),
      open(join(corpus, "imgstore/dir_png_bgr8")),
    ]);
  await using all3 = sideBySide(await open3(), { layout: "grid", policy: "black" });
  await using again = sideBySide(await open3(), { layout: "grid", policy: "black" });
  const frames = await all(all3.frames());
  expect(frames).toHaveLength(all3.aligned.sources[0]!.index.length);
  for (const { index, image } of frames) expect((await again.frame({ index })).image).toEqual(image);
});

test("rows read whatever ranks they want, in any order, and loop where that pays", async () => {
  await using store = await openStore(at("left"));
  const near = fc.array(fc.integer({ min: -3, max: 5 }), { maxLength: 60 }).map((steps) => {
    let rank = 20;
    return steps.map((step) => {
      rank = Math.min(store.index.length - 1, Math.max(-1, rank + step));
      return rank;
    });
  });
  const anywhere = fc.array(fc.integer({ min: -1, max: store.index.length - 1 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.oneof(near, anywhere), async (ranks) => {
      const found = await all(rowFrames(store, Int32Array.from(ranks)));
      expect(found.map((frame) => (frame as IndexedFrame | undefined)?.index ?? -1)).toEqual(ranks);
    }),
    { numRuns: 150 },
  );
  const steps = (ranks: readonly number[]): number[] =>
    [...planReads(Int32Array.from(ranks))].map(({ step }) => step);
  expect(steps(count(100))).toEqual([1]);
  expect(steps(count(100).toReversed())).toEqual([-1]);
  expect(steps(count(100).map((rank) => 3 * rank))).toEqual([3]);
  expect(steps(count(100).map((rank) => Math.floor(rank / 2)))).toEqual([1]);
  expect(steps(count(100).filter((rank) => rank % 10 !== 0))).toEqual([1]);
  expect(steps([5, 500, 5000])).toEqual([0, 0, 0]);
});

function listCameras(store: string, cameras: unknown): void {
  const path = join(store, "metadata.yaml");
  const text = readFileSync(path, "utf8");
  expect(text).toContain("__store:");
  writeFileSync(path, text.replace("__store:", `__store:\n  extra_cameras: ${JSON.stringify(cameras)}`));
}

test("a multi-camera store opens with the stores that it lists", async () => {
  mkdirSync(at("rig"));
  cpSync(at("left"), at("rig/master"), { recursive: true });
  cpSync(at("right"), at("rig/master/lowres"), { recursive: true });
  cpSync(at("slow"), at("rig/side"), { recursive: true });
  listCameras(at("rig/master"), ["lowres/metadata.yaml", "../side"]);
  await using stores = await openStores(at("rig/master"), { policy: "black" });
  expect(stores.names).toEqual(["master", "lowres", "side"]);
  expect(stores.index.length).toBe(stores.aligned.sources[0]!.index.length);
  expect(stores.aligned.sources[1]!.path).toContain("rig/master/lowres");
  await using alone = await openStores(at("left"));
  expect(alone.names).toEqual(["master"]);
});

test("a multi-camera store cannot lead out of the folder that it lies in, unless it is trusted", async () => {
  mkdirSync(at("far"));
  cpSync(at("left"), at("far/master"), { recursive: true });
  listCameras(at("far/master"), { side: "../../slow" });
  await expect(openStores(at("far/master"))).rejects.toThrow(StoreFormatError);
  await using trusted = await openStores(at("far/master"), { outside: true, policy: "black" });
  expect(trusted.names).toEqual(["master", "side"]);
  for (const [name, cameras, error] of [
    ["absolute", ["/etc"], StoreFormatError],
    ["gone", ["../nowhere"], NotFoundError],
  ] as const) {
    cpSync(at("left"), at(`far/${name}`), { recursive: true });
    listCameras(at(`far/${name}`), cameras);
    await expect(openStores(at(`far/${name}`))).rejects.toThrow(error);
  }
  for (const [i, nonsense] of ["text", [1], [""], { a: null }, 7].entries()) {
    const name = at(`far/nonsense${i}`);
    cpSync(at("left"), name, { recursive: true });
    listCameras(name, nonsense);
    await using store = await openStores(name);
    expect(store.names).toEqual(["master"]);
    expect(store.aligned.sources[0]!.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("extra_cameras"),
    );
  }
});

test("a store that cannot be opened closes the others, and closing closes them all", async () => {
  await expect(openStores([at("left"), at("nowhere")])).rejects.toThrow(NotFoundError);
  const stores = await both({ policy: "black" });
  const loop = stores.aligned.rows()[Symbol.asyncIterator]();
  await loop.next();
  await stores.close();
  await expect(loop.next()).rejects.toThrow(ClosedError);
  await expect(stores.aligned.row({ index: 0 })).rejects.toThrow(ClosedError);
  for (const source of stores.aligned.sources)
    await expect(source.frame({ index: 0 })).rejects.toThrow(ClosedError);
});
