import { expect, test } from "vitest";
import { FileFormatError, UnsupportedError } from "../src/core/errors.js";
import { parseCsv, seriesOfArrays, seriesOfCsv, seriesOfRows } from "../src/index.js";
import { python } from "./peers/python.js";

const fields = ["a", "", " b ", 'say "hi"', "x,y", "two\nlines", "two\r\nlines", "µ;ß", "1e5", "'", "\t"];

test("CSV is read as Python's csv module writes it", () => {
  const rows = Array.from({ length: 60 }, (_, row) =>
    Array.from({ length: 7 }, (_, column) => fields[(row * 5 + column * 3 + (row >> 2)) % fields.length]!),
  );
  const names = ["time", "b", 'c "q"', "d,e", "f", "g", "h"];
  for (const [delimiter, quoting, end] of [
    [",", "QUOTE_MINIMAL", "\r\n"],
    [";", "QUOTE_ALL", "\n"],
    ["\t", "QUOTE_MINIMAL", "\r\n"],
  ] as const) {
    const program = `
import csv, json, sys
sys.stdout.reconfigure(encoding="utf-8", newline="")
csv.writer(sys.stdout, delimiter=sys.argv[1], quoting=getattr(csv, sys.argv[2]), lineterminator=sys.argv[3]).writerows(json.load(sys.stdin))`;
    const text = python(program, [delimiter, quoting, end], Buffer.from(JSON.stringify([names, ...rows])));
    expect(parseCsv(text)).toEqual({ names, rows });
  }
});

test("a mark of UTF-8, remarks, empty lines, and a last line without its end do no harm", () => {
  const text = "\ufeff# a remark\n\n#another\r\nt,v\r1,2\n\n3,4";
  expect(parseCsv(text)).toEqual({
    names: ["t", "v"],
    rows: [
      ["1", "2"],
      ["3", "4"],
    ],
  });
});

test("broken CSV is told by its line", () => {
  for (const [text, message] of [
    ["", "no header"],
    ["a,b\n1,2\n3\n", "line 3 has 1 fields, the header has 2"],
    ['a,b\n1,"2\n3', "line 2: a quote is not closed"],
    ['a,b\n"x\ny",1\n1,2,3', "line 4 has 3 fields"],
    ['a,b\n"1"x,2', 'line 2: "x" after a closing quote'],
  ] as const) {
    expect(() => parseCsv(text, "file.csv")).toThrow(FileFormatError);
    expect(() => parseCsv(text, "file.csv")).toThrow(message);
  }
});

test("columns become series: the time by its name, in its unit, or as dates", () => {
  const text = "Time,label,a,b\n1000,x,1,\n2500,y,3,4\n";
  expect(seriesOfCsv(text, { unit: "ms" })).toEqual([
    { name: "a", times: Float64Array.of(1, 2.5), values: Float64Array.of(1, 3) },
    { name: "b", times: Float64Array.of(1, 2.5), values: Float64Array.of(Number.NaN, 4) },
  ]);
  const dates = [
    "2023-11-14T22:13:20Z",
    "2023-11-14 22:13:20.25",
    "2023-11-14T23:13:20.5+01:00",
    "2023-11-15",
    "no date",
  ];
  const [series] = seriesOfCsv(`when,v\n${dates.map((date) => `${date},1`).join("\n")}`, { time: "when" });
  expect([...(series!.times as Float64Array)]).toEqual([
    1_700_000_000,
    1_700_000_000.25,
    1_700_000_000.5,
    1_700_006_400,
    Number.NaN,
  ]);
  expect(seriesOfCsv("t,px,py\n0,1,2\n", { x: "px", columns: ["py"] })).toMatchObject([
    { name: "py", x: Float64Array.of(1) },
  ]);
  expect(() => seriesOfCsv(text, { columns: ["c"] })).toThrow('no column "c"; there are Time, label, a, b');
  expect(() => seriesOfCsv("x,y\n1,2")).toThrow("no column looks like a time");
});

test("rows of extra data become series on the clock of the frames, each with its own rows", () => {
  const rows = [
    { frame_time: 10, frame_number: 5, frame_index: 0, temperature: 20 },
    { frame_time: 11, frame_number: 6, frame_index: 1, lick: true, note: "hello" },
    { frame_time: 12, frame_number: 7, frame_index: 2, temperature: null },
    { frame_time: 13, frame_number: 8, frame_index: 3, temperature: 22.5, lick: false },
  ];
  expect(seriesOfRows(rows)).toEqual([
    { name: "temperature", times: [10, 12, 13], values: [20, Number.NaN, 22.5] },
    { name: "lick", times: [11, 13], values: [1, 0] },
  ]);
});

test("arrays become series: a column each, the time among them, or given", () => {
  const array = (shape: number[], ...values: number[]) => ({
    ...{ dtype: "float64" as const, shape, data: Float64Array.from(values) },
  });
  expect(seriesOfArrays({ v: array([3, 2], 1, 2, 3, 4, 5, 6) }, { rate: 10 })).toEqual([
    { name: "v 0", times: Float64Array.of(0, 0.1, 0.2), values: Float64Array.of(1, 3, 5) },
    { name: "v 1", times: Float64Array.of(0, 0.1, 0.2), values: Float64Array.of(2, 4, 6) },
  ]);
  const npz = {
    time: array([2], 5, 6),
    a: array([2], 1, 2),
    counts: { dtype: "int64" as const, shape: [2], data: BigInt64Array.of(7n, 8n) },
  };
  expect(seriesOfArrays(npz, { times: [0, 1] })).toMatchObject([
    { name: "a", times: Float64Array.of(5, 6) },
    { name: "counts", values: Float64Array.of(7, 8) },
  ]);
  expect(() => seriesOfArrays({ v: array([2], 1, 2) }, { times: [1, 2, 3] })).toThrow(
    "2 values, but there are 3 times",
  );
  expect(() => seriesOfArrays({ v: array([1, 1, 1], 1) }, { rate: 1 })).toThrow(UnsupportedError);
});
