import fc from "fast-check";
import { expect, test } from "vitest";
import { toJson } from "../src/cli/json.js";
import { formatBytes, formatSeconds, table } from "../src/cli/output.js";
import { renderProgress } from "../src/cli/progress.js";
import { ColumnIndex } from "../src/core/column-index.js";
import { summarizeStamps } from "../src/core/stamp-summary.js";

test("JSON says plain values as any JSON does, on one line and indented", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(toJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(JSON.parse(toJson(value, 2))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(toJson(value)).not.toContain("\n");
    }),
  );
});

test("JSON has big frame numbers in full, no NaN, dates as text and typed arrays as lists", () => {
  const value = {
    number: -9223372036854775808n,
    time: Number.NaN,
    date: new Date(0),
    list: Uint8Array.of(1, 2),
    none: undefined,
  };
  expect(toJson(value)).toBe(
    '{"number":-9223372036854775808,"time":null,"date":"1970-01-01T00:00:00.000Z","list":[1,2]}',
  );
});

test("a progress bar never is wider than the terminal, and knows rate and rest", () => {
  const state = { label: "reading", done: 250, total: 1000, seconds: 5, columns: 80 };
  expect(renderProgress(state)).toMatch(/^reading {2}#+\.+ {2}250\/1000 {2}50\.0\/s {2}15\.0 s left$/);
  for (const columns of [20, 40, 60, 200]) {
    for (const done of [0, 1, 999, 1000]) {
      expect(renderProgress({ ...state, columns, done }).length).toBeLessThan(columns);
    }
  }
  expect(renderProgress({ ...state, total: undefined })).toBe("reading  250  50.0/s  5.00 s");
});

test("sizes and times are readable", () => {
  expect([0, 1023, 1536, 5 * 2 ** 30].map(formatBytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
  expect([0.123, 12.34, 65, 3723, Number.NaN].map(formatSeconds)).toEqual([
    "0.12 s",
    "12.3 s",
    "1:05",
    "1:02:03",
    "unknown",
  ]);
  expect(
    table([
      ["a", "1"],
      ["long", undefined],
      ["bc", "2"],
    ]),
  ).toBe("a   1\nbc  2");
});

test("gaps, duplicates and clocks that run backwards are counted", () => {
  const index = new ColumnIndex({
    numbers: Float64Array.from([5, 6, 6, 9, 8, Number.NaN]),
    times: Float64Array.from([0, 0.04, 0.08, 0.08, 0.06, Number.NaN]),
  });
  expect(summarizeStamps(index)).toMatchObject({
    missingNumbers: 1,
    duplicateNumbers: 1,
    backwardNumbers: 1,
    unnumbered: 1,
    backwardTimes: 1,
    equalTimes: 1,
    untimed: 1,
    rate: 25,
  });
  const far = new ColumnIndex({
    numbers: BigInt64Array.from([-(2n ** 63n), 2n ** 63n - 1n]),
    times: new Float64Array(2),
  });
  expect(summarizeStamps(far).missingNumbers).toBeGreaterThan(1e19);
});
