import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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
  python(writeMotif, [original, "plain"]);
  await using opened = await openStore(original);
  await exportIndex(opened, join(original, ".index.sqlite"));
  const whole = join(folder, "whole");
  await cp(original, whole, { recursive: true });
  await reindexStore(whole);
  // HDF5 keeps the time at which something was added to it: of such files the rows are compared.
  const withoutH5 = (content: Record<string, string>): [string, string][] =>
    Object.entries(content).filter(([name]) => !name.endsWith(".h5"));
  const wanted = contentOf(whole);
  const wantedRows = await rowsOf(whole);
  expect(wantedRows.map((row) => row.frame_number)).toEqual(twice(renumbered));

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
    for (const [name, bytes] of withoutH5(wanted))
      expect([step, name, content[name]]).toEqual([step, name, bytes]);
    expect(await rowsOf(path), `step ${step}`).toEqual(wantedRows);
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

test("Motif's JSON rows follow", async () => {
  const json = copyOfStore("extra_motif_json_npy");
  await reindexStore(json, { zero: 2 });
  await using store = await openStore(json);
  const rows = await store.extraData();
  expect(rows.map((row) => row.frame_number)).toEqual([-2, -2, -1, -1, 0, 0, 1]);
  expect(rows.map((row) => row._frame_number_before_reindex)).toEqual([0, 0, 1, 1, 2, 2, 3]);
});

/**
 * Puts a file as Motif writes it beside each chunk of a store: two samples a frame, and two that were never recorded.
 * The last argument is what `camera` is made with.
 */
const writeMotif = `
import sys, os, json, numpy as np, h5py, glob
root, kind = sys.argv[1:3]
number = {'small': '<i4', 'big': '>i8'}.get(kind, '<i8')
time = '>f8' if kind == 'big' else '<f8'
how = dict(chunks=(3,), compression='gzip', shuffle=True, fletcher32=True, maxshape=(None,)) if kind == 'gzip' else {}
for path in sorted(glob.glob(root + '/*.npz') + glob.glob(root + '/*/index.npz')):
    chunk = os.path.basename(os.path.dirname(path)) if path.endswith('index.npz') else os.path.basename(path)[:6]
    with np.load(path) as z: numbers, times = z['frame_number'], z['frame_time']
    n = 2 * len(numbers) + 2
    cam = np.zeros(n, [('pad', 'i1'), ('frame_number', number), ('frame_time', time), ('name', 'S5')])
    cam['frame_number'] = -1
    cam['frame_number'][:-2], cam['frame_time'][:-2] = np.repeat(numbers, 2), np.repeat(times, 2)
    cam['name'] = [b'n%d' % i for i in range(n)]
    with h5py.File('%s/%s.extra_data.h5' % (root, chunk), 'w', libver='latest' if kind == 'latest' else 'earliest') as f:
        f.attrs['datasets'] = np.bytes_('daq')
        f.attrs['note'] = 'caf\\u00e9'
        f.create_dataset('camera', data=cam, **how).attrs['serial'] = 17
        daq = f.create_dataset('daq', data=np.random.default_rng(int(chunk)).normal(size=(2, n)), chunks=(2, 4), compression='lzf' if kind == 'lzf' else 'gzip')
        daq.attrs['column_names'], daq.attrs['samplerate'] = np.bytes_('a, b'), 100.0
        f['sample_delay'] = np.arange(n) / 1e4
        f['other/group'] = np.arange(5, dtype='>u2')
`;

/** What h5py sees in those files, and what imgstore's \`motif_extra_data_h5_to_df\` makes of them. */
const readMotif = `
import sys, json, glob, hashlib, h5py, numpy as np
out = []
for path in sorted(glob.glob(sys.argv[1] + '/*.extra_data.h5')):
    with h5py.File(path, 'r') as f:
        cam = f['camera'][:]
        rest = [repr(cam[name].tolist()) for name in cam.dtype.names if name != 'frame_number'] + [repr(cam.dtype), repr(f['camera'].chunks), repr(f['camera'].compression), repr(f['camera'].maxshape)]
        def seen(name, item):
            rest.append(name + repr(sorted((k, repr(v)) for k, v in item.attrs.items())))
            if isinstance(item, h5py.Dataset) and name not in ('camera', '_frame_number_before_reindex'):
                rest.append(repr(item.dtype) + repr(item.compression) + hashlib.sha1(np.asarray(item).tobytes()).hexdigest())
        f.visititems(lambda name, item: None if name == '_frame_number_before_reindex' else seen(name, item))
        seen('/', f)
        mask = cam['frame_number'] >= 0
        before = f['_frame_number_before_reindex'][:].tolist() if '_frame_number_before_reindex' in f else None
        out.append(dict(numbers=cam['frame_number'].tolist(), before=before, rest=rest, a=f['daq'][..., mask][0].tolist(),
            all=f['daq'][0].tolist(), kept=cam['frame_number'][mask].tolist()))
print(json.dumps(out))
`;

interface MotifFile {
  readonly numbers: number[];
  readonly before: number[] | null;
  readonly rest: string[];
  readonly a: number[];
  readonly all: number[];
  readonly kept: number[];
}

const renumbered = [-4, -3, -2, -1, 0, 1, 2, 5, 9];
const twice = (numbers: readonly number[]): number[] => numbers.flatMap((number) => [number, number]);

for (const [kind, format] of [
  ["plain", "npy"],
  ["gzip", "mjpeg/avi"],
  ["big", "npy"],
  ["small", "mjpeg/avi"],
  ["latest", "npy"],
] as const) {
  test(`Motif's HDF5 follows, ${kind} in ${format}: for h5py, for imgstore and here, and all else in it stays`, async () => {
    const path = await wrappedStore(format);
    python(writeMotif, [path, kind]);
    const before = JSON.parse(python(readMotif, [path])) as MotifFile[];
    const samplesBefore = await rowsOf(path);
    expect(await reindexStore(path)).toMatchObject({ zeroIndex: 4, changed: 4, left: [] });
    const after = JSON.parse(python(readMotif, [path])) as MotifFile[];
    expect(after.map(({ rest }) => rest)).toEqual(before.map(({ rest }) => rest));
    expect(after.map(({ all }) => all)).toEqual(before.map(({ all }) => all));
    expect(after.map(({ before }) => before)).toEqual(before.map(({ numbers }) => numbers));
    for (const [chunk, file] of after.entries()) {
      const numbers = renumbered.slice(chunk * 4, chunk * 4 + 4);
      expect(file.numbers).toEqual([...twice(numbers), -1, -1]);
      expect(file.kept).toEqual(twice(numbers.filter((number) => number >= 0)));
      expect(file.a).toEqual(file.all.filter((_, row) => (file.numbers[row] ?? -1) >= 0));
    }
    const rows = await rowsOf(path);
    expect(rows.map((row) => row.frame_number)).toEqual(twice(renumbered));
    expect(rows.map((row) => row._frame_number_before_reindex)).toEqual(twice(wrapped));
    // Every sample stays with its frame: only the two columns differ.
    expect(rows.map(({ frame_number: _, _frame_number_before_reindex: __, ...row }) => row)).toEqual(
      samplesBefore.map(({ frame_number: _, ...row }) => row),
    );
    // Once more, from another frame: what it was at first is kept.
    await reindexStore(path, { zero: 2 });
    const again = await rowsOf(path);
    expect(again.map((row) => row.frame_number)).toEqual(twice([-6, -5, -4, -3, -2, -1, 0, 3, 7]));
    expect(again.map((row) => row._frame_number_before_reindex)).toEqual(twice(wrapped));
  });
}

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  await using store = await openStore(path);
  const rows = await store.extraData({ strict: true });
  expect(store.problems).toEqual([]);
  return rows.map((row) => ({ ...row }));
}

test("samples of frames with one number go by their chunk, then by their time", async () => {
  // 5 is in both chunks, and 7 twice in the second.
  const path = await wrappedStore("npy", [5, 6, 7, 3, 0, 5, 7, 7]);
  python(writeMotif, [path, "plain"]);
  await reindexStore(path);
  expect((await rowsOf(path)).map((row) => row.frame_number)).toEqual(twice([-4, -3, -2, -1, 0, 5, 7, 7]));
  const other = await wrappedStore("npy", [5, 6, 5, 0, 1]);
  python(writeMotif, [other, "plain"]);
  await reindexStore(other);
  expect((await rowsOf(other)).map((row) => row.frame_number)).toEqual(twice([-3, -2, -1, 0, 1]));
});

test("samples of frames that are not in the store keep their number, and that is told", async () => {
  const path = await wrappedStore();
  python(writeMotif, [path, "plain"]);
  python(
    "import sys, h5py; f = h5py.File(sys.argv[1], 'r+'); d = f['camera']; a = d[:]; a['frame_number'][1] = 6051; d[:] = a",
    [join(path, "000000.extra_data.h5")],
  );
  const { left } = await reindexStore(path);
  expect(left.map((file) => basename(file))).toEqual(["000000.extra_data.h5"]);
  expect((await rowsOf(path)).slice(0, 4).map((row) => row.frame_number)).toEqual([-4, 6051, -3, -3]);
});

test("HDF5 that cannot take the new numbers is named, and the store stays as it is", async () => {
  const damage: [program: string, message: RegExp][] = [
    [
      "f['camera'] = np.zeros(4, [('frame_number', '<u8'), ('frame_time', '<f8')]) + 6050",
      /-4 is no number of 8 bytes without a sign/,
    ],
    [
      "f.create_dataset('camera', data=np.zeros(4, [('frame_number', '<i8')]), chunks=(2,), compression='lzf')",
      /packed by lzf/,
    ],
    [
      "f['camera'] = np.zeros(4, [('frame_number', '<i8')]); f['_frame_number_before_reindex'] = np.arange(3)",
      /not one value a sample/,
    ],
    ["f['cam'] = 1", /no data set camera/],
    ["f.close(); open(sys.argv[1], 'wb').write(b'nothing')", /HDF5|Motif/],
  ];
  for (const [program, message] of damage) {
    const path = await wrappedStore();
    const start =
      "import sys, numpy as np, h5py; f = h5py.File(sys.argv[1], 'w'); f.attrs['datasets'] = np.bytes_('')";
    python(
      `${start}\n${program.replace(" + 6050", "; f['camera'][:] = np.array([(6050, 0.)] * 4, f['camera'].dtype)")}\nf.close()`,
      [join(path, "000001.extra_data.h5")],
    );
    const content = contentOf(path);
    const refused = reindexStore(path);
    await expect(refused).rejects.toThrow(FileFormatError);
    await expect(refused).rejects.toThrow(message);
    const after = contentOf(path);
    for (const [file, bytes] of Object.entries(content)) expect([file, after[file]]).toEqual([file, bytes]);
    expect(await numbersOf(path)).toEqual(wrapped);
  }
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
