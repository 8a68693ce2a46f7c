import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  ExistsError,
  FileFormatError,
  FrameMismatchError,
  NotFoundError,
  UnsupportedError,
} from "../src/core/errors.js";
import {
  assembleStore,
  createVideo,
  exportIndex,
  openStore,
  openVideo,
  readFrame,
  readPaintedNumber,
  syntheticCamera,
} from "../src/index.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-assemble-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A film whose pictures carry their numbers, `first` and on. */
async function film(
  name: string,
  frames: number,
  first: number,
  size: readonly [number, number] = [64, 48],
): Promise<string> {
  const path = join(folder, name);
  const [width, height] = size;
  await using out = await createVideo(path, { fps: 25, preset: "ultrafast", quality: 20 });
  const camera = syntheticCamera({ width, height, frames, firstNumber: first, pace: "free" });
  for await (const frame of camera) await out.write(frame);
  return path;
}

async function paintedNumbers(store: string): Promise<[number, number | undefined][]> {
  await using opened = await openStore(store);
  const found: [number, number | undefined][] = [];
  for await (const { number, image } of opened) found.push([Number(number), readPaintedNumber(image)]);
  return found;
}

function seenByPython(store: string): {
  store: { extension: string; chunksize: number };
  user: object;
  frames: [number, string, number][];
} {
  const program = new URL("./peers/read_store.py", import.meta.url).pathname;
  return JSON.parse(
    execFileSync("/usr/bin/python3", [program, store], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

test("videos become chunks as they are, with numbers and times of their own, for Python too", async () => {
  const [a, b] = [await film("a.mp4", 30, 100), await film("b.mp4", 12, 500)];
  const [bytesA, bytesB] = [readFileSync(a), readFileSync(b)];
  const path = join(folder, "given");
  const numbers = Array.from({ length: 30 }, (_, i) => 100 + i);
  const times = Array.from({ length: 30 }, (_, i) => 1.7e9 + i / 30);
  await assembleStore(path, {
    chunks: [
      { video: a, numbers, times },
      { video: b, numbers: Array.from({ length: 12 }, (_, i) => 500 + i) },
    ],
    metadata: { fly: 12 },
  });
  expect(readFileSync(join(path, "000000.mp4")).equals(bytesA)).toBe(true);
  expect(readFileSync(join(path, "000001.mp4")).equals(bytesB)).toBe(true);
  expect(existsSync(a)).toBe(true);
  const painted = await paintedNumbers(path);
  expect(painted.length).toBe(42);
  for (const [number, inPicture] of painted) expect(inPicture).toBe(number);
  const seen = seenByPython(path);
  expect(seen.frames.map(([chunk, number]) => [chunk, Number(number)])).toEqual(
    painted.map(([number], rank) => [rank < 30 ? 0 : 1, number]),
  );
  expect(seen.frames.slice(0, 30).map(([, , time]) => time)).toEqual(times);
  // Without times of its own the second is played after the first.
  expect(seen.frames[30]![2]).toBeCloseTo(1.7e9 + 30 / 30, 5);
  expect(seen.frames[31]![2] - seen.frames[30]![2]).toBeCloseTo(0.04, 5);
  expect(seen.user).toEqual({ fly: 12 });
  expect(seen.store).toMatchObject({ extension: ".mp4", chunksize: 30 });
  await using store = await openStore(path);
  expect(store.problems).toEqual([]);
});

test("videos that move are gone once the store is whole", async () => {
  const moved = await film("moved.mkv", 9, 0);
  const path = join(folder, "moved");
  await assembleStore(path, { chunks: [{ video: moved }], mode: "move", color: "gray" });
  expect(existsSync(moved)).toBe(false);
  expect((await paintedNumbers(path)).map(([number, painted]) => number === painted)).toEqual(
    Array(9).fill(true),
  );
  expect((await readFrame(path, { number: 3 })).image.color).toBe("gray");
});

test("what does not fit is refused, and nothing is left, moved or half there", async () => {
  const fits = await film("fits.mp4", 10, 0);
  const small = await film("small.mp4", 10, 0, [32, 32]);
  const other = await film("other.mkv", 10, 0);
  const text = join(folder, "text.mp4");
  writeFileSync(text, "no video");
  const path = join(folder, "refused");
  const before = readdirSync(folder).sort();
  const attempts: [
    chunks: Parameters<typeof assembleStore>[1]["chunks"],
    error: new (...args: never[]) => Error,
    message: RegExp,
  ][] = [
    [
      [{ video: fits, numbers: [1, 2, 3] }],
      FileFormatError,
      /holds 10 frames, but there are 3 frame numbers/,
    ],
    [
      [{ video: fits, times: new Float64Array(11) }],
      FileFormatError,
      /holds 10 frames, but there are 11 frame times/,
    ],
    [[{ video: fits }, { video: small }], FrameMismatchError, /32x32/],
    [[{ video: fits }, { video: other }], UnsupportedError, /\.mp4 and \.mkv/],
    [[{ video: fits }, { video: join(folder, "none.mp4") }], NotFoundError, /none\.mp4/],
    [[{ video: fits }, { video: text }], Error, /text\.mp4/],
    [[], UnsupportedError, /no video/],
  ];
  for (const [chunks, error, message] of attempts) {
    const refused = assembleStore(path, { chunks, mode: "move" });
    await expect(refused).rejects.toThrow(error);
    await expect(refused).rejects.toThrow(message);
    expect(readdirSync(folder).sort()).toEqual(before);
  }
  mkdirSync(path);
  writeFileSync(join(path, "notes.txt"), "mine");
  await expect(assembleStore(path, { chunks: [{ video: fits }] })).rejects.toThrow(ExistsError);
  expect(readdirSync(path)).toEqual(["notes.txt"]);
});

test("marey assemble takes numbers and times from the files beside its videos", async () => {
  const names = ["one", "two", "three", "four"];
  for (const [rank, name] of names.entries()) await film(`${name}.avi`, 6, rank * 100);
  const at = (name: string): string => join(folder, name);
  writeFileSync(
    at("one.csv"),
    `frame_number,frame_time\n${Array.from({ length: 6 }, (_, i) => `${i},${1000 + i / 10}`).join("\n")}\n`,
  );
  writeFileSync(
    at("two.timecodes.txt"),
    `# timecode format v2\n${Array.from({ length: 6 }, (_, i) => i * 50).join("\n")}\n`,
  );
  const made = join(folder, "made");
  await assembleStore(made, {
    chunks: [
      { video: at("three.avi"), numbers: [200, 201, 202, 203, 204, 205], times: [1, 2, 4, 8, 16, 32] },
    ],
  });
  copyFileSync(join(made, "000000.npz"), at("three.npz"));
  const out = join(folder, "beside");
  const run = await marey([
    "assemble",
    out,
    ...names.map((name) => at(`${name}.avi`)),
    "--metadata",
    "rig=7",
  ]);
  expect([run.code, run.stdout]).toEqual([0, `${out}: 24 frames in 4 chunks\n`]);
  const { frames, user } = seenByPython(out);
  expect(user).toEqual({ rig: "7" });
  expect(frames.map(([, number]) => Number(number))).toEqual([
    ...[0, 1, 2, 3, 4, 5],
    ...[6, 7, 8, 9, 10, 11],
    ...[200, 201, 202, 203, 204, 205],
    ...[206, 207, 208, 209, 210, 211],
  ]);
  expect(frames.slice(0, 6).map(([, , time]) => time)).toEqual(
    Array.from({ length: 6 }, (_, i) => 1000 + i / 10),
  );
  expect(frames.slice(6, 12).map(([, , time]) => Math.round(time * 1000))).toEqual([
    0, 50, 100, 150, 200, 250,
  ]);
  expect(frames.slice(12, 18).map(([, , time]) => time)).toEqual([1, 2, 4, 8, 16, 32]);
});

test("marey assemble counts and times frames as it is told", async () => {
  const videos = [await film("p.mp4", 5, 0), await film("q.mp4", 5, 0)];
  const out = join(folder, "told");
  const args = ["--first-number", "70", "--fps", "200", "--start-time", "2026-03-01T10:00:00.5Z", "--json"];
  const run = await marey(["assemble", out, ...videos, ...args]);
  expect(JSON.parse(run.stdout)).toEqual({ path: out, frames: 10, chunks: 2 });
  const { frames } = seenByPython(out);
  const start = Date.UTC(2026, 2, 1, 10) / 1000 + 0.5;
  expect(frames.map(([, number, time]) => [Number(number), time])).toEqual(
    Array.from({ length: 10 }, (_, i) => [70 + i, start + i / 200]),
  );
  expect((await marey(["assemble", out, ...videos])).stderr).toMatch(/exists already/);
  expect((await marey(["assemble", join(folder, "x"), ...videos, "--start-time", "noon"])).code).toBe(2);
});

test("the index of a video, given to the store that is made of it, is that of the video", async () => {
  const video = await film("round.mkv", 20, 0);
  await using opened = await openVideo(video);
  await exportIndex(opened, join(folder, "round.csv"));
  const out = join(folder, "round");
  expect((await marey(["assemble", out, video])).code).toBe(0);
  await using store = await openStore(out);
  for (let i = 0; i < 20; i++) expect(store.index.stamp(i)).toEqual(opened.index.stamp(i));
});
