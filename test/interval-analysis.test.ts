import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { toJson } from "../src/cli/json.js";
import { evenRounded, roundDecimals } from "../src/core/even-rounding.js";
import { analyzeIntervals, type IntervalOptions } from "../src/core/interval-analysis.js";
import { peerStatistics } from "../src/timestamps/peer-statistics.js";
import { generator } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const judge = readFileSync(fileURLToPath(new URL("./peers/frame_statistics.py", import.meta.url)), "utf8");

interface Case extends IntervalOptions {
  readonly times: readonly bigint[];
}

interface Verdict {
  readonly statistics: unknown;
  readonly percentiles: unknown;
}

function judged(cases: readonly Case[]): Verdict[] {
  const asked = cases.map(({ times, dropThreshold = 0, maxDropLocations = 50 }) => ({
    times: times.map(String),
    threshold: dropThreshold,
    locations: maxDropLocations,
  }));
  return JSON.parse(python(judge, [], Buffer.from(JSON.stringify(asked)))) as Verdict[];
}

/** Beyond 2^53 both are compared as they are parsed. */
const plain = (value: unknown): unknown => JSON.parse(toJson(value));

const start = 1_795_302_034_000_000n;

/** Frames at a rate, with jitter, late frames that are made good, lost ones, pauses, and clocks that jump. */
function randomCase(seed: number): Case {
  const random = generator(seed);
  const pick = (...values: readonly number[]): number => values[Math.floor(random() * values.length)]!;
  const usual = pick(1, 2, 7, 100, 1000, 4000, 10_000, 33_333, 33_334, 1_000_000);
  const jitter = pick(0, 0, 0.001, 0.05, 0.3);
  const troubles = pick(0, 0.01, 0.1, 0.5);
  const count = pick(0, 1, 2, 3, 4, 10, 51, 200, 1500);
  let due = 0;
  const steps: number[] = [];
  for (let i = 0; i < count; i++) {
    let step = usual;
    const kind = random();
    if (random() < troubles) {
      if (kind < 0.3) step = usual * (2 + Math.floor(random() * 5));
      else if (kind < 0.5) step = usual * (1.5 + Math.floor(random() * 3));
      else if (kind < 0.8) {
        due = Math.floor(usual * random() * 0.95);
        step = usual + due;
      } else if (kind < 0.9) step = 0;
      else step = -Math.floor(random() * usual);
    } else if (due > 0) {
      step = usual - due;
      due = 0;
    }
    steps.push(Math.round(step + (random() - 0.5) * jitter * usual));
  }
  let at = start;
  const times = steps.map((step) => {
    at += BigInt(step);
    return at;
  });
  return {
    times,
    dropThreshold: pick(0, 0, 0, usual, usual * 2, 1),
    maxDropLocations: pick(50, 50, 0, 1, 3),
  };
}

test("statistics of random recordings are the peer's, to the last digit", () => {
  const cases = Array.from({ length: 1500 }, (_, seed) => randomCase(seed + 1));
  const verdicts = judged(cases);
  let gaps = 0;
  for (const [at, { times, ...options }] of cases.entries()) {
    const found = analyzeIntervals(BigUint64Array.from(times), options);
    expect([at, plain(peerStatistics(found))]).toEqual([at, verdicts[at]!.statistics]);
    expect([at, found.intervals?.percentiles ?? null]).toEqual([at, verdicts[at]!.percentiles]);
    gaps += found.drops?.gaps ?? 0;
  }
  expect(gaps).toBeGreaterThan(10_000);
});

test("times beyond 2^53 keep every microsecond, and clocks that run around 2^64 end nowhere", () => {
  const far = 2n ** 63n - 5n;
  const times = [far, far + 3n, far + 6n, far + 20n, 2n ** 64n - 1n];
  const { first, last, duration, intervals } = analyzeIntervals(BigUint64Array.from(times));
  expect([first, last, duration]).toEqual([far, 2n ** 64n - 1n, 2n ** 63n + 4n]);
  expect(intervals?.max).toBe(2n ** 63n - 16n);
  const cases = [
    { times },
    { times: [2n ** 64n - 1n, 0n, 1n] },
    { times: [0n, 2n ** 64n - 1n, 5n, 2n ** 63n] },
  ];
  for (const [at, verdict] of judged(cases).entries()) {
    const found = analyzeIntervals(BigUint64Array.from(cases[at]!.times));
    expect(plain(peerStatistics(found))).toEqual(verdict.statistics);
  }
});

test("half a frame is rounded to even, as the peer's NumPy does", () => {
  const lostIn = (gap: bigint): number | undefined =>
    analyzeIntervals(BigUint64Array.from([0n, 100n, 200n, 300n, 300n + gap, 400n + gap])).drops?.lost;
  expect([250n, 251n, 350n, 450n, 1050n].map(lostIn)).toEqual([1, 2, 3, 3, 9]);
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6].map(evenRounded)).toEqual([0, 2, 2, 0, -2, 2, 3]);
  expect([0.125, 0.375, 2.675, -0.125, 1.005].map((value) => roundDecimals(value, 2))).toEqual([
    0.12, 0.38, 2.67, -0.12, 1,
  ]);
});

test("a million frames are analysed with nothing but their gaps kept", () => {
  const times = BigUint64Array.from(
    { length: 1_000_000 },
    (_, i) => start + BigInt(i * 10_000 + (i >> 10) * 10_000),
  );
  const { drops, rate } = analyzeIntervals(times);
  expect([drops?.gaps, drops?.lost, drops?.locations.length, drops?.isTruncated]).toEqual([
    976,
    976,
    50,
    true,
  ]);
  expect(rate).toBeCloseTo(99.902, 3);
});

test("a threshold that is none is refused", () => {
  expect(() => analyzeIntervals(new BigUint64Array(3), { dropThreshold: -1 })).toThrow(RangeError);
  expect(() => analyzeIntervals(new BigUint64Array(3), { maxDropLocations: Number.NaN })).toThrow(RangeError);
});
