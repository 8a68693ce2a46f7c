import fc from "fast-check";
import { expect, test } from "vitest";
import { boundOf, locatePosition, parsePosition, parseSpan } from "../src/cli/address.js";
import { UsageError } from "../src/cli/exit.js";
import { backward, select, selectSpan, shuffled } from "../src/cli/selection.js";
import { ColumnIndex } from "../src/core/column-index.js";
import { FrameNotFoundError } from "../src/core/errors.js";
import { rangeOf, resolveRange } from "../src/core/stream.js";

const start = 1_700_000_000.25;

/** A store of 100 frames, 40 ms apart, numbered 500, 502, 504 ... */
const store = new ColumnIndex({
  numbers: Float64Array.from({ length: 100 }, (_, at) => 500 + 2 * at),
  times: Float64Array.from({ length: 100 }, (_, at) => start + at * 0.04),
});
/** A video of 100 frames on a clock of its own, which begins at 10 s. */
const video = new ColumnIndex({ times: Float64Array.from({ length: 100 }, (_, at) => 10 + at / 25) });

const find = (index: ColumnIndex, text: string, match: "playing" | "nearest" = "playing"): number =>
  locatePosition(index, parsePosition(text), match);

test.each([
  ["0", 0],
  ["12", 12],
  ["-1", 99],
  ["#500", 0],
  ["#510", 5],
  ["0s", 0],
  ["00:00:00", 0],
  ["00:00:01", 25],
  ["00:01", 25],
  ["1000ms", 25],
  ["1.03s", 25],
  ["1.04s", 26],
  ["2023-11-14T22:13:20.25Z", 0],
  ["2023-11-14T22:13:21.25Z", 25],
  ["2023-11-14T23:13:21.25+01:00", 25],
  ["2023-11-14 22:13:21.25", 25],
  ["@1700000001.25", 25],
  ["0%", 0],
  ["50%", 50],
  ["100%", 99],
])("in a store, %s is frame %i", (text, index) => {
  expect(find(store, text)).toBe(index);
});

test("every frame of a store is found by its own elapsed time and date, however doubles round", () => {
  for (let at = 0; at < store.length; at++) {
    expect(find(store, `${(at * 0.04).toFixed(6)}s`)).toBe(at);
    expect(find(store, new Date(Math.round(store.time(at) * 1000)).toISOString())).toBe(at);
  }
});

test("on a plain video a time is the file's own clock, and a date is refused with the reason", () => {
  expect(find(video, "00:00:10")).toBe(0);
  expect(find(video, "00:00:12.01")).toBe(50);
  expect(() => find(video, "2023-11-14T22:13:20Z")).toThrow(/no dates, only a clock of its own/);
  expect(() => find(video, "1s")).toThrow(FrameNotFoundError);
  expect(find(video, "1s", "nearest")).toBe(0);
});

test("after the last frame has been shown nothing is on the screen, and only the nearest will do", () => {
  const last = video.length - 1;
  const end = video.time(last);
  expect(find(video, `${end + 0.01}s`)).toBe(last);
  expect(() => find(video, `${end + 10}s`)).toThrow(/the last frame is at .*--nearest/);
  expect(find(video, `${end + 10}s`, "nearest")).toBe(last);
});

test("numbers are exact unless the nearest will do", () => {
  expect(() => find(store, "#501")).toThrow(/no frame with number 501: numbers run from 500 to 698/);
  expect(find(store, "#501", "nearest")).toBe(0);
  expect(() => find(store, "#9007199254740993")).toThrow(/9007199254740993/);
});

test.each(["", "abc", "12.5", "1e3", "#1.5", "#", "101%", "-5%", "00:61:00", "12:60", "2023-13-40", "5..6"])(
  "%j is no address, and the message says what one is",
  (text) => {
    expect(() => parsePosition(text)).toThrow(UsageError);
    expect(() => parsePosition(text)).toThrow(
      /is no frame address: 12345, "#12345", 00:12:03.5, an ISO date or 50%/,
    );
  },
);

test.each([
  ["10..20", 10, 10],
  ["..5", 0, 5],
  ["95..", 95, 5],
  ["-10..-5", 90, 5],
  ["..", 0, 100],
  ["#510..#520", 5, 5],
  ["#511..#520", 6, 4],
  ["00:00:01..00:00:02", 25, 25],
  ["50%..100%", 50, 50],
  ["90..10", 90, 0],
  ["2023-11-14T22:13:21.25Z..", 25, 75],
])("the range %s starts at %i and has %i frames", (text, first, count) => {
  expect(selectSpan(store, parseSpan(text)!)).toMatchObject({ start: first, count });
});

test("a range by number starts at the first frame, in the store's order, that is not before it", () => {
  const jumpy = new ColumnIndex({
    numbers: Float64Array.from([10, 11, 5, 6, 12, 13]),
    times: Float64Array.from([0, 1, 2, 3, 4, 5]),
  });
  expect(boundOf(jumpy, parsePosition("#6"))).toBe(0);
  expect(boundOf(jumpy, parsePosition("#12"))).toBe(4);
  expect(boundOf(jumpy, parsePosition("#99"))).toBe(6);
});

test("start, stop and step select what Python's slices select, in every order of reading", () => {
  const bound = fc.option(fc.integer({ min: -130, max: 130 }).map(String), { nil: undefined });
  const step = fc.option(fc.integer({ min: -7, max: 7 }), { nil: undefined });
  fc.assert(
    fc.property(bound, bound, step, (from, to, by) => {
      fc.pre(by !== 0);
      const selection = select(store, {
        ...(from !== undefined && { start: from }),
        ...(to !== undefined && { stop: to }),
        ...(by !== undefined && { step: by }),
      });
      const wanted = Array.from(
        { length: selection.count },
        (_, at) => selection.start + at * selection.step,
      );
      const read = (range: ReturnType<typeof rangeOf>): number[] => {
        const { start: first, count, step: stride } = resolveRange(range, store.length);
        return Array.from({ length: count }, (_, at) => first + at * stride);
      };
      expect(read(rangeOf(selection))).toEqual(wanted);
      expect(read(rangeOf(backward(selection)))).toEqual([...wanted].reverse());
      expect([...shuffled(selection)].sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));
    }),
  );
});

test("the shuffled order is no order, and the same every time", () => {
  const all = { start: 0, count: 1000, step: 1 };
  expect(shuffled(all)).toEqual(shuffled(all));
  const neighbours = shuffled(all).filter(
    (rank, at, ranks) => at > 0 && Math.abs(rank - ranks[at - 1]!) === 1,
  );
  expect(neighbours.length).toBeLessThan(20);
});
