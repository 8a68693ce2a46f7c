import { expect, test } from "vitest";
import { ClockFit } from "../src/capture/clock-fit.js";
import { DurationHistogram } from "../src/capture/duration-histogram.js";
import { FrameStamper } from "../src/capture/frame-stamper.js";
import { HostClock, type MachineClocks } from "../src/capture/host-clock.js";

/** Numbers from 0 to 1 that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A machine whose clocks are set by hand. */
function machine(): { clocks: MachineClocks; state: { monotonic: number; utc: number; asleep: number } } {
  const state = { monotonic: 100, utc: 1.7e9, asleep: 0 };
  return {
    state,
    clocks: {
      monotonic: () => state.monotonic,
      utc: () => state.utc,
      awake: () => state.monotonic + state.asleep,
    },
  };
}

/** Time goes on by so many seconds, with looks. */
function pass(clock: HostClock, { state }: ReturnType<typeof machine>, seconds: number): void {
  for (let left = seconds; left > 1e-9; left -= 0.5) {
    state.monotonic += 0.5;
    state.utc += 0.5;
    clock.look();
  }
}

test("a clock that is set back an hour changes nothing on the time line, and is told", () => {
  const host = machine();
  const clock = new HostClock(host.clocks);
  const start = clock.now();
  pass(clock, host, 10);
  host.state.utc -= 3600;
  pass(clock, host, 10);
  expect(clock.now() - start).toBeCloseTo(20, 6);
  expect(clock.steps).toHaveLength(1);
  expect(clock.steps[0]).toMatchObject({ kind: "set" });
  expect(clock.steps[0]!.seconds).toBeCloseTo(-3600, 3);
  expect(clock.ahead).toBeCloseTo(-3600, 3);
  host.state.utc += 3600;
  pass(clock, host, 5);
  expect(clock.steps).toHaveLength(2);
  expect(clock.ahead).toBeCloseTo(0, 3);
});

test("a machine that slept has lost no time", () => {
  const host = machine();
  const clock = new HostClock(host.clocks);
  const start = clock.now();
  pass(clock, host, 3);
  host.state.asleep += 120;
  host.state.utc += 120;
  pass(clock, host, 3);
  expect(clock.now() - start).toBeCloseTo(126, 3);
  expect(clock.steps.map(({ kind, seconds }) => [kind, Math.round(seconds)])).toEqual([["slept", 120]]);
});

test("a clock that is steered is followed, never by more than half a thousandth", () => {
  const host = machine();
  const clock = new HostClock(host.clocks);
  let before = clock.now();
  for (let i = 0; i < 1000; i++) {
    host.state.monotonic += 1;
    host.state.utc += 1.0001;
    clock.look();
    const now = clock.now();
    expect(now - before).toBeGreaterThan(0.999);
    expect(now - before).toBeLessThan(1.001);
    before = now;
  }
  expect(Math.abs(clock.now() - host.state.utc)).toBeLessThan(0.001);
  expect(clock.steps).toEqual([]);
});

test("two clocks of one recording agree to the microsecond, also when one is made after the machine's was set", () => {
  const host = machine();
  const first = new HostClock(host.clocks);
  host.state.utc += 3600;
  const second = new HostClock(host.clocks, first.offset);
  host.state.monotonic += 2;
  host.state.utc += 2;
  second.look();
  expect(second.now()).toBeCloseTo(first.now(), 6);
});

test("drift and offset of a camera's clock are found within 1 ppm and 1 ms, though frames come late", () => {
  for (const [drift, seed] of [
    [40e-6, 1],
    [-90e-6, 2],
    [0, 3],
  ] as const) {
    const next = random(seed);
    const fit = new ClockFit();
    const offset = 5000.25;
    for (let i = 0; i < 60 * 600; i++) {
      const host = i / 60;
      const camera = (host - offset) / (1 + drift);
      // Half of all frames come at once, the others up to 30 ms late; one in a hundred 200 ms.
      const late = next() < 0.5 ? next() * 0.0005 : next() < 0.02 ? 0.2 : next() * 0.03;
      fit.add(camera, host + 0.004 + late);
    }
    const { drift: found, late, jumps } = fit.summary()!;
    expect(Math.abs(found - drift * 1e6)).toBeLessThan(1);
    expect(jumps).toBe(0);
    expect(late.longest).toBeGreaterThan(0.15);
    const camera = (300 - offset) / (1 + drift);
    expect(Math.abs(fit.hostTimeOf(camera) - 300.004)).toBeLessThan(0.001);
  }
});

test("a camera whose clock jumps is followed after a few frames; one late frame is no jump", () => {
  const fit = new ClockFit();
  for (let i = 0; i < 300; i++) fit.add(i / 30, 50 + i / 30 + (i === 200 ? 3 : 0.001));
  expect(fit.summary()!.jumps).toBe(0);
  for (let i = 300; i < 600; i++) fit.add(1000 + i / 30, 50 + i / 30 + 0.001);
  expect(fit.summary()!.jumps).toBe(1);
  expect(fit.hostTimeOf(1000 + 599 / 30)).toBeCloseTo(50 + 599 / 30 + 0.001, 4);
});

const info = { width: 1, height: 1, channels: 1, dtype: "uint8", color: "gray" } as const;
const image = { ...info, data: new Uint8Array(1) };

test("times never go back, whatever the camera's clock does", () => {
  const host = machine();
  const clock = new HostClock(host.clocks);
  const stamper = new FrameStamper(clock);
  stamper.open({ id: "a", clock: "camera", rate: 30 } as never);
  const next = random(7);
  let before = Number.NEGATIVE_INFINITY;
  let camera = 10;
  for (let i = 0; i < 3000; i++) {
    host.state.monotonic += 1 / 30;
    host.state.utc += 1 / 30;
    camera += 1 / 30;
    if (i === 500) camera += 900;
    if (i === 1000) camera = 0;
    if (i === 1500) host.state.utc -= 3600;
    if (i === 2000) camera -= 0.3;
    const arrived = host.state.monotonic + next() * 0.01;
    const { frame } = stamper.stamp({ number: i, time: 0, image, cameraTime: camera, arrived });
    expect(frame.time).toBeGreaterThan(before);
    // Nor are they ever far from the truth.
    expect(Math.abs(frame.time - (1.7e9 + (i + 1) / 30))).toBeLessThan(0.35);
    before = frame.time;
  }
});

test("a camera that is opened again goes on counting after what the pause has cost", () => {
  const host = machine();
  const stamper = new FrameStamper(new HostClock(host.clocks));
  const camera = { id: "a", clock: "monotonic", rate: 10 } as never;
  stamper.open(camera);
  const stamp = (number: number, at: number) =>
    stamper.stamp({ number, time: 0, image, cameraTime: at, arrived: at });
  expect(stamp(7, 100).gap).toBeUndefined();
  expect(stamp(8, 100.1).frame.number).toBe(8);
  expect(stamp(12, 100.5).gap).toMatchObject({ number: 9, count: 3, cause: "camera" });
  stamper.open(camera, "unplugged");
  const { frame, gap } = stamp(0, 103.5);
  expect(gap).toMatchObject({ number: 13, count: 29, cause: "camera", reason: "unplugged", estimated: true });
  expect(frame.number).toBe(42);
  expect(frame.clocks).toMatchObject({ cameraNumber: 0, cameraTime: 103.5, arrived: 103.5 });
  expect(stamp(1, 103.6)).toMatchObject({ gap: undefined, frame: { number: 43 } });
});

test("a histogram knows its quantiles to 2.3 percent, whatever the distribution", () => {
  const next = random(5);
  const values = Array.from({ length: 20_000 }, () => 10 ** (next() * 6 - 5));
  const histogram = new DurationHistogram();
  for (const value of values) histogram.add(value);
  const sorted = [...values].sort((a, b) => a - b);
  for (const share of [0.01, 0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(share * values.length) - 1]!;
    expect(Math.abs(histogram.quantile(share) / exact - 1)).toBeLessThan(0.024);
  }
  const { mean, deviation, shortest, longest } = histogram.summary()!;
  const exactMean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean).toBeCloseTo(exactMean, 9);
  expect(deviation).toBeCloseTo(
    Math.sqrt(values.reduce((sum, value) => sum + (value - exactMean) ** 2, 0) / values.length),
    9,
  );
  expect([shortest, longest]).toEqual([sorted[0], sorted.at(-1)]);
  expect(histogram.bins().reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
});
