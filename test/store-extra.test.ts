import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Table, tableFromIPC } from "apache-arrow";
import { afterAll, expect, test } from "vitest";
import { FileFormatError, MareyError, StoreFormatError } from "../src/core/errors.js";
import { createStore, openStore } from "../src/index.js";
import { kindOfColumn } from "../src/store/extra/extra-table.js";
import { MotifH5Reader } from "../src/store/extra/motif-h5-reader.js";
import { generator, noiseImage } from "./fixtures/noise-image.js";
import { copyOfStore, corpusPath, corpusStores, expectedOf, spelled } from "./peers/imgstore-corpus.js";
import { python } from "./peers/python.js";
import { jsonLines, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-extra-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withRows = corpusStores.filter((name) => {
  const { open_error, extra_data } = expectedOf(name);
  return open_error === undefined && extra_data !== null && !("error" in extra_data);
});

/** A table's value as Python would have it: NaN for what is missing. */
function pythonValue(value: unknown): unknown {
  if (value === null || value === undefined) return Number.NaN;
  return typeof value === "bigint" ? Number(value) : value;
}

test("the corpus has stores with extra data of every kind", () => {
  expect(withRows.length).toBeGreaterThan(15);
});

for (const name of withRows) {
  test(`${name}: the table has the columns that pandas finds, in its order, and its values`, async () => {
    await using store = await openStore(corpusPath(name));
    const { columns, rows } = expectedOf(name).extra_data!;
    const table = await store.extraTable();
    expect(table.schema.fields.map((field) => field.name)).toEqual(columns);
    expect(table.numRows).toBe(rows.length);
    for (const [at, field] of table.schema.fields.entries()) {
      const column = table.getChildAt(at)!;
      const isJson = field.metadata.get("marey") === "json";
      for (const [row, values] of rows.entries()) {
        const wanted = pythonValue(spelled(values[at]));
        const value: unknown = column.get(row);
        const found = isJson && typeof value === "string" ? JSON.parse(value) : pythonValue(value);
        expect([field.name, row, found]).toEqual([field.name, row, deepNumbers(wanted)]);
      }
    }
    // What is written as Arrow comes back the same.
    const written = join(folder, `${name}.arrow`);
    expect((await marey(["extra", corpusPath(name), "-o", written])).code).toBe(0);
    expect(plain(tableFromIPC(readFileSync(written)))).toEqual(plain(table));
  });
}

function deepNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepNumbers);
  return typeof value === "bigint" ? Number(value) : value;
}

function plain(table: Table): unknown {
  const types = table.schema.fields.map((field) => `${field}`);
  return {
    types,
    rows: table.toArray().map((row) => JSON.stringify(row, (_, v) => (typeof v === "bigint" ? `${v}n` : v))),
  };
}

test("a column has the one type that holds all its values exactly", () => {
  expect(kindOfColumn([true, null])).toBe("bool");
  expect(kindOfColumn([1, -5, undefined])).toBe("int64");
  expect(kindOfColumn([2n ** 62n, 1, Number.NaN])).toBe("int64");
  expect(kindOfColumn([2n ** 63n, 1])).toBe("uint64");
  expect(kindOfColumn([2n ** 63n, -1])).toBe("json");
  expect(kindOfColumn([2n ** 64n])).toBe("json");
  expect(kindOfColumn([1, 1.5, Number.NaN])).toBe("float64");
  expect(kindOfColumn([1, Number.POSITIVE_INFINITY])).toBe("float64");
  expect(kindOfColumn([2n ** 60n, 0.5])).toBe("json");
  expect(kindOfColumn(["a", null])).toBe("text");
  expect(kindOfColumn(["a", 1])).toBe("json");
  expect(kindOfColumn([{ a: 1 }])).toBe("json");
  expect(kindOfColumn([null, undefined])).toBe("null");
});

test("what this library writes comes back in the table, beyond 2^53 too", async () => {
  const info = { width: 8, height: 8, channels: 1, dtype: "uint8", color: "gray" } as const;
  const path = join(folder, "own");
  {
    await using store = await createStore(path, { info, format: "npy", chunkSize: 2 });
    for (let i = 0; i < 5; i++) {
      await store.write({ number: i, time: i / 10, image: noiseImage(info, i) });
      await store.addExtraData({
        count: 2n ** 60n + BigInt(i),
        even: i % 2 === 0,
        ...(i > 2 && { late: `é${i}` }),
      });
    }
  }
  await using store = await openStore(path);
  const table = await store.extraTable();
  expect(table.getChild("count")!.toArray()).toEqual(
    BigInt64Array.from({ length: 5 }, (_, i) => 2n ** 60n + BigInt(i)),
  );
  expect([...table.getChild("even")!]).toEqual([true, false, true, false, true]);
  expect([...table.getChild("late")!]).toEqual([null, null, null, "é3", "é4"]);
  expect(await store.extraSampleRate()).toBeUndefined();
});

test("rows can be had of some chunks only", async () => {
  await using store = await openStore(corpusPath("extra_motif_json_npy"));
  const numbers = async (chunks: number | { start?: number; stop?: number }): Promise<unknown[]> =>
    (await store.extraData({ chunks })).map((row) => row.frame_number);
  expect(await numbers(0)).toEqual([0, 0, 1, 1, 2, 2]);
  expect(await numbers({ start: 1 })).toEqual([3]);
  expect(await numbers({ stop: 1 })).toEqual([0, 0, 1, 1, 2, 2]);
  expect(await numbers(7)).toEqual([]);
  expect((await store.extraFiles()).map((path) => path.slice(-23))).toEqual([
    "/000000.extra_data.json",
    "/000001.extra_data.json",
    "/000002.extra_data.json",
  ]);
});

test("the rows of a chunk in progress are there, and those whose writer is gone", async () => {
  const info = { width: 8, height: 8, channels: 1, dtype: "uint8", color: "gray" } as const;
  const path = join(folder, "live");
  await using store = await createStore(path, { info, format: "npy", chunkSize: 2 });
  for (let i = 0; i < 3; i++) {
    await store.write({ number: i, time: i, image: noiseImage(info, i) });
    await store.addExtraData({ i });
  }
  await using live = await openStore(path);
  expect((await live.extraData()).map((row) => row.i)).toEqual([0, 1, 2]);
});

test("Motif's HDF5 says how many samples a second there are", async () => {
  await using store = await openStore(corpusPath("extra_motif_h5_npy"));
  expect(await store.extraSampleRate()).toBe(50);
});

test("a damaged file gives its whole rows and a problem; strict, it is an error", async () => {
  for (const name of ["extra_corrupt_npy", "extra_corrupt_mjpeg"]) {
    await using store = await openStore(corpusPath(name));
    await expect(store.extraData({ strict: true })).rejects.toThrow(StoreFormatError);
    expect((await store.extraData()).length).toBeGreaterThan(4);
    expect(store.problems.at(-1)!.message).toMatch(/cut short/);
    expect((await marey(["extra", corpusPath(name)])).code).toBe(4);
    const refused = await marey(["extra", corpusPath(name), "--strict"]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^marey: .*extra\.json: cut short.*\n$/),
    ]);
  }
});

/** An HDF5 file as Motif writes it, but for what is asked of it. */
const writeH5 = `
import sys, numpy as np, h5py
path, kind = sys.argv[1:3]
n = 1000
cam = np.zeros(n, [('frame_number', '<i8'), ('frame_time', '>f8'), ('on', '?'), ('name', 'S6'), ('small', '<i2'), ('large', '<u8')])
cam['frame_number'] = np.arange(n) // 2
cam['frame_number'][900:] = -1
cam['frame_time'] = 1.5e9 + np.arange(n) / 100
cam['on'] = np.arange(n) % 3 == 0
cam['name'] = [b'n%d' % i for i in range(n)]
cam['small'] = -np.arange(n)
cam['large'] = 2**60 + np.arange(n, dtype='u8')
with h5py.File(path, 'w', libver='latest' if kind == 'latest' else 'earliest') as f:
    f.attrs['datasets'] = np.bytes_('daq, aux')
    extra = dict(gzip=dict(compression='gzip', shuffle=True, fletcher32=True), lzf=dict(compression='lzf')).get(kind, {})
    f.create_dataset('camera', data=cam, **(dict(chunks=(128,)) if kind == 'gzip' else {}))
    daq = f.create_dataset('daq', data=(np.arange(2 * n, dtype='>f4' if kind == 'big' else '<f4') / 7).reshape(2, n), **extra)
    daq.attrs['column_names'] = 'a, b' if kind == 'latest' else np.bytes_('a, b')
    aux = f.create_dataset('aux', data=np.arange(n, dtype='u2').reshape(1, n), **extra)
    aux.attrs['column_names'] = np.bytes_('c')
    for d in (daq, aux): d.attrs['samplerate'] = 100.0 if kind == 'gzip' or d is daq else 200.0
    f['sample_delay'] = np.arange(n) / 1e4
`;

for (const kind of ["plain", "gzip", "big", "latest"]) {
  test(`HDF5, ${kind}: every sample is the one that h5py wrote`, async () => {
    const path = join(folder, `${kind}.h5`);
    python(writeH5, [path, kind]);
    await using reader = new MotifH5Reader();
    const { length, columns, sampleRate } = await reader.read(readFileSync(path), path);
    expect(length).toBe(900);
    expect(columns.map(({ name }) => name)).toEqual([
      "a",
      "b",
      "c",
      "frame_number",
      "frame_time",
      "on",
      "name",
      "small",
      "large",
      "sample_delay",
    ]);
    const column = (name: string): ArrayLike<unknown> => columns.find((found) => found.name === name)!.values;
    for (let i = 0; i < length; i++) {
      expect([column("a")[i], column("b")[i], column("c")[i]]).toEqual([
        Math.fround(i / 7),
        Math.fround((1000 + i) / 7),
        i,
      ]);
      expect(column("frame_number")[i]).toBe(BigInt(i >> 1));
      expect(column("frame_time")[i]).toBe(1.5e9 + i / 100);
      expect([column("on")[i], column("name")[i]]).toEqual([i % 3 === 0 ? 1 : 0, `n${i}`]);
      expect([column("small")[i], column("large")[i]]).toEqual([i === 0 ? 0 : -i, 2n ** 60n + BigInt(i)]);
      expect(column("sample_delay")[i]).toBe(i / 1e4);
    }
    expect(sampleRate).toBe(kind === "gzip" ? 100 : undefined);
  });
}

test("samples that are packed by a filter which is not built in are refused, not guessed", async () => {
  const path = join(folder, "lzf.h5");
  python(writeH5, [path, "lzf"]);
  await using reader = new MotifH5Reader();
  await expect(reader.read(readFileSync(path), path)).rejects.toThrow(/packed by lzf/);
});

test("a file that promises more than there can be, or leads to another, is refused", async () => {
  const path = join(folder, "hostile.h5");
  const base = `
import sys, numpy as np, h5py
f = h5py.File(sys.argv[1], 'w'); f.attrs['datasets'] = np.bytes_('daq')
cam = np.zeros(10, [('frame_number', '<i8')])
`;
  const hostile: [program: string, message: RegExp][] = [
    [
      "f['camera'] = cam; d = f.create_dataset('daq', (1, 2**40), 'f8', chunks=(1, 1000)); d.attrs['column_names'] = np.bytes_('a')",
      /samples/,
    ],
    [
      "f.create_dataset('camera', (2**33,), cam.dtype, chunks=(1000,)); d = f.create_dataset('daq', (1, 2**33), 'f8', chunks=(1, 1000)); d.attrs['column_names'] = np.bytes_('a')",
      /at most/,
    ],
    ["f['camera'] = cam; f['daq'] = h5py.ExternalLink('/etc/passwd', '/daq')", /no data set|unable|daq/i],
    ["f['camera'] = np.arange(10); f.create_group('daq')", /daq/],
    ["del f.attrs['datasets']", /datasets/],
  ];
  await using reader = new MotifH5Reader();
  for (const [program, message] of hostile) {
    python(`${base}${program}\nf.close()`, [path]);
    const refused = reader.read(readFileSync(path), path);
    await expect(refused).rejects.toThrow(FileFormatError);
    await expect(refused).rejects.toThrow(message);
  }
});

test("2,000 mutations of HDF5 files are read or refused, never more", { timeout: 600_000 }, async () => {
  const path = join(folder, "gzip.h5");
  python(writeH5, [path, "gzip"]);
  const originals = [
    readFileSync(path),
    readFileSync(join(corpusPath("extra_motif_h5_npy"), "000000.extra_data.h5")),
  ];
  const random = generator(5);
  const outcomes = { read: 0, refused: 0 };
  await using reader = new MotifH5Reader();
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from(originals[round % 2]!);
    // The structure stands near the front.
    const reach = random() < 0.7 ? Math.min(4096, bytes.length) : bytes.length;
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
      bytes[Math.floor(random() * reach)] = Math.floor(random() * 256);
    }
    const part = random() < 0.05 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    try {
      const { length, columns } = await reader.read(Uint8Array.from(part), "mutated.h5");
      for (const { values } of columns) expect(values.length).toBe(length);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
      outcomes.refused++;
    }
  }
  expect(outcomes.read).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(100);
});

test("2,000 mutations of JSON rows are read as far as they are whole, and pollute nothing", async () => {
  const path = copyOfStore("extra_types_npy");
  const file = join(path, "000000/index.extra.json");
  const text = readFileSync(file, "utf8");
  const random = generator(9);
  const bits = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "NaN",
    "-",
    "1e999",
    "\\",
    '"__proto__": {"polluted": 1},',
    "null",
    "9".repeat(400),
  ];
  const { parseExtraRows } = await import("../src/store/extra/json-rows.js");
  for (let round = 0; round < 2000; round++) {
    const at = Math.floor(random() * text.length);
    const mutated =
      text.slice(0, at) +
      bits[Math.floor(random() * bits.length)] +
      text.slice(at + Math.floor(random() * 3));
    const { rows } = parseExtraRows(mutated);
    for (const row of rows) expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    if (round % 100 === 0) {
      writeFileSync(file, mutated);
      await using store = await openStore(path);
      await store.extraData();
      await store.extraTable();
    }
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("marey extra prints one JSON object a row, or CSV with every column", async () => {
  const store = corpusPath("extra_types_npy");
  const rows = jsonLines((await marey(["extra", store])).stdout);
  const { columns, rows: theirs } = expectedOf("extra_types_npy").extra_data!;
  expect(rows.length).toBe(theirs.length);
  expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(new Set(columns));
  const csv = join(folder, "rows.csv");
  expect((await marey(["extra", store, "-o", csv])).code).toBe(0);
  const program = "import csv,sys,json; print(json.dumps(list(csv.reader(open(sys.argv[1], newline='')))))";
  const [head, ...lines] = JSON.parse(python(program, [csv])) as string[][];
  expect(head).toEqual(columns);
  expect(lines.length).toBe(theirs.length);
  for (const line of lines) expect(line.length).toBe(columns.length);
  expect((await marey(["extra", store, "-o", csv])).stderr).toMatch(/exists already/);
  expect((await marey(["extra", store, "-o", join(folder, "rows.xls")])).code).toBe(2);
  expect((await marey(["extra", store, "--chunks", "x"])).code).toBe(2);
  const some = jsonLines(
    (await marey(["extra", corpusPath("extra_motif_json_npy"), "--chunks", "1.."])).stdout,
  );
  expect(some.map((row) => row.frame_number)).toEqual([3]);
});
