import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ColumnIndex } from "../src/core/column-index.js";
import { FrameNotFoundError } from "../src/core/errors.js";
import type { FrameAddress } from "../src/core/frame-address.js";
import type { FrameIndex } from "../src/core/frame-index.js";
import type { Column } from "../src/core/sorted-values.js";
import { type ChunkColumns, ChunkRecords, encodeRecord } from "../src/store/chunk-records.js";
import { ChunkedIndex, type ChunkedIndexOptions } from "../src/store/chunked-index.js";

/** The rank, or what the error says. */
function locate(index: FrameIndex, address: FrameAddress): number | string {
  try {
    return index.locate(address);
  } catch (error) {
    if (error instanceof FrameNotFoundError) return error.message;
    throw error;
  }
}

function cut({ numbers, times }: ChunkColumns, places: readonly number[]): ChunkColumns[] {
  const ends = [...new Set([...places.map((place) => Math.min(place, times.length)), times.length])];
  ends.sort((a, b) => a - b);
  let start = 0;
  return ends
    .map((stop) => {
      const chunk = { numbers: numbers.slice(start, stop), times: times.slice(start, stop) };
      start = stop;
      return chunk;
    })
    .filter((chunk) => chunk.times.length > 0);
}

function chunked(chunks: readonly ChunkColumns[], options: Partial<ChunkedIndexOptions> = {}): ChunkedIndex {
  const records = ChunkRecords.of(chunks.map((columns, chunk) => encodeRecord(chunk, columns)));
  return new ChunkedIndex(records, { load: (entry) => chunks[entry]!, ...options });
}

const oddOnes = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -40, max: 40 }).map((eighths) => eighths / 8) },
  { weight: 2, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(...oddOnes) },
);
const finite = fc.integer({ min: -200, max: 200 });
const far = 2n ** 53n;
const signed = fc.oneof(
  fc.bigInt({ min: far - 9n, max: far + 9n }),
  fc.bigInt({ min: -far - 9n, max: -far + 9n }),
  fc.bigInt({ min: 2n ** 62n, max: 2n ** 62n + 700n }),
  fc.bigInt({ min: -9n, max: 9n }),
);
const unsigned = fc.oneof(
  fc.bigInt({ min: 2n ** 63n - 9n, max: 2n ** 63n + 9n }),
  fc.bigInt({ min: 0n, max: 9n }),
);
const orders: readonly (<T extends number | bigint>(column: T[]) => T[])[] = [
  (column) => column,
  (column) => column.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  (column) => column.toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0)),
  // Ascending, but for a few: a clock that was set back, a counter that started over.
  (column) => {
    const sorted = column.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const at = sorted.length >> 1;
    return [...sorted.slice(at), ...sorted.slice(0, at)];
  },
];

function columnOf<T extends number | bigint>(values: fc.Arbitrary<T>, make: (values: T[]) => Column) {
  return fc
    .tuple(fc.array(values, { minLength: 40, maxLength: 40 }), fc.constantFrom(...orders))
    .map(([column, order]) => make(order(column)));
}

const floats = fc.oneof(
  columnOf(value, (values) => Float64Array.from(values)),
  columnOf(finite, (values) => Float64Array.from(values)),
) as fc.Arbitrary<Float64Array>;
const numbers: fc.Arbitrary<Column> = fc.oneof(
  floats,
  columnOf(signed, (values) => BigInt64Array.from(values)),
  columnOf(unsigned, (values) => BigUint64Array.from(values)),
);
const columns = fc
  .tuple(numbers, floats, fc.nat(40))
  .map(([n, t, length]) => ({ numbers: n.subarray(0, length), times: t.subarray(0, length) }));

describe("an index in chunks answers as one over the whole columns", () => {
  test("whatever is in them, wherever they are cut, however few are kept", () => {
    fc.assert(
      fc.property(
        columns,
        fc.array(fc.nat(40), { maxLength: 12 }),
        fc.array(fc.oneof(value, finite, signed, unsigned), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(0, 24 * 10, 2 ** 20),
        (whole, places, wanted, cacheBytes) => {
          const truth = new ColumnIndex(whole);
          const index = chunked(cut(whole, places), { cacheBytes });
          const own = [...whole.numbers].slice(0, 4);
          expect(index.length).toBe(truth.length);
          expect(index.numberRange).toEqual(truth.numberRange);
          expect(index.timeRange).toEqual(truth.timeRange);
          for (const number of [...wanted, ...own]) {
            for (const match of ["exact", "nearest"] as const) {
              expect(locate(index, { number, match })).toBe(locate(truth, { number, match }));
            }
          }
          for (const time of [...wanted.map(Number), ...whole.times.slice(0, 4)]) {
            for (const match of ["exact", "nearest", "playing"] as const) {
              expect(locate(index, { time, match })).toBe(locate(truth, { time, match }));
            }
          }
          for (let rank = 0; rank < truth.length; rank++) {
            expect(Object.is(index.number(rank), truth.number(rank))).toBe(true);
            expect(Object.is(index.time(rank), truth.time(rank))).toBe(true);
          }
          for (const rank of [-1, -truth.length, truth.length, -truth.length - 1]) {
            expect(locate(index, { index: rank })).toBe(locate(truth, { index: rank }));
          }
          if (truth.length > 0) expect(index.stamp(-1)).toEqual(truth.stamp(-1));
        },
      ),
      { numRuns: 4000 },
    );
  });

  test.each([
    ["start over in every chunk", (rank: number) => rank % 50],
    ["are in no order at all", (rank: number) => (rank * 7919) % 20_011],
    ["never change", () => 5],
  ])("where numbers %s, in more chunks than are opened for one look-up", (_, numberOf) => {
    const numbers = Float64Array.from({ length: 10_000 }, (_, rank) => numberOf(rank));
    const times = numbers.map((number) => number / 8);
    const truth = new ColumnIndex({ numbers, times });
    const chunks = cut(
      { numbers, times },
      Array.from({ length: 200 }, (_, chunk) => chunk * 50),
    );
    let loads = 0;
    const index = chunked(chunks, {
      load: (entry) => {
        loads++;
        return chunks[entry]!;
      },
      cacheBytes: 24 * 50 * 3,
    });
    for (let number = -2; number < 20_020; number += 3) {
      for (const match of ["exact", "nearest"] as const) {
        expect(locate(index, { number, match })).toBe(locate(truth, { number, match }));
      }
      const time = number / 8 + 0.01;
      for (const match of ["nearest", "playing"] as const) {
        expect(locate(index, { time, match })).toBe(locate(truth, { time, match }));
      }
    }
    // 27,000 look-ups, none of which opens all 200 chunks.
    expect(loads).toBeLessThan(27_000);
  });
});

test("where chunk follows chunk, a look-up opens one chunk, and those of the same chunk open none", () => {
  const numbers = Float64Array.from({ length: 100_000 }, (_, rank) => rank * 2 + Math.floor(rank / 1000) * 7);
  const times = numbers.map((number) => 1.7e9 + number / 100);
  const chunks = cut(
    { numbers, times },
    Array.from({ length: 100 }, (_, chunk) => chunk * 1000),
  );
  const opened: number[] = [];
  const index = chunked(chunks, {
    load: (entry) => {
      opened.push(entry);
      return chunks[entry]!;
    },
    cacheBytes: 24 * 1000,
  });
  expect(index.numberRange).toEqual({ min: 0, max: numbers.at(-1) });
  expect(opened).toEqual([]);
  for (let rank = 41_001; rank < 41_999; rank++) {
    expect(index.locate({ number: numbers[rank]! })).toBe(rank);
    expect(index.locate({ number: numbers[rank]! + 0.9, match: "nearest" })).toBe(rank);
    expect(index.locate({ time: times[rank]! + 0.001, match: "playing" })).toBe(rank);
  }
  expect(opened).toEqual([41]);
  index.locate({ number: numbers[99_999]! });
  expect(index.number(0)).toBe(0);
  expect(opened).toEqual([41, 99, 0]);
});

test("a chunk that is not what was known of it counts as it is, and is told once", () => {
  const chunk = (first: number, length = 10): ChunkColumns => ({
    numbers: Float64Array.from({ length }, (_, i) => first + i),
    times: Float64Array.from({ length }, (_, i) => (first + i) / 10),
  });
  const chunks: (ChunkColumns | undefined)[] = [chunk(0), chunk(10), chunk(20), chunk(30), chunk(40)];
  const told: [number, number | undefined][] = [];
  const index = chunked(chunks as ChunkColumns[], {
    onChange: (entry, columns) => told.push([entry, columns?.times.length]),
  });
  chunks[1] = chunk(1010); // other numbers
  chunks[2] = chunk(20, 4); // shorter
  chunks[3] = undefined; // gone
  chunks[4] = chunk(40, 15); // longer
  expect(locate(index, { number: 1015 })).toMatch(/numbers run from 0 to 49/);
  expect(locate(index, { number: 15 })).toMatch(/numbers run from 0 to 1019/);
  expect(index.locate({ number: 1015 })).toBe(15);
  expect(index.locate({ number: 23 })).toBe(23);
  expect(locate(index, { number: 24 })).toMatch(/^no frame/);
  expect(index.locate({ number: 25, match: "nearest" })).toBe(23);
  expect(locate(index, { number: 35 })).toMatch(/^no frame/);
  expect([index.number(24), index.time(39)]).toEqual([Number.NaN, Number.NaN]);
  expect(index.locate({ number: 49 })).toBe(49);
  expect(locate(index, { number: 52 })).toMatch(/^no frame/);
  expect(told).toEqual([
    [1, 10],
    [2, 4],
    [3, undefined],
    [4, 15],
  ]);
});

test("a chunk that is still being written is held in memory and never asked for", () => {
  const open = { numbers: Float64Array.of(4, 5, 6), times: Float64Array.of(0.4, 0.5, 0.6) };
  const closed = { numbers: BigInt64Array.of(1n, 2n ** 60n), times: Float64Array.of(0.1, 0.2) };
  const index = chunked([closed, open], {
    held: new Map([[1, open]]),
    load: (entry) => (entry === 0 ? closed : expect.unreachable()),
    cacheBytes: 0,
  });
  expect(index.locate({ number: 2n ** 60n })).toBe(1);
  expect(index.locate({ number: 6 })).toBe(4);
  expect(index.locate({ time: 0.45, match: "playing" })).toBe(2);
  expect(index.numberRange).toEqual({ min: 1, max: 2n ** 60n });
});
