import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ColumnIndex } from "../src/core/column-index.js";
import { FrameNotFoundError } from "../src/core/errors.js";
import type { FrameNumber } from "../src/core/frame.js";
import type { FrameAddress } from "../src/core/frame-address.js";

type Match = "exact" | "nearest" | "playing";

/** The rank, or undefined where no frame has the address. */
function locate(index: ColumnIndex, address: FrameAddress): number | undefined {
  try {
    return index.locate(address);
  } catch (error) {
    if (error instanceof FrameNotFoundError) return undefined;
    throw error;
  }
}

/** What a look-up means, without any cleverness: every frame is looked at, in store order. */
function naive(column: readonly FrameNumber[], wanted: FrameNumber, match: Match): number | undefined {
  if (Number.isNaN(wanted)) return undefined;
  let best: number | undefined;
  for (const [rank, value] of column.entries()) {
    if (typeof value === "number" && !Number.isFinite(value)) continue;
    const kept = best === undefined ? undefined : column[best]!;
    if (match === "exact" && equal(value, wanted)) return rank;
    if (match === "playing" && value <= wanted && (kept === undefined || value >= kept)) best = rank;
    if (match === "nearest" && (kept === undefined || isNearer(value, kept, wanted))) best = rank;
  }
  return best;
}

/** By mathematical value, whether number or bigint. */
function equal(a: FrameNumber, b: FrameNumber): boolean {
  return !(a < b || a > b);
}

function isNearer(value: FrameNumber, kept: FrameNumber, wanted: FrameNumber): boolean {
  if (wanted === Number.POSITIVE_INFINITY) return value > kept;
  if (wanted === Number.NEGATIVE_INFINITY) return value < kept;
  return distance(value, wanted) < distance(kept, wanted);
}

/** In eighths, so that it is exact for all values of these tests. */
function distance(a: FrameNumber, b: FrameNumber): bigint {
  const eighths = (value: FrameNumber): bigint =>
    typeof value === "bigint" ? value * 8n : BigInt(value * 8);
  const difference = eighths(a) - eighths(b);
  return difference < 0n ? -difference : difference;
}

const oddOnes = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -40, max: 40 }).map((eighths) => eighths / 8) },
  { weight: 2, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(...oddOnes) },
);
const far = 2n ** 53n;
const bigValue = fc.oneof(
  fc.bigInt({ min: far - 6n, max: far + 6n }),
  fc.bigInt({ min: -far - 6n, max: -far + 6n }),
  fc.bigInt({ min: 2n ** 62n, max: 2n ** 62n + 700n }),
  fc.bigInt({ min: -5n, max: 5n }),
);
const orders: readonly ((column: FrameNumber[]) => FrameNumber[])[] = [
  (column) => column,
  (column) => column.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  (column) => column.toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0)),
];

describe("look-ups find what looking at every frame finds", () => {
  const column = fc.tuple(fc.array(value, { maxLength: 12 }), fc.constantFrom(...orders));

  test("by time, with gaps, duplicates, times that run backwards, are missing or infinite", () => {
    fc.assert(
      fc.property(
        column,
        value,
        fc.constantFrom<Match>("exact", "nearest", "playing"),
        ([raw, order], time, match) => {
          const times = order(raw) as number[];
          const index = new ColumnIndex({ times: Float64Array.from(times) });
          expect(locate(index, { time, match })).toBe(naive(times, time, match));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("by number, in floating point", () => {
    fc.assert(
      fc.property(column, value, fc.constantFrom("exact", "nearest"), ([raw, order], number, match) => {
        const numbers = order(raw) as number[];
        const index = new ColumnIndex({
          numbers: Float64Array.from(numbers),
          times: new Float64Array(numbers.length),
        });
        expect(locate(index, { number, match })).toBe(naive(numbers, number, match));
      }),
      { numRuns: 5000 },
    );
  });

  test("by number, in 64-bit integers that no floating-point number holds", () => {
    const wanted = fc.oneof(bigValue, bigValue.map(Number), fc.integer({ min: -9, max: 9 }));
    fc.assert(
      fc.property(
        fc.tuple(fc.array(bigValue, { maxLength: 12 }), fc.constantFrom(...orders)),
        wanted,
        fc.constantFrom("exact", "nearest"),
        ([raw, order], number, match) => {
          const numbers = order(raw) as bigint[];
          const times = new Float64Array(numbers.length);
          const index = new ColumnIndex({ numbers: BigInt64Array.from(numbers), times });
          expect(locate(index, { number, match })).toBe(naive(numbers, number, match));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("by index, from either end", () => {
    fc.assert(
      fc.property(fc.nat(9), fc.integer({ min: -12, max: 12 }), (length, wanted) => {
        const index = ColumnIndex.regular(length, 25);
        expect(locate(index, { index: wanted })).toBe(Array.from({ length }, (_, rank) => rank).at(wanted));
      }),
    );
  });
});

describe("stores by Python imgstore are found in as Python finds in them", () => {
  const folder = new URL("../../shared/corpus/imgstore", import.meta.url).pathname;
  const number = (written: unknown): FrameNumber => {
    if (typeof written === "object" && written !== null) return BigInt((written as { $int: string }).$int);
    return written === null ? Number.NaN : Number(written);
  };

  test("by frame number and by nearest time, in every store of the corpus", () => {
    let lookups = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".expected.json"))) {
      const expected = JSON.parse(readFileSync(join(folder, file), "utf8"));
      if (expected.open_error || expected.frames.some((frame: { error?: unknown }) => frame.error)) continue;
      const stamps: [FrameNumber, number][] = expected.frame_metadata.map(([n, time]: unknown[]) => [
        number(n),
        Number(number(time)),
      ]);
      const numbers = stamps.map(([n]) => n);
      const times = Float64Array.from(stamps, ([, time]) => time);
      const index = new ColumnIndex({
        numbers: numbers.some((n) => typeof n === "bigint")
          ? BigInt64Array.from(numbers, BigInt)
          : Float64Array.from(numbers as number[]),
        times,
      });
      const rankOf = (place: { chunk: number; frame_idx: number } | null): number | undefined =>
        place === null
          ? undefined
          : expected.frames.findIndex(
              (frame: typeof place) => frame.chunk === place.chunk && frame.frame_idx === place.frame_idx,
            );
      for (const { frame_number, exact, nearest } of expected.find_by_frame_number) {
        // Asked for what is no number, or with numbers missing, Python gives any frame (reference: W13).
        if (!nearest?.frame_idx?.toFixed || exact?.error || numbers.some(Number.isNaN)) continue;
        const wanted = number(frame_number);
        expect(locate(index, { number: wanted }), `${file} #${wanted}`).toBe(rankOf(exact));
        expect(locate(index, { number: wanted, match: "nearest" }), `${file} #~${wanted}`).toBe(
          rankOf(nearest),
        );
        lookups++;
      }
      for (const { frame_time, ...place } of expected.find_nearest_time) {
        if (place.chunk === undefined || times.some(Number.isNaN)) continue;
        const time = Number(number(frame_time));
        expect(locate(index, { time, match: "nearest" }), `${file} ${time}s`).toBe(rankOf(place));
        lookups++;
      }
    }
    expect(lookups).toBeGreaterThan(1500);
  });
});

test("stamps come back as they went in, big numbers as bigints, all others as numbers", () => {
  const numbers = BigInt64Array.of(5n, far - 1n, far + 1n, -far - 1n);
  const index = new ColumnIndex({ numbers, times: Float64Array.of(1, 2.5, Number.NaN, 4) });
  expect([0, 1, 2, 3].map((rank) => index.number(rank))).toEqual([5, 2 ** 53 - 1, far + 1n, -far - 1n]);
  expect(index.stamp(1)).toEqual({ number: 2 ** 53 - 1, time: 2.5 });
  expect(index.stamp(-1)).toEqual({ number: -far - 1n, time: 4 });
  expect(index.time(2)).toBeNaN();
  expect(index.numberRange).toEqual({ min: -far - 1n, max: far + 1n });
  expect(index.timeRange).toEqual({ min: 1, max: 4 });
});

test("frames without numbers of their own count from 0", () => {
  const index = ColumnIndex.regular(4, 50);
  expect(index.stamp(3)).toEqual({ number: 3, time: 0.06 });
  expect(index.locate({ number: 2 })).toBe(2);
  expect(index.numberRange).toEqual({ min: 0, max: 3 });
});

test("ranges are unknown where nothing is finite", () => {
  const index = new ColumnIndex({ numbers: Float64Array.of(Number.NaN), times: Float64Array.of(Number.NaN) });
  expect(index.numberRange).toBeUndefined();
  expect(index.timeRange).toBeUndefined();
});

test("an error says what was asked for, and what there is", () => {
  const index = new ColumnIndex({ numbers: Float64Array.of(3, 9), times: Float64Array.of(0.5, 0.75) });
  expect(() => index.locate({ number: 4 })).toThrow(
    "no frame with number 4: numbers run from 3 to 9 in 2 frames",
  );
  expect(() => index.locate({ time: 0.1, match: "playing" })).toThrow(/time 0.1 \(playing\).*0.5 to 0.75/);
  expect(() => index.locate({ index: 2 })).toThrow(/index 2.*2 frames/);
  expect(() => ColumnIndex.regular(0, 25).locate({ index: 0 })).toThrow(/there are no frames/);
  expect(() => index.locate({} as FrameAddress)).toThrow(TypeError);
  expect(() => index.locate({ index: 0.5 })).toThrow(TypeError);
  expect(() => new ColumnIndex({ numbers: Float64Array.of(1), times: new Float64Array(2) })).toThrow(
    RangeError,
  );
});

test("a hundred thousand frames in disorder are found", () => {
  const length = 100_000;
  const numbers = Float64Array.from({ length }, (_, rank) => (rank * 7919) % length);
  const index = new ColumnIndex({ numbers, times: numbers.map((n) => n / 100) });
  for (let rank = 0; rank < length; rank += 97) {
    expect(index.locate({ number: numbers[rank]! })).toBe(rank);
    expect(index.locate({ time: numbers[rank]! / 100 + 0.004, match: "playing" })).toBe(rank);
  }
});
