import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replayDriver } from "../src/cameras/replay.js";
import type { CameraFrame, CameraOptions } from "../src/capture/camera.js";
import { CameraError } from "../src/core/errors.js";
import { createStore, createVideo, open, pipeTo, readPaintedNumber, syntheticCamera } from "../src/index.js";
import { testCamera } from "./contracts/camera.js";

const corpus = fileURLToPath(new URL("../../shared/corpus", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "marey-replay-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const replay = replayDriver((path, options) => open(path, options));

/** What the camera gave that is in the store: some of its frames were lost. */
const given: CameraFrame[] = [];

beforeAll(async () => {
  const camera = syntheticCamera({
    ...{ width: 64, height: 48, rate: 200, frames: 500, pace: "free", firstNumber: 1000, firstTime: 1e9 },
    settings: { drop: 0.1, stall: "1+0.3" },
  });
  await using store = await createStore(at("store"), { info: camera.info, format: "png" });
  for await (const frame of camera) {
    given.push(frame);
    await store.write(frame);
  }
  const film = syntheticCamera({ width: 64, height: 48, rate: 100, frames: 400, pace: "free" });
  await using video = await createVideo(at("film.mp4"), { fps: 100 });
  await pipeTo(film, video);
});

async function play(address: string, options: CameraOptions = {}): Promise<CameraFrame[]> {
  await using camera = await replay.open(address, options);
  const frames: CameraFrame[] = [];
  for await (const frame of camera) frames.push(frame);
  return frames;
}

test("a store plays as its camera was: its numbers with their gaps, its times, its pictures", async () => {
  const frames = await play(`${at("store")},speed=free`);
  expect(frames.map(({ number }) => number)).toEqual(given.map(({ number }) => number));
  for (const [rank, { image, number, cameraTime, time }] of frames.entries()) {
    expect(readPaintedNumber(image)).toBe(number);
    expect(cameraTime).toBe(given[rank]!.time);
    expect(time - frames[0]!.time).toBeCloseTo(given[rank]!.time - given[0]!.time, 6);
  }
});

test("at its own pace frames come when they are due, not before", async () => {
  await using camera = await replay.open(at("store"), { settings: { to: 100 } });
  expect(camera.rate).toBeCloseTo(200, 0);
  const started = performance.now();
  let count = 0;
  for await (const { cameraTime, number, image } of camera) {
    expect(performance.now() - started).toBeGreaterThanOrEqual((cameraTime! - given[0]!.time) * 1000 - 2);
    expect(readPaintedNumber(image)).toBe(number);
    count++;
  }
  expect(count).toBeGreaterThan(50);
});

test("frames that nobody fetched in time are lost, the last sixteen are not", async () => {
  await using camera = await replay.open(`${at("film.mp4")},speed=4`);
  const numbers: number[] = [];
  for await (const { image, number } of camera) {
    expect(readPaintedNumber(image)).toBe(number);
    numbers.push(Number(number));
    if (numbers.length === 3) await new Promise((resolve) => setTimeout(resolve, 400));
  }
  expect(numbers.length).toBeLessThan(400);
  expect(numbers.at(-1)).toBe(399);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});

test("looped, numbers and clock go on where they ended", async () => {
  const frames = await play(`${at("film.mp4")},speed=free,loop=3,from=10,to=0.3s`);
  expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, rank) => 10 + rank));
  for (const [rank, { image, cameraTime }] of frames.entries()) {
    expect(readPaintedNumber(image)).toBe(10 + (rank % 20));
    expect(cameraTime).toBeCloseTo(0.1 + rank / 100, 6);
  }
});

test("numbered by count there are no gaps; at another rate frames are evenly apart; in another colour they are that", async () => {
  const frames = await play(at("store"), {
    rate: 50,
    color: "bgr",
    settings: { speed: "free", numbers: "count", from: -20 },
  });
  expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, rank) => rank));
  for (const [rank, { image, time }] of frames.entries()) {
    expect(readPaintedNumber(image)).toBe(given.at(rank - 20)!.number);
    expect(image.color).toBe("bgr");
    expect(time - frames[0]!.time).toBeCloseTo(rank / 50, 6);
  }
});

test("an endless replay of one picture goes on until it is closed", async () => {
  await using camera = await replay.open(join(corpus, "imgstore/dir_png_bgr8/000000/000000.png"), {
    rate: 500,
    settings: { loop: true },
  });
  const numbers: unknown[] = [];
  for await (const { number } of camera) if (numbers.push(number) === 50) break;
  expect(new Set(numbers).size).toBe(50);
});

test("a damaged frame is a lost one: its number is missing, all others come", async () => {
  const bytes = readFileSync(at("store/000000/000003.png"));
  writeFileSync(at("store/000000/000003.png"), bytes.subarray(0, bytes.length >> 1));
  const frames = await play(`${at("store")},speed=free`);
  writeFileSync(at("store/000000/000003.png"), bytes);
  expect(frames.map(({ number }) => number)).toEqual(
    given.filter((_, rank) => rank !== 3).map(({ number }) => number),
  );
});

test("a path with commas and equals signs is a path", async () => {
  const name = at("a,b=c,speed.npy");
  appendFileSync(name, readFileSync(join(corpus, "lab/thw.npy")));
  await using camera = await replay.open(`${name},speed=free`);
  expect(camera.id).toBe(`replay:${name}`);
});

test.each([
  ["", /an address is the path/],
  ["film.mp4,speed=0", /speed cannot be "0"/],
  ["film.mp4,loop=0", /loop cannot be "0"/],
  ["film.mp4,numbers=odd", /numbers cannot be "odd"/],
  ["film.mp4,from=x", /from cannot be "x"/],
  ["film.mp4,from=500", /no frame to play: from 400 to 400, and there are 400/],
  ["film.mp4,from=20,to=20", /no frame to play/],
])("replay:%s is refused with the reason", async (address, reason) => {
  const failure = await replay.open(address === "" ? "" : at(address)).catch((error) => error);
  expect(failure).toBeInstanceOf(CameraError);
  expect(failure.message).toMatch(reason);
});

for (const [name, loop] of [
  ["store", "loop=true"],
  ["film.mp4", "loop=true,numbers=count"],
] as const) {
  testCamera({
    driver: replay,
    address: `${at(name)},${loop}`,
    frames: 60,
    nonsense: at("nothing.mp4"),
    advice: /nothing that can be played: .*nothing\.mp4/,
  });
}

test("a source that hangs is a lost camera, and can be closed all the same", async () => {
  const driver = replayDriver(async (path) => {
    const source = await open(path);
    const frame: typeof source.frame = (address) =>
      "index" in address && address.index! >= 5 ? new Promise(() => {}) : source.frame(address);
    return new Proxy(source, {
      get: (target, key) => {
        if (key === "frame") return frame;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
  await using camera = await driver.open(`${at("film.mp4")},speed=free`, { timeout: 0.1 });
  let count = 0;
  const failure = await (async () => {
    for await (const _ of camera) count++;
  })().catch((error) => error);
  expect(count).toBe(5);
  expect(failure).toBeInstanceOf(CameraError);
  expect(failure.message).toMatch(/frame 5 could not be read within 0.1 s/);
});
