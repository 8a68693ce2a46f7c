import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileFormatError, MareyError, NotFoundError, UnsupportedError } from "../src/core/errors.js";
import { stampsOfFile } from "../src/core/stamp-file.js";
import type { StampFileOptions } from "../src/core/stamp-table.js";
import { parseTime } from "../src/core/time-text.js";
import { open } from "../src/index.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { lab } from "./fixtures/lab-samples.js";
import { generator } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-timestamps-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const film = join(lab, "thw.npy"); // 7 frames
const seven = [0, 1, 2, 3, 4, 5, 6];
const day = 1_614_854_096; // 2021-03-04T10:34:56Z

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

const stamps = (content: string | Uint8Array, options?: StampFileOptions) =>
  stampsOfFile(Buffer.from(content as string), "times", options);
const timesOf = (content: string | Uint8Array, options?: StampFileOptions) => [
  ...stamps(content, options).times,
];

beforeAll(() => {
  const program = `
import numpy as np, os, sys
os.chdir(sys.argv[1])
times = 100 + np.arange(7) / 50
np.save("times.npy", times)
np.save("times32.npy", times.astype("f4"))
np.save("column.npy", times[:, None])
np.save("nanos.npy", (np.arange(7) * 20_000_000 + 1_614_854_096_123_456_789).astype("i8"))
np.save("big.npy", np.arange(7).astype(">u4"))
np.save("table.npy", np.stack([np.arange(7), times], 1))
np.save("dates.npy", np.array(["2021-03-04T10:34:56.25", "NaT"], "M8[ms]"))
np.save("cube.npy", np.zeros((2, 2, 2)))
np.save("words.npy", np.array(["a", "b"]))
np.savez("index.npz", frame_number=np.arange(10, 17), frame_time=times)
np.savez("one.npz", pictures=np.zeros((7, 4, 4)), when=times)
np.savez("two.npz", a=times, b=times + 1)
np.savetxt("plain.txt", times)
np.savetxt("header.csv", np.stack([np.arange(7), times * 1000], 1), delimiter=",", header="frame_number,time_ms")
`;
  python(program, [folder]);
});

test.each<[string, string, StampFileOptions | undefined, number[]]>([
  ["one column without a header", "0.5\n0.75\n\n1\n", undefined, [0.5, 0.75, 1]],
  ["a header", "frame_number,frame_time\n5,1.5\n6,2.5", undefined, [1.5, 2.5]],
  ["the Miniscope's", "Frame Number,Time Stamp (ms),Buffer Index\n0,33,0\n1,66,1", undefined, [0.033, 0.066]],
  ["a column by its name, whatever its case", "a,B\n1,2\n3,4", { column: "b" }, [2, 4]],
  ["a column by its number", "1,2\n3,4", { column: 2 }, [2, 4]],
  ["a place where there are no names", "2\t1\n5\t6\n", { column: "2" }, [1, 6]],
  ["microseconds by the header", "time_us;x\n1500000;1", undefined, [1.5]],
  ["seconds by the header", "Time [s]\n1.5", undefined, [1.5]],
  ["a unit that overrules the header", "time_ms\n1500000", { unit: "us" }, [1.5]],
  ["nanoseconds since 1970, rounded once", "t_ns\n1614854096123456789", undefined, [day + 0.123456789]],
  ["tabs, and Windows' line ends", "camNum\tsysClock\r\n0\t20\r\n0\t40\r\n", undefined, [0.02, 0.04]],
  ["blanks", "time x\n1.5 7\n2.5 8", undefined, [1.5, 2.5]],
  ["quotes", '"name, odd","time"\n"a, b",1.5\n"c",2.5', undefined, [1.5, 2.5]],
  ["a mark of byte order", "\uFEFFtime\n1", undefined, [1]],
  ["exponents", "1e-3\n2.5E+1", undefined, [0.001, 25]],
  ["holes", "time,x\n1,1\n,2\nnan,3\n4,4", undefined, [1, Number.NaN, Number.NaN, 4]],
])("a table with %s", (_, text, options, expected) => {
  expect(timesOf(text, options)).toEqual(expected);
});

test("Bonsai's dates have seven decimals and a zone; without a zone they are UTC", () => {
  const bonsai = "2021-03-04T12:34:56.1234567+02:00\n2021-03-04T12:34:56.2500000+02:00\n";
  expect(timesOf(bonsai)).toEqual([day + 0.1234567, day + 0.25]);
  expect(timesOf("17,2021-03-04T10:34:56.5Z,True\n18,2021-03-04T10:34:57Z,False")).toEqual([
    day + 0.5,
    day + 1,
  ]);
  expect(parseTime("2021-03-04 10:34:56,5")).toBe(day + 0.5);
  expect(parseTime("2021-03-04T05:04:56-0530")).toBe(day);
  for (const wrong of ["2021-13-04T10:34:56", "2021-03-04T10:61:00", "2021-03-04", "ten", "1,5", "0x10"]) {
    expect(parseTime(wrong), wrong).toBeUndefined();
  }
});

test("what NumPy writes is read: arrays of any number type, dates, tables, texts, archives", async () => {
  const read = async (name: string, options?: StampFileOptions): Promise<number[]> => {
    await using source = await open(film, { timestamps: { path: at(name), ...options } });
    return seven.map((rank) => source.index.time(rank));
  };
  const times = seven.map((i) => 100 + i / 50);
  for (const name of ["times.npy", "column.npy", "index.npz", "one.npz", "plain.txt"]) {
    expect(await read(name), name).toEqual(times);
  }
  expect(await read("table.npy", { column: 2 })).toEqual(times);
  expect(await read("two.npz", { column: "a" })).toEqual(times);
  expect(await read("times32.npy")).toEqual(times.map(Math.fround));
  expect(await read("header.csv")).toEqual(times.map((time) => expect.closeTo(time, 9)));
  expect(await read("big.npy", { unit: "ms" })).toEqual(seven.map((i) => i / 1000));
  const nanos = await read("nanos.npy", { unit: "ns" });
  expect(nanos).toEqual(seven.map((i) => expect.closeTo(day + 0.123456789 + i / 50, 6)));
  await using dated = await open(film, { timestamps: { path: at("dates.npy"), allowMissing: true } });
  expect(dated.index.time(0)).toBe(day + 0.25);
  expect(dated.index.time(1)).toBeNaN();
  await expect(read("table.npy")).rejects.toThrow(/choose one of its 2 columns, the first is 1/);
  await expect(read("table.npy", { column: 0 })).rejects.toThrow(/no column 0/);
  await expect(read("two.npz")).rejects.toThrow(/choose one of a, b/);
  await expect(read("two.npz", { column: "c" })).rejects.toThrow(FileFormatError);
  await expect(read("cube.npy")).rejects.toThrow(FileFormatError);
  await expect(read("words.npy")).rejects.toThrow(UnsupportedError);
});

/** A file of SpikeGadgets' camera module. */
function trodes(lines: readonly string[], body: Uint8Array): Buffer {
  const head = ["<Start settings>", ...lines, "<End settings>", ""].join("\n");
  return Buffer.concat([Buffer.from(head), body]);
}

test("SpikeGadgets' time stamps count its clock; newer files have fields, of which one can be chosen", () => {
  const counts = new Uint8Array(Uint32Array.from([30_000, 31_000, 2 ** 31]).buffer);
  expect(timesOf(trodes(["Clock rate: 30000"], counts))).toEqual([1, 31 / 30, 2 ** 31 / 30_000]);
  const body = Buffer.alloc(32);
  for (const i of [0, 1]) {
    body.writeUInt32LE(15_000 * (i + 1), i * 16);
    body.writeUInt32LE(700 + 2 * i, i * 16 + 4);
    body.writeBigUInt64LE(1_614_854_096_250_000_000n + BigInt(i), i * 16 + 8);
  }
  const fields = "Fields: <PosTimestamp uint32><HWframeCount uint32><HWTimestamp uint64>";
  const file = trodes(["Camera Name: a", "Clock rate: 30000", fields], body);
  expect(timesOf(file)).toEqual([0.5, 1]);
  expect([...stamps(file).numbers!]).toEqual([700, 702]);
  expect(timesOf(file, { column: "hwtimestamp" })[0]).toBe(day + 0.25);
  expect(() => stamps(file, { column: "x" })).toThrow(/PosTimestamp, HWframeCount, HWTimestamp/);
  expect(() => stamps(trodes(["Clock rate: fast"], body))).toThrow(/clock rate fast/);
  expect(() => stamps(trodes([], body))).toThrow(/no clock rate/);
  expect(() => stamps(trodes(["Fields: <time uint33>"], body))).toThrow(UnsupportedError);
  expect(() => stamps("<Start settings>\nClock rate: 30000\n")).toThrow(/no <End settings>/);
});

test("time codes, as mkvmerge takes them and marey gives them", async () => {
  const codes = ["# timestamp format v2", ...seven.map((i) => `${i * 20}.000`)].join("\n");
  await using source = await open(film, { timestamps: write("codes.txt", codes) });
  expect(seven.map((rank) => source.index.time(rank))).toEqual(seven.map((i) => i / 50));
});

test("what is no time, or could be several columns, is an error that says the line and the choice", () => {
  const fails: [string, StampFileOptions | undefined, RegExp][] = [
    ["time\n1\ntwo\n", undefined, /times: line 3: "two" is no time/],
    ["a,time\n1,1\n2\n", undefined, /line 3: has no column 2/],
    ["time_a,time_b\n1,2", undefined, /which column.*"time_a", "time_b"/],
    ["1,2\n3,4", undefined, /which column.*2 without names/],
    ["a,b\n1,2", { column: "c" }, /no column c; its columns: "a", "b"/],
    ["1,2\n3,4", { column: 0 }, /no column 0.*the first is 1/],
    ["time\n", undefined, /no line of values/],
    ["", undefined, /no line of values/],
    ["\0\0\0\0", undefined, /neither a text/],
  ];
  for (const [text, options, message] of fails) {
    expect(() => stamps(text, options), text).toThrow(FileFormatError);
    expect(() => stamps(text, options), text).toThrow(message);
  }
});

test("times are the frames' own, one for each; other counts are refused, both said, unless they are allowed", async () => {
  const lines = (count: number): string =>
    ["frame_number,time", ...Array.from({ length: count }, (_, i) => `${i + 40},${i / 10}`)].join("\n");
  await using source = await open(film, { timestamps: write("same.csv", lines(7)) });
  await using plain = await open(film);
  for await (const { index, number, time, image, duration } of source.frames()) {
    expect([number, time, duration]).toEqual([index + 40, index / 10, undefined]);
    expect(image.data).toEqual((await plain.frame({ index })).image.data);
  }
  expect((await source.frame({ number: 43 })).index).toBe(3);
  expect((await source.frame({ time: 0.41, match: "nearest" })).index).toBe(4);
  expect(source.describe().timestamps).toEqual({ path: at("same.csv"), count: 7, column: "time" });

  for (const count of [6, 8]) {
    const path = write(`${count}.csv`, lines(count));
    await expect(open(film, { timestamps: path })).rejects.toThrow(FileFormatError);
    await expect(open(film, { timestamps: path })).rejects.toThrow(
      new RegExp(`holds ${count} times, but there are 7 frames.*allowMissing`),
    );
    await using allowed = await open(film, { timestamps: { path, allowMissing: true } });
    expect(allowed.index.length).toBe(7);
    expect(allowed.index.time(5)).toBe(0.5);
    expect(allowed.index.time(6)).toBe(count === 6 ? Number.NaN : 0.6);
  }
  await expect(open(film, { timestamps: at("none.csv") })).rejects.toThrow(NotFoundError);
});

testSeekableSource("a source with other times", () =>
  open(film, { timestamps: write("any.txt", seven.join("\n")) }),
);

test("2000 damaged files of times give times or say what is wrong", () => {
  const files = ["time,x\n1,1\n2,2\n3,3", "# timecode format v2\n1\n2\n"]
    .map((text) => Buffer.from(text) as Buffer)
    .concat([trodes(["Clock rate: 30000", "Fields: <time uint32><b uint64>"], Buffer.alloc(48))]);
  const random = generator(7);
  for (let copy = 0; copy < 2000; copy++) {
    const bytes = Buffer.from(files[copy % files.length]!);
    for (let hit = 0; hit < 3; hit++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      expect(stamps(bytes).times.length).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
    }
  }
});

test("on the command line: --timestamps FILE:COLUMN, its unit, and a count that is not right", async () => {
  write("cli.csv", ["n,cam", ...seven.map((i) => `${i},${1000 + i * 20}`)].join("\n"));
  write("odd:name.csv", seven.join("\n"));
  const times = async (...args: string[]): Promise<number[]> => {
    const { stdout, stderr } = await marey(["frames", film, ...args]);
    expect(stderr).toBe("");
    return stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { time: number }).time);
  };
  const expected = seven.map((i) => 1 + i / 50);
  expect(await times("--timestamps", `${at("cli.csv")}:cam`, "--timestamps-unit", "ms")).toEqual(expected);
  expect(await times("--timestamps", `${at("cli.csv")}:2`, "--timestamps-unit", "ms")).toEqual(expected);
  expect(await times("--timestamps", at("odd:name.csv"))).toEqual(seven);
  write("six.csv", [0, 1, 2, 3, 4, 5].join("\n"));
  const refused = await marey(["frames", film, "--timestamps", at("six.csv")]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/holds 6 times, but there are 7 frames/);
  const allowed = await marey(["info", film, "--timestamps", at("six.csv"), "--timestamps-allow-missing"]);
  expect(allowed.code).toBe(0);
});
