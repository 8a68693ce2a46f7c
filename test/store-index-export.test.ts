import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ColumnIndex } from "../src/core/column-index.js";
import { ExistsError, UnsupportedError } from "../src/core/errors.js";
import { parseTimecodes, timecodeLines } from "../src/core/timecodes.js";
import { exportIndex, open, openStore, openVideo } from "../src/index.js";
import { corpusPath, corpusStores, expectedOf } from "./peers/imgstore-corpus.js";
import { python } from "./peers/python.js";
import { corpus, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-index-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads an index as imgstore's ImgStoreIndex does, and says what is in it. */
const judge = `
import sys, json, sqlite3
def J(v): return {'int': str(v)} if isinstance(v, int) else {'float': repr(v)} if isinstance(v, float) else v
out = []
for path in sys.argv[1:]:
    db = sqlite3.connect(path)
    q = lambda sql: [[J(v) for v in row] for row in db.execute(sql)]
    out.append(dict(version=q("SELECT value FROM index_information WHERE name = 'version'"), frames=q('SELECT chunk, frame_idx, frame_number, frame_time FROM frames ORDER BY rowid'),
        chunks=q('SELECT chunk FROM chunks ORDER BY chunk'), summary=q('SELECT name, value FROM summary'),
        schema=sorted(row[0] for row in db.execute('SELECT sql FROM sqlite_master')), check=db.execute('PRAGMA integrity_check').fetchone()[0]))
    db.close()
print(json.dumps(out))
`;

const schema = [
  "CREATE INDEX chunk_index ON frames (chunk, frame_idx)",
  "CREATE TABLE chunks (chunk INTEGER, chunk_path TEXT)",
  "CREATE TABLE frames (chunk INTEGER, frame_idx INTEGER, frame_number INTEGER, frame_time REAL)",
  "CREATE TABLE index_information (name TEXT, value TEXT)",
  "CREATE TABLE summary (name TEXT, value REAL)",
];

test("the SQLite index of every store says what Python's imgstore says", { timeout: 180_000 }, async () => {
  const names = corpusStores.filter((name) => expectedOf(name).open_error === undefined);
  expect(names.length).toBeGreaterThan(140);
  for (const name of names) {
    await using store = await openStore(corpusPath(name));
    await exportIndex(store, join(folder, `${name}.sqlite`));
  }
  const seen = JSON.parse(
    python(
      judge,
      names.map((name) => join(folder, `${name}.sqlite`)),
    ),
  );
  const value = (spelled: { int?: string; float?: string } | null): number | bigint | string | null => {
    if (spelled === null) return null;
    if (spelled.int !== undefined) return String(BigInt(spelled.int));
    return String(Number(spelled.float!.replace("inf", "Infinity").replace("nan", "NaN")));
  };
  for (const [at, name] of names.entries()) {
    const expected = expectedOf(name);
    const found = seen[at];
    expect([name, found.version, found.check, found.schema]).toEqual([name, [["1"]], "ok", schema]);
    expect(found.chunks.map(([chunk]: [{ int: string }]) => Number(chunk.int))).toEqual(expected.chunks);
    const frames = found.frames.map((row: [{ int: string }, { int: string }, never, never]) =>
      row.slice(2).map(value),
    );
    const theirs = expected.frame_metadata.map((stamp) => stamp.map(plain));
    expect([name, frames]).toEqual([name, theirs]);
    const ranks = found.frames.map((row: { int: string }[]) => [Number(row[0]!.int), Number(row[1]!.int)]);
    expect([name, ranks]).toEqual([name, expected.frames.map((frame) => [frame.chunk, frame.frame_idx])]);
    const summary = Object.fromEntries(
      found.summary.map(([key, number]: [string, never]) => [key, value(number)]),
    );
    const { frame_time_min, frame_time_max, frame_min, frame_max } = expected as unknown as Record<
      string,
      unknown
    >;
    if (theirs.length > 0) {
      expect([name, summary]).toEqual(
        [name, { ...{ frame_time_min, frame_time_max }, ...{ frame_min, frame_max } }].map((part) =>
          typeof part === "string" ? part : mapValues(part, plain),
        ),
      );
    }
  }
});

function mapValues(record: object, map: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** As the judge's values are compared: null for NaN, else the number's shortest text. */
function plain(value: unknown): string | null {
  if (value === null || value === "NaN") return null;
  if (typeof value === "object" && value !== null && "$int" in value) return String(value.$int);
  return String(Number(value));
}

test("an index goes into CSV and npz, and never over a file that is there", async () => {
  await using store = await openStore(corpusPath("num_beyond_2_53"));
  const [csv, npz] = [join(folder, "i.csv"), join(folder, "i.npz")];
  await exportIndex(store, csv);
  await exportIndex(store, npz);
  const length = store.index.length;
  const rows = Array.from({ length }, (_, rank) => `${store.index.number(rank)},${store.index.time(rank)}`);
  expect(readFileSync(csv, "utf8")).toBe(`frame_number,frame_time\n${rows.join("\n")}\n`);
  const program =
    "import sys,numpy as np; z=np.load(sys.argv[1]); print(z['frame_number'].tolist(), z['frame_time'].shape)";
  const numbers = Array.from({ length }, (_, rank) => store.index.number(rank)).join(", ");
  expect(python(program, [npz]).trim()).toBe(`[${numbers}] (${length},)`);
  await expect(exportIndex(store, csv)).rejects.toThrow(ExistsError);
  await exportIndex(store, csv, { overwrite: true });
  await expect(exportIndex(store, join(folder, "i.xls"))).rejects.toThrow(UnsupportedError);
  await using video = await open(join(corpusPath("vid_mjpeg_gray"), "000000.avi"));
  await expect(exportIndex(video, join(folder, "v.sqlite"))).rejects.toThrow(UnsupportedError);
  await using large = await openStore(corpusPath("num_uint64_overflow"));
  await expect(exportIndex(large, join(folder, "large.sqlite"))).rejects.toThrow(/frame number/);
  expect(existsSync(join(folder, "large.sqlite"))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("marey index prints CSV, or writes what the name says", async () => {
  const store = corpusPath("num_gaps_npy");
  const { stdout } = await marey(["index", store]);
  expect(stdout.split("\n").length).toBe(expectedOf("num_gaps_npy").frame_count + 2);
  const path = join(folder, "cli.sqlite");
  expect((await marey(["index", store, "-o", path])).code).toBe(0);
  expect(JSON.parse(python(judge, [path]))[0].frames.length).toBe(expectedOf("num_gaps_npy").frame_count);
});

test("time codes are spelled as Python spells them", () => {
  const times = [1700000000.25];
  let state = 7;
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    times.push(times.at(-1)! + (i % 3 === 0 ? (state % 64) / 16_000 : state / 2 ** 36));
  }
  for (const more of [0.0625, 62.5 / 1e3 / 1e3, -1, 1e9 + 1 / 16 / 1000]) times.push(times[0]! + more);
  for (const series of [
    times,
    [0, 0.0000625, 0.0001875, 0.0003125, 0.0625 / 1000, -0.0000625, -0.0001875, -0, 1e-9, -1e-9],
  ]) {
    const program = `
import sys, numpy as np
ts = np.frombuffer(sys.stdin.buffer.read())
ts = ts - ts[0]
sys.stdout.write('# timecode format v2\\n')
for t in ts: sys.stdout.write('{0:.3f}\\n'.format(t * 1000.))
`;
    const index = new ColumnIndex({ times: Float64Array.from(series) });
    const theirs = python(program, [], new Uint8Array(Float64Array.from(series).buffer));
    expect(`${[...timecodeLines(index)].join("\n")}\n`).toBe(theirs);
  }
});

test("time codes of frames without a time are refused; text that is none is no time codes", () => {
  const index = new ColumnIndex({ times: Float64Array.of(0, Number.NaN) });
  expect(() => [...timecodeLines(index)]).toThrow(UnsupportedError);
  expect(parseTimecodes("# timestamp format v2\n0\n40.5\n\n# note\n80\n")).toEqual(
    Float64Array.of(0, 0.0405, 0.08),
  );
  expect(parseTimecodes("frame_number,frame_time\n1,2\n")).toBeUndefined();
  expect(parseTimecodes("# timecode format v2\nx\n")).toBeUndefined();
});

test("mkvmerge takes the time codes of a store, and they are read back from its file", async () => {
  const name = corpusStores.find((store) => store === "vid_mp4_gray") ?? "vid_mjpeg_gray";
  const [store, codes, video] = [corpusPath(name), join(folder, "times.txt"), join(folder, "chunk.mkv")];
  const chunk = readdirSync(store).find((file) => /^000000\.(?:mp4|avi)$/.test(file))!;
  await using opened = await openStore(store);
  const count = opened.chunks[0]!.count;
  const uneven = Array.from({ length: count }, (_, rank) => (rank * rank * 7 + rank * 33) / 1000);
  const index = new ColumnIndex({ times: Float64Array.from(uneven) });
  writeFileSync(codes, `${[...timecodeLines(index)].join("\n")}\n`);
  execFileSync("mkvmerge", ["-q", "-o", video, "--timestamps", `0:${codes}`, join(store, chunk)]);
  await using film = await openVideo(video);
  const times = Array.from({ length: film.index.length }, (_, rank) => film.index.time(rank));
  expect(times.map((time) => Math.round(time * 1000))).toEqual(uneven.map((time) => Math.round(time * 1000)));
});

test("marey timecodes prints what the library gives, of a video too", async () => {
  const video = readdirSync(join(corpus, "videos")).find((name) => name.endsWith(".mp4"))!;
  const path = join(corpus, "videos", video);
  await using film = await open(path);
  const { stdout } = await marey(["timecodes", path]);
  expect(stdout).toBe(`${[...timecodeLines(film.index)].join("\n")}\n`);
});
