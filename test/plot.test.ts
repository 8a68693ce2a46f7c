import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { TransformError } from "../src/core/errors.js";
import { blankImage, bytesOf, type Image } from "../src/core/image.js";
import { type PlotOptions, type PlotSeries, plot, plotImage } from "../src/index.js";
import { decimate } from "../src/transforms/plot/decimate.js";
import { numberTicks, timeTicks } from "../src/transforms/plot/ticks.js";
import { listSource } from "./contracts/transform.js";

const times = Array.from({ length: 500 }, (_, i) => i / 50);
const wave: PlotSeries = { name: "wave", times, values: times.map((t) => Math.sin(t)) };
const small = { width: 200, height: 100, title: "", xLabel: "", grid: false } as const;

function digest(image: Image): string {
  return createHash("sha1").update(bytesOf(image)).digest("hex");
}

/** Columns in which two pictures differ. */
function changedColumns(a: Image, b: Image): number[] {
  const changed = new Set<number>();
  for (let i = 0; i < a.data.length; i++) {
    if (a.data[i] !== b.data[i]) changed.add(Math.floor(i / a.channels) % a.width);
  }
  return [...changed].sort((x, y) => x - y);
}

async function at(source: ReturnType<typeof plot>, index: number): Promise<Image> {
  return (await source.frame({ index })).image;
}

const kinds: readonly (readonly [PlotOptions, readonly PlotSeries[]])[] = [
  [{ kind: "line" }, [wave, { ...wave, name: "b", values: wave.values!.length ? times : [] }]],
  [{ kind: "scatter" }, [{ ...wave, x: times.map((t) => Math.cos(t)) }]],
  [{ kind: "histogram", bins: 10 }, [wave]],
  [{ kind: "heat-map" }, [wave, wave, wave]],
  [{ kind: "raster" }, [wave, { name: "spikes", times: [1, 2, 2.5, 9] }]],
];

describe("every kind of chart", () => {
  for (const [options, data] of kinds) {
    for (const mode of ["cursor", "scroll", "grow"] as const) {
      for (const theme of ["light", "transparent"] as const) {
        test(`${options.kind}, ${mode}, ${theme}: any frame alone is the frame of the stream, in any order`, async () => {
          const source = plot(data, { ...options, ...small, mode, theme, fps: 2, window: 3 });
          const streamed: string[] = [];
          for await (const { image, index, time } of source.frames()) {
            const { data: _, ...info } = image;
            expect(info).toEqual(source.info);
            expect(time).toBe(index / 2);
            streamed.push(digest(image));
          }
          expect(streamed).toHaveLength(20);
          expect(new Set(streamed).size).toBeGreaterThan(2);
          const fresh = plot(data, { ...options, ...small, mode, theme, fps: 2, window: 3 });
          for (const index of [19, 3, 11, 0, 12]) {
            expect(digest(await at(fresh, index))).toBe(streamed[index]);
          }
        });
      }
    }
  }
});

test("a plot has the numbers and times of the source that it goes with", async () => {
  const film = listSource(
    [1, 2, 3].map(() => blankImage({ width: 2, height: 2, channels: 1, dtype: "uint8", color: "gray" })),
    [1, 1.25, 4],
  );
  await using source = plot([wave], { ...small, like: film });
  expect(source.index).toBe(film.index);
  const seen = [];
  for await (const { index, number, time } of source.frames()) seen.push([index, number, time]);
  expect(seen).toEqual([
    [0, 100, 1],
    [1, 101, 1.25],
    [2, 102, 4],
  ]);
});

test("only the cursor's columns change from frame to frame, and it moves with time", async () => {
  const source = plot([wave], { ...small, fps: 10, lineWidth: 2 });
  const whole = plotImage([wave], { ...small, fps: 10, lineWidth: 2 });
  let before = 0;
  for (const index of [0, 20, 50, 80]) {
    const columns = changedColumns(await at(source, index), whole);
    expect(columns.length).toBeLessThanOrEqual(2);
    expect(columns[0]).toBeGreaterThan(before);
    before = columns[0]!;
  }
});

test("a chart that grows is the whole chart up to now, and empty after", async () => {
  const source = plot([wave], { ...small, fps: 10, mode: "grow" });
  const [none, half, all] = [await at(source, 0), await at(source, 50), await at(source, 99)];
  const [toWhole, toNone] = [changedColumns(half, all), changedColumns(half, none)];
  expect(Math.max(...toNone)).toBeLessThan(Math.min(...toWhole) + 2);
  expect(toWhole.length).toBeGreaterThan(50);
  expect(toNone.length).toBeGreaterThan(50);
});

test("a window shows its seconds only, and what is ahead with a cursor", async () => {
  const spike: PlotSeries = { times, values: times.map((t) => (Math.abs(t - 5) < 0.011 ? 1 : 0)) };
  const source = plot([spike], { ...small, fps: 10, window: 2, yLimits: [0, 2] });
  const isSeen = async (index: number): Promise<boolean> => {
    const flat = plot([{ times, values: times.map(() => 0) }], {
      ...small,
      fps: 10,
      window: 2,
      yLimits: [0, 2],
    });
    return changedColumns(await at(source, index), await at(flat, index)).length > 0;
  };
  expect(await Promise.all([40, 49, 51, 65, 72, 80].map(isSeen))).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
  ]);
});

test("a million points keep every extreme that a column of pixels has", () => {
  const length = 1_000_000;
  const [clock, values] = [new Float64Array(length), new Float64Array(length)];
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    clock[i] = 100 + i / 1000;
    values[i] = Math.sin(i / 1e4) + state / 2 ** 33 + (i === 777_777 ? 50 : 0) - (i === 123_456 ? 50 : 0);
  }
  const step = 1000 / 640;
  const line = decimate(clock, values, 0, length, step);
  expect(line.times.length).toBeLessThanOrEqual(4 * 642);
  const extremes = (t: Float64Array, v: Float64Array): Map<number, string> => {
    const bins = new Map<number, number[]>();
    for (let i = 0; i < t.length; i++) {
      const bin = Math.floor(t[i]! / step);
      const [first, low, high] = bins.get(bin) ?? [v[i]!, v[i]!, v[i]!];
      bins.set(bin, [first!, Math.min(low!, v[i]!), Math.max(high!, v[i]!), v[i]!]);
    }
    return new Map([...bins].map(([bin, found]) => [bin, found.join()]));
  };
  expect(extremes(line.times, line.values)).toEqual(extremes(clock, values));
  expect(Math.max(...line.values)).toBeGreaterThan(49);
  expect(line.times.every((time, i) => i === 0 || time > line.times[i - 1]!)).toBe(true);
});

test("few points are all kept, and NaN breaks the line where it is", () => {
  const [t, v] = [
    Float64Array.of(0, 1, 2, 3, 4, 5),
    Float64Array.of(5, Number.NaN, Number.NaN, 7, 8, Number.NaN),
  ];
  expect([...decimate(t, v, 0, 6, 0.1).values]).toEqual([5, Number.NaN, 7, 8, Number.NaN]);
  expect([...decimate(t, v, 0, 6, 10).values]).toEqual([5, 8, Number.NaN]);
  const gap = plotImage([{ times: [0, 1, 2, 3], values: [1, 1, Number.NaN, 1] }], small);
  const whole = plotImage([{ times: [0, 1, 2, 3], values: [1, 1, 1, 1] }], small);
  expect(changedColumns(gap, whole).length).toBeGreaterThan(80);
});

test("rows that are not in order of time are drawn as if they were", () => {
  const order = times.map((_, i) => (i * 7) % 500);
  const mixed: PlotSeries = {
    times: [...order.map((i) => times[i]!), Number.NaN],
    values: [...order.map((i) => wave.values![i]!), 99],
  };
  expect(digest(plotImage([mixed], small))).toBe(digest(plotImage([wave], small)));
});

test("ticks are round numbers, within the axis, not too many, and read well", () => {
  const labels = (min: number, max: number, count = 5): string[] =>
    numberTicks({ min, max }, count).map(({ label }) => label);
  expect(labels(0, 10)).toEqual(["0", "2", "4", "6", "8", "10"]);
  expect(labels(-0.31, 0.29)).toEqual(["−0.2", "0.0", "0.2"]);
  expect(labels(17.2, 17.31)).toEqual(["17.20", "17.25", "17.30"]);
  expect(labels(0, 2.4e7)).toEqual(["0", "0.5×10⁷", "1.0×10⁷", "1.5×10⁷", "2.0×10⁷"]);
  expect(labels(0, 4e-6, 4)).toEqual(["0", "1×10⁻⁶", "2×10⁻⁶", "3×10⁻⁶", "4×10⁻⁶"]);
  for (let seed = 1; seed < 400; seed++) {
    const [min, span] = [Math.sin(seed) * 10 ** (seed % 7), 10 ** ((seed % 13) - 6) * (1 + (seed % 9))];
    const ticks = numberTicks({ min, max: min + span }, 6);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(7);
    for (const { value } of ticks) {
      expect(value).toBeGreaterThanOrEqual(min - span * 1e-6);
      expect(value).toBeLessThanOrEqual(min + span * (1 + 1e-6));
    }
  }
});

test("a clock has the ticks of a clock, in its zone", () => {
  const labels = (start: number, span: number, zone = "UTC"): string[] =>
    timeTicks({ min: start, max: start + span }, 5, { style: "clock", start, zone }).map(
      ({ label }) => label,
    );
  expect(labels(1_700_000_000, 100)).toEqual(["22:13:30", "22:14:00", "22:14:30", "22:15:00"]);
  expect(labels(1_700_000_000, 4 * 3600, "Europe/Paris")).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  expect(labels(1_700_000_000, 5 * 86_400)).toHaveLength(5);
  expect(labels(1_700_000_000.1, 0.05)[0]).toMatch(/^22:13:20\.1\d$/);
  const elapsed = timeTicks({ min: 1.7e9 + 3, max: 1.7e9 + 13 }, 5, {
    style: "elapsed",
    start: 1.7e9,
    zone: "UTC",
  });
  expect(elapsed.map(({ label }) => label)).toEqual(["4", "6", "8", "10", "12"]);
});

test("nothing is cut off: the border of the picture stays empty, with long labels, too", () => {
  const far: PlotSeries = {
    name: "a long name",
    times: times.map((t) => t + 1.7e9),
    values: times.map((t) => t * 1e6 - 5e6),
  };
  for (const options of [
    { title: "A title", yLabel: "fluorescence (a.u.)", times: "clock" as const },
    { kind: "heat-map" as const, title: "µ" },
    { kind: "histogram" as const },
    { kind: "raster" as const, width: 320 },
  ]) {
    const { data, width, height } = plotImage([far, { ...far, name: "b" }], options);
    const isWhite = (x: number, y: number): boolean => data[(y * width + x) * 3] === 255;
    let inked = 0;
    for (let y = 0; y < height; y++) for (const x of [0, width - 1]) if (!isWhite(x, y)) inked++;
    for (let x = 0; x < width; x++) for (const y of [0, height - 1]) if (!isWhite(x, y)) inked++;
    expect(inked).toBe(0);
  }
});

test("mistakes are told: no data, other clocks, columns of other lengths, wrong options", () => {
  const film = listSource(
    [blankImage({ width: 2, height: 2, channels: 1, dtype: "uint8", color: "gray" })],
    [1.7e9],
  );
  expect(() => plot([])).toThrow(TransformError);
  expect(() => plot([{ times: [Number.NaN], values: [1] }])).toThrow("no data with a time");
  expect(() => plot([wave], { like: film })).toThrow(/0 to 9.98 s.*1700000000.*offset/);
  expect(() => plot([{ ...wave, values: [1, 2] }])).toThrow("wave has 500 times, but 2 values");
  expect(() => plot([wave], { kind: "pie" as never })).toThrow(/kind must be one of line/);
  expect(() => plot([wave], { yLimits: [3, 1] })).toThrow(RangeError);
  expect(() => plot([wave], { width: 1e6, height: 1e6 })).toThrow(RangeError);
  expect(() => plot([{ times: [0, 1e12], values: [1, 2] }])).toThrow(/unit of the times/);
});
