import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ClosedError, FrameNotFoundError } from "../src/core/errors.js";
import { resolveRange } from "../src/core/stream.js";
import { mjpegAvi } from "../src/formats/mjpeg-avi.js";
import { npy } from "../src/formats/npy.js";
import { createStore } from "../src/store/create-store.js";
import { creationDate } from "../src/store/creation-date.js";
import { parseExtraRows } from "../src/store/extra/json-rows.js";
import { chunkOf, chunkSlices, findChunks, paddedNumber } from "../src/store/layout.js";
import { openStore } from "../src/store/open-store.js";
import { copyOfStore, corpusPath } from "./peers/imgstore-corpus.js";

const formats = [npy, mjpegAvi];
const folder = mkdtempSync(join(tmpdir(), "marey-reader-"));
const info = { width: 16, height: 16, channels: 1, dtype: "uint8", color: "gray" } as const;

describe.each(["npy", "mjpeg/avi"])("a store of many chunks: %s", (format) => {
  const path = join(folder, format.replace("/", "-"));
  const length = 60;

  beforeAll(async () => {
    await using store = await createStore(path, { info, format, formats, chunkSize: 3 });
    for (let i = 0; i < length; i++) {
      await store.write({
        image: { ...info, data: new Uint8Array(256).fill(i * 4) },
        number: i,
        time: i / 10,
      });
    }
  });

  const isFrame = (value: number, index: number) => expect(Math.abs(value - index * 4)).toBeLessThan(4);

  test("requests that overlap get each its own frame", async () => {
    await using store = await openStore(path, { formats });
    const indices = Array.from({ length: 200 }, (_, i) => (i * 37) % length);
    const frames = await Promise.all(indices.map((index) => store.frame({ index })));
    for (const [i, frame] of frames.entries()) {
      expect(frame.index).toBe(indices[i]);
      isFrame(Number(frame.image.data[0]), indices[i]!);
    }
    const loops = await Promise.all(
      [1, 2, 3].map(async (step) => {
        const seen: number[] = [];
        for await (const frame of store.frames({ step })) {
          isFrame(Number(frame.image.data[0]), frame.index);
          seen.push(frame.index);
        }
        return seen.length;
      }),
    );
    expect(loops).toEqual([60, 30, 20]);
  });

  test("files are let go of: after reading all over the store, and after leaving loops early", async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    await (await openStore(path, { formats })).close();
    const before = open();
    const store = await openStore(path, { formats });
    for (let i = 0; i < length; i++) await store.frame({ index: (i * 17) % length });
    for (let i = 0; i < 20; i++)
      for await (const frame of store.frames({ start: i })) if (frame.index > i) break;
    expect(open() - before).toBeLessThan(20);
    await store.close();
    expect(open()).toBe(before);
  });

  test("after close it says so, also to who is still reading", async () => {
    const store = await openStore(path, { formats });
    const loop = store.frames();
    await loop.next();
    await store.close();
    await store.close();
    await expect(store.frame({ index: 0 })).rejects.toThrow(ClosedError);
    await expect(
      (async () => {
        for (let i = 0; i < length; i++) await loop.next();
      })(),
    ).rejects.toThrow(ClosedError);
    await loop.return(undefined);
  });

  test("addresses that no frame has are refused by name", async () => {
    await using store = await openStore(path, { formats });
    await expect(store.frame({ index: length })).rejects.toThrow(FrameNotFoundError);
    await expect(store.frame({ number: -1 })).rejects.toThrow(FrameNotFoundError);
    await expect(store.frame({ time: 0.05 })).rejects.toThrow(FrameNotFoundError);
    expect((await store.frame({ time: 0.06, match: "nearest" })).index).toBe(1);
    expect((await store.frame({ index: -1 })).index).toBe(length - 1);
  });
});

test("a store that says what it is can be described in JSON", async () => {
  for (const name of ["meta_unicode_user_metadata", "dir_npy_gray8", "repo_store_mp4"]) {
    await using store = await openStore(corpusPath(name), { formats });
    expect(JSON.parse(JSON.stringify(store.describe()))).toEqual(store.describe());
  }
});

test("a chunk that vanishes while it is read spoils nothing else", async () => {
  const path = copyOfStore("num_reversed_npy");
  await using store = await openStore(path, { formats });
  rmSync(join(path, "000000"), { recursive: true });
  await expect(store.frame({ index: 0 })).rejects.toMatchObject({ code: "DECODE", frame: 0 });
  await expect(store.frame({ index: -1 })).resolves.toBeDefined();
});

test("rows that a crash cut short are given as far as they are whole", async () => {
  const rows = [{ a: 1.5, t: "x, y]" }, { a: [1, { b: null }], n: Number.NaN }, { big: 2n ** 64n }];
  const text = '[{"a": 1.5, "t": "x, y]"}, {"a": [1, {"b": null}], "n": NaN}, {"big": 18446744073709551616}]';
  expect(parseExtraRows(text)).toEqual({ rows, problem: undefined });
  for (let cut = 0; cut < text.length; cut++) {
    const found = parseExtraRows(text.slice(0, cut));
    const whole = [25, 60, 91].filter((end) => end <= cut).length;
    expect(found.rows, `cut at ${cut}`).toEqual(rows.slice(0, whole));
    expect(found.problem, `cut at ${cut}`).toMatch(/cut short/);
  }
});

test("extra data of any kind is read as Python's json reads it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), { maxLength: 5 }),
      (rows) => {
        const text = JSON.stringify(rows);
        expect(rounded(parseExtraRows(text).rows)).toBe(text);
        // The careful reader, which a NaN calls for, sees the same.
        const careful = JSON.stringify([...rows, { end: "NaN" }]);
        expect(rounded(parseExtraRows(careful).rows)).toBe(careful);
      },
    ),
  );
  for (const text of ["", "{}", "nonsense", "[[[[", '["text", 5]', "[{]", "[".repeat(100_000)]) {
    const found = parseExtraRows(text);
    expect(found.rows).toEqual([]);
    expect(found.problem, text.slice(0, 20)).toBeDefined();
  }
});

/** As JSON that has no integers beyond 2^53. */
function rounded(value: unknown): string {
  return JSON.stringify(value, (_key, field) => (typeof field === "bigint" ? Number(field) : field));
}

test("a None among the times costs no other time, and no frame number", async () => {
  await using store = await openStore(corpusPath("time_none"), { formats });
  expect([0, 1, 2].map((i) => store.index.number(i))).toEqual([0, 1, 2]);
  expect([0, 1, 2].map((i) => store.index.time(i))).toEqual([Number.NaN, 1, 2]);
  expect(store.problems.map(({ message }) => message).join()).toMatch(/None/);
});

test("slices cover a range exactly, each in one chunk", () => {
  const layouts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 12 });
  const bound = fc.option(fc.integer({ min: -60, max: 60 }), { nil: undefined });
  const steps = fc.integer({ min: -9, max: 9 }).filter((step) => step !== 0);
  fc.assert(
    fc.property(layouts, bound, bound, steps, (counts, from, to, step) => {
      const starts = [0];
      for (const count of counts) starts.push(starts.at(-1)! + count);
      const length = starts.at(-1)!;
      const range = {
        ...(from !== undefined && { start: from }),
        ...(to !== undefined && { stop: to }),
        step,
      };
      const { start, count } = resolveRange(range, length);
      const expected = Array.from({ length: count }, (_, i) => start + i * step);
      const found = [...chunkSlices(starts, start, count, step)].flatMap((slice) =>
        Array.from({ length: slice.count }, (_, i) => {
          const rank = slice.first + i * slice.step;
          expect(rank).toBeGreaterThanOrEqual(0);
          expect(rank).toBeLessThan(counts[slice.entry]!);
          expect(chunkOf(starts, starts[slice.entry]! + rank)).toBe(slice.entry);
          return starts[slice.entry]! + rank;
        }),
      );
      expect(found).toEqual(expected);
    }),
  );
});

test("chunk names are those that imgstore writes, and no others", () => {
  expect([0, 12, 999_999, 1_000_000].map(paddedNumber)).toEqual(["000000", "000012", "999999", "1000000"]);
  const names = [
    "000002.avi",
    "000010.avi",
    "1000000.avi",
    "._000003.avi",
    "3.avi",
    "0000004.avi",
    "x.avi",
    "000005.npz",
  ];
  const entries = names.map((name) => ({ name, isFolder: false }));
  expect(findChunks(entries, "video", ".avi")).toEqual({
    chunks: [2, 10, 1_000_000],
    strays: ["0000004.avi", "3.avi", "x.avi"],
    orphans: [5],
  });
});

test("the date of an old store stands in the name of its folder, in local time", () => {
  const modified = new Date(0);
  const iso = (name: string, zone: string) => creationDate(name, zone, modified).toISOString();
  expect(iso("cage_20170102_030405", "UTC")).toBe("2017-01-02T03:04:05.000Z");
  expect(iso("20170702_030405.x20180702_030405", "Europe/Vienna")).toBe("2018-07-02T01:04:05.000Z");
  expect(iso("20171105_003000", "America/New_York")).toBe("2017-11-05T04:30:00.000Z");
  expect(iso("20179999_999999", "UTC")).toBe(modified.toISOString());
  expect(iso("day three", "UTC")).toBe(modified.toISOString());
});

test("an index written as YAML is read where there is no npz", async () => {
  const path = copyOfStore("dir_npy_gray8");
  rmSync(join(path, "000001/index.npz"));
  writeFileSync(
    join(path, "000001/index.yaml"),
    "frame_number: [90, 91, 92]\nframe_time: [1.5, .nan, 3]\nother: 1\n",
  );
  await using store = await openStore(path, { formats });
  expect(Array.from({ length: 7 }, (_, i) => store.index.number(i))).toEqual([0, 1, 2, 90, 91, 92, 6]);
  expect(store.index.time(4)).toBeNaN();
  expect(store.problems).toEqual([]);
});

test("what is only odd is a warning; a frame that cannot be had is an error", async () => {
  await using zone = await openStore(corpusPath("meta_bad_timezone"), { formats });
  expect(zone.problems).toMatchObject([
    { severity: "warning", message: expect.stringMatching(/^unknown time zone /) },
  ]);
  expect(zone.problems.length).toBe(1);
  expect(zone.timezone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);

  await using known = await openStore(corpusPath("dir_npy_gray8"), { formats });
  expect(known.timezone).toBe("Etc/UTC");
  expect(known.problems).toEqual([]);

  const path = copyOfStore("dir_npy_gray8");
  rmSync(join(path, "000001/index.npz"));
  await using lost = await openStore(path, { formats });
  expect(lost.problems).toMatchObject([{ severity: "error", message: "missing; chunk 1 is left out" }]);
});
