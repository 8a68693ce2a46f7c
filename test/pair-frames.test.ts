import fc from "fast-check";
import { expect, test } from "vitest";
import { ColumnIndex } from "../src/core/column-index.js";
import type { FrameNumber } from "../src/core/frame.js";
import type { FrameIndex } from "../src/core/frame-index.js";
import { type Alignment, type PairOptions, pairFrames } from "../src/transforms/pair-frames.js";

type Column = readonly number[];

const byNumber = (numbers: Column): FrameIndex =>
  new ColumnIndex({
    numbers: Float64Array.from(numbers),
    times: Float64Array.from(numbers, (_, rank) => rank),
  });
const byTime = (times: Column): FrameIndex => new ColumnIndex({ times: Float64Array.from(times) });

function pair(columns: readonly Column[], options: PairOptions = {}): (number | null)[][] {
  return rowsOf(pairFrames(columns.map(options.by === "time" ? byTime : byNumber), options));
}

/** Row by row the frame of each source, null for none. */
function rowsOf({ length, frames }: Alignment): (number | null)[][] {
  return Array.from({ length }, (_, row) => frames.map((ranks) => (ranks[row]! < 0 ? null : ranks[row]!)));
}

/** The same by looking at every pair of frames. */
function pairSlowly(columns: readonly Column[], options: PairOptions): (number | null)[][] {
  const { policy = "drop", direction, tolerance = 0, reference = 0 } = options;
  const partner = (source: Column, key: number, repeat: number): number | null => {
    const all = source.map((value, rank) => ({ value, rank })).filter(({ value }) => Number.isFinite(value));
    if (direction === "exact") return all.filter(({ value }) => value === key)[repeat]?.rank ?? null;
    const near = all.filter(
      ({ value }) => Math.abs(value - key) <= tolerance && (direction === "nearest" || value <= key),
    );
    near.sort((a, b) => {
      const distance = Math.abs(a.value - key) - Math.abs(b.value - key);
      return distance || (direction === "nearest" ? a.rank - b.rank : b.rank - a.rank);
    });
    return near[0]?.rank ?? null;
  };
  const repeatOf = (column: Column, rank: number): number =>
    column.slice(0, rank).filter((value) => value === column[rank]).length;
  let rows: (number | null)[][];
  if (reference === "union") {
    const keys = columns.flatMap((column) =>
      column
        .map((value, rank) => `${value} ${repeatOf(column, rank)}`)
        .filter((_, rank) => Number.isFinite(column[rank]!)),
    );
    const unique = [...new Set(keys)].map((key) => key.split(" ").map(Number) as [number, number]);
    unique.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    rows = unique.map(([key, repeat]) => columns.map((column) => partner(column, key, repeat)));
  } else {
    const main = columns[reference]!;
    rows = main.map((key, rank) =>
      columns.map((column, at) => {
        if (at === reference) return rank;
        return Number.isFinite(key) ? partner(column, key, repeatOf(main, rank)) : null;
      }),
    );
  }
  if (policy === "drop") return rows.filter((row) => !row.includes(null));
  if (policy === "hold") {
    const shown = columns.map((): number | null => null);
    rows = rows.map((row) =>
      row.map((rank, at) => {
        shown[at] = rank ?? shown[at]!;
        return shown[at]!;
      }),
    );
  }
  return rows;
}

const column = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -8, max: 8 }) },
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2.5, -0.25),
  ),
  { maxLength: 14 },
);
const columns = fc.array(column, { minLength: 1, maxLength: 4 });
const policy = fc.constantFrom("drop" as const, "hold" as const, "black" as const);
const by = fc.constantFrom("number" as const, "time" as const);

test("any numbers and times, in any order, pair as looking at every pair of frames says", () => {
  const direction = fc.constantFrom("nearest" as const, "past" as const, "exact" as const);
  const tolerance = fc.constantFrom(0, 0.25, 1, 3, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(
      columns,
      by,
      policy,
      direction,
      tolerance,
      fc.nat(3),
      (sources, key, missing, how, far, main) => {
        const options: PairOptions = {
          by: key,
          policy: missing,
          direction: how,
          reference: main % sources.length,
          ...(how !== "exact" && { tolerance: far }),
        };
        expect(pair(sources, options)).toEqual(pairSlowly(sources, options));
      },
    ),
    { numRuns: 2000 },
  );
});

test("the union of exact numbers has every frame once, and pairs as looking at every pair says", () => {
  fc.assert(
    fc.property(columns, by, policy, (sources, key, missing) => {
      const options: PairOptions = { by: key, policy: missing, direction: "exact", reference: "union" };
      expect(pair(sources, options)).toEqual(pairSlowly(sources, options));
    }),
    { numRuns: 1000 },
  );
});

test("the union of nearest times has every frame once, in order, with none too far from its row", () => {
  const tolerance = fc.constantFrom(0, 0.5, 1, 4);
  fc.assert(
    fc.property(columns, tolerance, (sources, far) => {
      const options: PairOptions = { by: "time", direction: "nearest", reference: "union", tolerance: far };
      const rows = pair(sources, { ...options, policy: "black" });
      for (const [at, times] of sources.entries()) {
        const found = rows.flatMap((row) => (row[at] === null ? [] : [row[at]!]));
        const expected = [...times.keys()].filter((rank) => Number.isFinite(times[rank]!));
        expect(found.toSorted((a, b) => a - b)).toEqual(expected);
      }
      const keys = rows.map((row) => {
        const at = row.findIndex((rank) => rank !== null);
        for (const [other, rank] of row.entries()) {
          if (rank !== null)
            expect(Math.abs(sources[other]![rank]! - sources[at]![row[at]!]!)).toBeLessThanOrEqual(far);
        }
        return sources[at]![row[at]!]!;
      });
      expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    }),
    { numRuns: 1000 },
  );
});

test("in a union a frame goes with the one that is nearest, not with the first that is near", () => {
  const options: PairOptions = { by: "time", reference: "union", policy: "black", tolerance: 7 };
  expect(
    pair(
      [
        [0, 10, 20],
        [6, 16],
      ],
      options,
    ),
  ).toEqual([
    [0, null],
    [1, 0],
    [2, 1],
  ]);
});

test("drop is the intersection, hold repeats the last frame, black has none: as imgstore's aligner means it", () => {
  const sources = [
    [1, 2, 3, 5, 6],
    [2, 3, 4, 6, 7],
  ];
  expect(pair(sources)).toEqual([
    [1, 0],
    [2, 1],
    [4, 3],
  ]);
  const union = { reference: "union" } as const;
  expect(pair(sources, { ...union, policy: "black" })).toEqual([
    [0, null],
    [1, 0],
    [2, 1],
    [null, 2],
    [3, null],
    [4, 3],
    [null, 4],
  ]);
  const { frames, held } = pairFrames(sources.map(byNumber), { ...union, policy: "hold" });
  expect(frames.map((ranks) => [...ranks])).toEqual([
    [0, 1, 2, 2, 3, 4, 4],
    [-1, 0, 1, 2, 2, 3, 4],
  ]);
  expect(held.map((marks) => [...marks])).toEqual([
    [0, 0, 0, 1, 0, 0, 1],
    [0, 0, 0, 0, 1, 0, 0],
  ]);
});

test("counts that start again go with each other, run by run", () => {
  expect(
    pair([
      [0, 1, 2, 0, 1, 2],
      [0, 1, 2, 0, 1, 2, 3],
    ]),
  ).toEqual([0, 1, 2, 3, 4, 5].map((rank) => [rank, rank]));
  expect(
    pair([
      [3, 2, 1],
      [1, 2, 3],
    ]),
  ).toEqual([
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
});

test("64-bit numbers are told apart to the last digit", () => {
  const big = (numbers: readonly bigint[]): FrameIndex =>
    new ColumnIndex({ numbers: BigInt64Array.from(numbers), times: new Float64Array(numbers.length) });
  const base = 2n ** 60n;
  const indexes = [big([base, base + 1n, base + 2n]), big([base + 1n, base + 2n, base + 3n])];
  expect(rowsOf(pairFrames(indexes))).toEqual([
    [1, 0],
    [2, 1],
  ]);
  const near = pairFrames(indexes, { direction: "past", tolerance: 0, policy: "black" });
  expect(rowsOf(near)).toEqual([
    [0, null],
    [1, 0],
    [2, 1],
  ]);
});

test("by default a lost frame stays lost, different rates go together, and a camera that ended is missed", () => {
  const times = (count: number, rate: number, offset = 0): number[] =>
    Array.from({ length: count }, (_, at) => 1_700_000_000 + offset + at / rate);
  const lost = times(100, 50, 0.004).filter((_, at) => at !== 40);
  const [rows, black] = [{ by: "time" } as const, { by: "time", policy: "black" } as const];
  expect(pair([times(100, 50), lost], rows)).toHaveLength(99);
  expect(pair([times(100, 50), lost], black)[40]).toEqual([40, null]);
  expect(pair([times(200, 100), times(100, 50, 0.003)], rows)).toHaveLength(200);
  expect(pair([times(200, 100), times(100, 50)], { ...rows, direction: "past" })).toHaveLength(200);
  expect(pair([times(100, 50), times(50, 50)], black).slice(51)).toEqual(
    Array.from({ length: 49 }, (_, at) => [51 + at, null]),
  );
});

test("options that make no sense are refused, and sources without frames are not", () => {
  for (const options of [
    { tolerance: 1 },
    { by: "time", tolerance: -1 },
    { by: "time", tolerance: Number.NaN },
    { reference: 2 },
    { reference: 0.5 },
    { by: "time", reference: "union", direction: "past" },
  ] as PairOptions[]) {
    expect(() => pair([[1], [1]], options), JSON.stringify(options)).toThrow(RangeError);
  }
  expect(() => pairFrames([])).toThrow(RangeError);
  expect(pair([[], []])).toEqual([]);
  expect(pair([[1, 2], []], { policy: "hold" })).toEqual([
    [0, null],
    [1, null],
  ]);
  expect(pair([[1], []], { by: "time", reference: "union", policy: "black" })).toEqual([[0, null]]);
});

test("a million frames with losses pair one by one, whichever way they are ordered", {
  timeout: 60_000,
}, () => {
  const count = 1_000_000;
  const numbers: FrameNumber[] = [];
  for (let number = 0; numbers.length < count; number++) if (number % 997 !== 0) numbers.push(number);
  const times = (scale: number): Float64Array =>
    Float64Array.from(numbers, (number) => Number(number) * scale);
  const column = Float64Array.from(numbers as number[]);
  const forward = new ColumnIndex({ numbers: column, times: times(0.01) });
  const backward = new ColumnIndex({ numbers: column.toReversed(), times: times(0.01).toReversed() });
  const same = new ColumnIndex({ numbers: new Float64Array(count), times: new Float64Array(count) });
  for (const options of [
    {},
    { by: "time" },
    { reference: "union" },
    { by: "time", reference: "union" },
  ] as const) {
    const { length, frames } = pairFrames([forward, backward], options);
    expect(length).toBe(count);
    expect(frames[0]!.every((rank, row) => frames[1]![row] === count - 1 - rank)).toBe(true);
    // A clock that stands still must not take for ever.
    expect(pairFrames([same, same], options).length).toBeGreaterThan(0);
  }
});
