import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { synthetic, syntheticCamera } from "../src/cameras/synthetic.js";
import type { Camera, CameraFrame, CameraOptions } from "../src/capture/camera.js";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { CameraError } from "../src/core/errors.js";

type Settings = NonNullable<CameraOptions["settings"]>;

/** As it would be in real time, without the waiting. */
function free(settings: Settings, frames = 1000, rate = 100): Camera {
  const size = { width: 16, height: 4 };
  return syntheticCamera({ ...size, rate, frames, pace: "free", firstTime: 1000, settings });
}

async function framesOf(camera: Camera): Promise<{ frames: CameraFrame[]; failure: unknown }> {
  const frames: CameraFrame[] = [];
  try {
    for await (const frame of camera) frames.push(frame);
    return { frames, failure: undefined };
  } catch (failure) {
    return { frames, failure };
  }
}

const numbersOf = (frames: readonly CameraFrame[]): number[] => frames.map(({ number }) => Number(number));

test("without a setting nothing goes wrong, and clocks agree to the rounding", async () => {
  const { frames } = await framesOf(free({}));
  expect(numbersOf(frames)).toEqual(Array.from({ length: 1000 }, (_, at) => at));
  const [first] = frames;
  for (const [at, { time, cameraTime, arrived }] of frames.entries()) {
    expect(time - 1000).toBeCloseTo(at / 100, 9);
    expect(cameraTime! - first!.cameraTime!).toBeCloseTo(at / 100, 9);
    expect(arrived! - first!.arrived!).toBeCloseTo(at / 100, 6);
  }
});

test("dropped frames are gaps in its count: the share asked for, the same by the same seed, others by another", async () => {
  const lost = async (seed: number): Promise<string> => {
    const { frames } = await framesOf(free({ drop: 0.1, seed }, 20_000));
    for (const { number, image } of frames) expect(readPaintedNumber(image)).toBe(number);
    expect(20_000 - frames.length).toBeGreaterThan(1800);
    expect(20_000 - frames.length).toBeLessThan(2200);
    return numbersOf(frames).join();
  };
  const [one, same, other] = [await lost(1), await lost(1), await lost(2)];
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

test("a stalled camera loses exactly the frames of that time, and goes on with its count", async () => {
  const { frames, failure } = await framesOf(free({ stall: "2+3" }));
  expect(failure).toBeUndefined();
  expect(numbersOf(frames)).toEqual(
    Array.from({ length: 1000 }, (_, at) => at).filter((at) => at < 200 || at >= 500),
  );
});

test("a stall that is longer than the timeout is a lost camera", async () => {
  const { frames, failure } = await framesOf(free({ stall: "2+6" }));
  expect(frames.length).toBe(200);
  expect(failure).toBeInstanceOf(CameraError);
  expect(String(failure)).toMatch(/no frame for 5 s/);
});

test("a slow camera is not a silent one", async () => {
  const { frames, failure } = await framesOf(free({}, 20, 0.05));
  expect([frames.length, failure]).toEqual([20, undefined]);
});

test("its clock jumps, forwards and backwards, and nothing else does", async () => {
  for (const [jump, by] of [
    ["4+3", 3],
    ["4-3600", -3600],
    [4, 1],
  ] as const) {
    const { frames } = await framesOf(free({ jump }));
    for (const [at, { number, time, cameraTime }] of frames.entries()) {
      expect(number).toBe(at);
      expect(time - 1000).toBeCloseTo(at / 100, 9);
      expect(cameraTime! - frames[0]!.cameraTime!).toBeCloseTo(at / 100 + (at >= 400 ? by : 0), 9);
    }
  }
});

test("with a fast clock its frames come early by just that much, while its own clock sees nothing of it", async () => {
  const { frames } = await framesOf(free({ drift: 200, jitter: 0.004 }));
  let late = 0;
  for (const [at, { time, cameraTime, arrived }] of frames.entries()) {
    expect(cameraTime! - frames[0]!.cameraTime!).toBeCloseTo(at / 100, 9);
    expect(time - 1000).toBeCloseTo(at / 100 / 1.0002, 9);
    late = Math.max(late, arrived! - frames[0]!.arrived! - (time - 1000));
    if (at > 0) expect(arrived!).toBeGreaterThanOrEqual(frames[at - 1]!.arrived!);
  }
  expect(late).toBeGreaterThan(0.001);
  expect(late).toBeLessThanOrEqual(0.0041);
});

test("it dies at the second that was asked for", async () => {
  const { frames, failure } = await framesOf(free({ die: 1.5 }));
  expect(frames.length).toBe(150);
  expect(failure).toBeInstanceOf(CameraError);
  expect(String(failure)).toMatch(/lost 1.5 s after its start/);
});

test("one frame is cut, or all from a second on", async () => {
  const cut = (await framesOf(free({ garbage: 0.5 }))).frames.map(({ image }) => image.height);
  expect(cut).toEqual(Array.from({ length: 1000 }, (_, at) => (at === 50 ? 2 : 4)));
  const resized = (await framesOf(free({ resize: 0.5 }))).frames;
  expect(resized.map(({ image }) => image.height)).toEqual(resized.map((_, at) => (at >= 50 ? 2 : 4)));
  for (const { image } of resized) expect(image.data.length).toBe(image.width * image.height);
});

test("a reader who sleeps for longer than the timeout has a camera that lost frames, not a lost camera", async () => {
  const numbers: number[] = [];
  const camera = syntheticCamera({ width: 16, height: 3, rate: 500, frames: 400, timeout: 0.05 });
  for await (const { number } of camera) {
    numbers.push(Number(number));
    if (numbers.length === 5) await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(numbers.length).toBeLessThan(400);
  expect(numbers.at(-1)).toBe(399);
});

test("a crash takes its process along", async () => {
  const code = `
    const { synthetic } = await import("./dist/cameras/synthetic.js");
    const camera = await synthetic.open("16x3@100,crash=0.1");
    let count = 0;
    for await (const frame of camera) console.log(++count);`;
  const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  const failure = await child.then(
    () => undefined,
    (error: { signal: string; stdout: string }) => error,
  );
  expect(failure?.signal).toBe("SIGABRT");
  expect(failure?.stdout.trim().split("\n").length).toBe(10);
});

describe("settings", () => {
  test("are read from the address, and options go before", async () => {
    await using camera = await synthetic.open("64x48@50,drop=0.5,seed=7", { settings: { drop: 0.25 } });
    expect(camera.describe?.()).toEqual({ model: "synthetic", drop: 0.25, seed: "7" });
    expect([camera.rate, camera.info.width]).toEqual([50, 64]);
    await using bare = await synthetic.open("drop=0.5");
    expect(bare.id).toBe("synthetic:640x480@25");
  });

  test.each([
    ["drop=1", /below 1/],
    ["drop=-0.1", /drop cannot be/],
    ["drop=x", /drop cannot be "x"/],
    ["stall=5", /5\+2/],
    ["stall=5-2", /stall cannot be/],
    ["die=soon", /die cannot be/],
    ["die=1e12", /die cannot be/],
    ["frob=1", /no setting "frob" \(known: drop, stall/],
    ["drop", /WIDTHxHEIGHT@RATE,SETTING=VALUE/],
    ["64x48@25,drop", /WIDTHxHEIGHT@RATE,SETTING=VALUE/],
    ["=5", /WIDTHxHEIGHT@RATE,SETTING=VALUE/],
  ])("%s is refused with the reason", async (address, reason) => {
    await expect(synthetic.open(address)).rejects.toThrow(reason);
    await expect(synthetic.open(address)).rejects.toThrow(CameraError);
  });
});
