import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ExistsError, FileFormatError, StoreFormatError } from "../src/core/errors.js";
import type { FrameNumber } from "../src/core/frame.js";
import { builtInFormats, createStore, exportIndex, openStore, reindexStore } from "../src/index.js";
import { editRows } from "../src/store/extra/edit-rows.js";
import { nodeFiles } from "../src/store/node-files.js";
import { reindexStore as reindexWith } from "../src/store/reindex-store.js";
import type { StoreFiles } from "../src/store/store-files.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { copyOfStore } from "./peers/imgstore-corpus.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-reindex-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const info = { width: 16, height: 8, channels: 1, dtype: "uint8", color: "gray" } as const;
const wrapped = [6050, 6055, 6056, 6060, 0, 1, 2, 5, 9];
let made = 0;

/** Nine frames whose camera was reset at the fifth, with a row each, and one before them all. */
async function wrappedStore(format = "npy", numbers: readonly FrameNumber[] = wrapped): Promise<string> {
  const path = join(folder, `store${made++}`);
  await using store = await createStore(path, { info, format, chunkSize: 4 });
  await store.addExtraData({ before: true });
  for (const [rank, number] of numbers.entries()) {
    await store.write({ number, time: 1000.5 + rank / 3, image: noiseImage(info, rank) });
    await store.addExtraData({
      rank,
      third: rank / 3,
      big: 2n ** 60n + BigInt(rank),
      text: 'a"b}{',
      nested: [{ frame_number: 1 }],
    });
  }
  return path;
}

async function numbersOf(path: string): Promise<FrameNumber[]> {
  await using store = await openStore(path);
  return Array.from({ length: store.index.length }, (_, rank) => store.index.number(rank));
}

/** All files of a store but those that say who holds it, by name. */
function contentOf(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => [
      join(entry.parentPath, entry.name).slice(path.length),
      readFileSync(join(entry.parentPath, entry.name)).toString("base64"),
    ]),
  );
}

const judge = `
import sys, json, numpy as np, os, glob
root = sys.argv[1]
out = []
for p in sorted(glob.glob(root + '/*.npz') + glob.glob(root + '/*/index.npz')):
    with np.load(p) as z:
        out.append(dict(numbers=z['frame_number'].tolist(), before=z['_frame_number_before_reindex'].tolist(), times=z['frame_time'].tolist(),
            uuid=str(z['uuid']), dtype=str(z['frame_number'].dtype)))
rows = []
for p in sorted(glob.glob(root + '/*.extra.json') + glob.glob(root + '/*/index.extra.json')):
    rows += json.load(open(p))
for r in rows: r['big'] = str(r.get('big')); r['third'] = float(r.get('third', -1)).hex()
print(json.dumps(dict(chunks=out, rows=rows)))
`;

for (const format of ["npy", "mjpeg/avi"]) {
  test(`${format}: frames before number 0 become negative, for Python too, and nothing else changes`, async () => {
    const path = await wrappedStore(format);
    const result = await reindexStore(path);
    expect(result).toEqual({ zeroIndex: 4, changed: 4, left: [] });
    expect(await numbersOf(path)).toEqual([-4, -3, -2, -1, 0, 1, 2, 5, 9]);
    const seen = JSON.parse(python(judge, [path]).replaceAll("NaN", "null"));
    expect(seen.chunks.flatMap((chunk: { before: number[] }) => chunk.before)).toEqual(wrapped);
    expect(seen.chunks.map((chunk: { dtype: string }) => chunk.dtype)).toEqual(["int64", "int64", "int64"]);
    expect(seen.chunks.flatMap((chunk: { times: number[] }) => chunk.times)).toEqual(
      wrapped.map((_, rank) => 1000.5 + rank / 3),
    );
    const [first, ...rows] = seen.rows;
    expect(first).toMatchObject({ before: true, frame_number: null, frame_index: -1 });
    expect(first).not.toHaveProperty("_frame_number_before_reindex", expect.any(Number));
    for (const [rank, row] of rows.entries()) {
      expect(row).toMatchObject({
        frame_number: [-4, -3, -2, -1, 0, 1, 2, 5, 9][rank],
        _frame_number_before_reindex: wrapped[rank],
        big: String(2n ** 60n + BigInt(rank)),
        third: python("import sys; print(float(sys.argv[1]).hex(), end='')", [String(rank / 3)]),
        nested: [{ frame_number: 1 }],
      });
    }
    await using store = await openStore(path);
    for await (const { index, image } of store) {
      if (format === "npy") expect(image.data).toEqual(noiseImage(info, index).data);
    }
    expect(store.problems).toEqual([]);
  });
}

test("a second time nothing changes, and what a number was at first is kept", async () => {
  const path = await wrappedStore();
  await reindexStore(path);
  const content = contentOf(path);
  expect(await reindexStore(path)).toMatchObject({ changed: 0 });
  expect(contentOf(path)).toEqual(content);
  expect(await reindexStore(path, { zero: 2 })).toMatchObject({ zeroIndex: 6, changed: 9 });
  expect(await numbersOf(path)).toEqual([-6, -5, -4, -3, -2, -1, 0, 3, 7]);
  const { chunks } = JSON.parse(python(judge, [path]).replaceAll("NaN", "null"));
  expect(chunks.flatMap((chunk: { before: number[] }) => chunk.before)).toEqual(wrapped);
});

test("numbers beyond 2^53 are counted exactly", async () => {
  const high = 2n ** 60n;
  const path = await wrappedStore("npy", [high + 7n, high, high + 1n, high + 3n]);
  await reindexStore(path, { zero: high });
  expect(await numbersOf(path)).toEqual([-1, 0, 1, 3]);
});

test("two frames with number 0, or none, are refused, and the store stays as it is", async () => {
  for (const numbers of [
    [5, 0, 1, 0],
    [5, 6, 7],
  ]) {
    const path = await wrappedStore("npy", numbers);
    const content = contentOf(path);
    await expect(reindexStore(path)).rejects.toThrow(StoreFormatError);
    await expect(reindexStore(path)).rejects.toThrow(
      `${numbers.filter((n) => n === 0).length} frames have number 0`,
    );
    expect(contentOf(path)).toEqual(content);
  }
});

test("a damaged file is named, and the store stays as it is", async () => {
  for (const [name, text] of [
    ["000001/index.extra.json", '[{"rank": 1, "frame_nu'],
    ["000001/index.npz", "no zip"],
  ] as const) {
    const path = await wrappedStore();
    writeFileSync(join(path, name), text);
    const content = contentOf(path);
    await expect(reindexStore(path)).rejects.toThrow(FileFormatError);
    await expect(reindexStore(path)).rejects.toThrow(name);
    const after = contentOf(path);
    for (const [file, bytes] of Object.entries(content)) expect([file, after[file]]).toEqual([file, bytes]);
  }
});

test("a store that is being written is left alone", async () => {
  const path = join(folder, "busy");
  await using store = await createStore(path, { info, format: "npy" });
  await store.write({ number: 0, time: 0, image: noiseImage(info, 0) });
  await expect(reindexStore(path)).rejects.toThrow(ExistsError);
});

test("wherever the power is cut, all numbers are old or the next run makes all new", {
  timeout: 240_000,
}, async () => {
  const original = await wrappedStore();
  await using opened = await openStore(original);
  await exportIndex(opened, join(original, ".index.sqlite"));
  const whole = join(folder, "whole");
  await cp(original, whole, { recursive: true });
  await reindexStore(whole);
  const wanted = contentOf(whole);

  let [cut, finished, undone] = [0, 0, 0];
  for (let step = 0; ; step++) {
    const path = join(folder, `cut${step}`);
    await cp(original, path, { recursive: true });
    const outcome = await reindexWith(path, { formats: builtInFormats, files: filesUntil(step) }).then(
      () => "done",
      () => "cut",
    );
    const marked = existsSync(join(path, ".reindex"));
    if (outcome === "cut") {
      cut++;
      await using store = await openStore(path);
      if (marked)
        expect(store.problems.map(({ message }) => message).join()).toMatch(/marey reindex finishes/);
      else undone++;
      // Once the list of renames is gone, all of them are done.
      const numbers = await numbersOf(path);
      if (!marked) expect([wrapped, [-4, -3, -2, -1, 0, 1, 2, 5, 9]]).toContainEqual(numbers);
      await reindexStore(path);
    } else finished++;
    expect(await numbersOf(path)).toEqual([-4, -3, -2, -1, 0, 1, 2, 5, 9]);
    const content = contentOf(path);
    expect(Object.keys(content).sort(), `step ${step}`).toEqual(Object.keys(wanted).sort());
    for (const [name, bytes] of Object.entries(wanted))
      expect([step, name, content[name]]).toEqual([step, name, bytes]);
    rmSync(path, { recursive: true });
    if (outcome === "done") break;
  }
  expect(finished).toBe(1);
  expect(undone).toBeGreaterThan(5);
  expect(cut - undone).toBeGreaterThan(5);
});

/** The disk, until that many changes; then every change fails. */
function filesUntil(step: number): StoreFiles {
  let left = step;
  const guard =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (left-- <= 0) throw Object.assign(new Error("power cut"), { syscall: "write" });
      return change(...args);
    };
  return {
    ...nodeFiles,
    create: guard(nodeFiles.create),
    rename: guard(nodeFiles.rename),
    remove: guard(nodeFiles.remove),
    syncFolder: guard(nodeFiles.syncFolder),
  };
}

test("Motif's rows follow where they are JSON; HDF5 is left, and said so", async () => {
  const json = copyOfStore("extra_motif_json_npy");
  await reindexStore(json, { zero: 2 });
  await using store = await openStore(json);
  const rows = await store.extraData();
  expect(rows.map((row) => row.frame_number)).toEqual([-2, -2, -1, -1, 0, 0, 1]);
  expect(rows.map((row) => row._frame_number_before_reindex)).toEqual([0, 0, 1, 1, 2, 2, 3]);
  const h5 = copyOfStore("extra_motif_h5_npy");
  const { left } = await reindexStore(h5, { zero: 2 });
  expect(left.map((path) => path.slice(-20))).toEqual(["000000.extra_data.h5", "000001.extra_data.h5"]);
});

test("of a text only the fields that are meant change", () => {
  const text = '[ {"a": 1.50, "b" :{"a":[1,"]"]}, "c":"x\\"}"} , {} ]\n';
  const edited = editRows(
    text,
    "rows",
    (row) =>
      new Map([
        ["a", "7"],
        ["n", String(row.size)],
      ]),
  );
  expect(edited).toBe('[ {"a": 7, "b" :{"a":[1,"]"]}, "c":"x\\"}", "n": 3} , {"a": 7, "n": 0} ]\n');
  for (const damaged of [
    "",
    "[",
    "[1]",
    '[{"a": 1}',
    '[{"a" 1}]',
    '[{"a": }]',
    "[{}]x",
    '[{"a": [}]',
    '[{"a": 1, }]',
    '[{"a: 1}]',
  ]) {
    expect(() => editRows(damaged, "rows", () => new Map()), damaged).toThrow(FileFormatError);
  }
});
