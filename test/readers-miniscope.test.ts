import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError, UnsupportedError } from "../src/core/errors.js";
import type { JoinedSource } from "../src/core/joined-source.js";
import { open, sniff } from "../src/index.js";
import { miniscope } from "../src/readers/miniscope.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab, labSamples, md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-miniscope-"));
afterAll(() => rmSync(folder, { recursive: true }));
const sample = join(lab, "My_V4_Miniscope");
const inSample = (name: string): string => join(sample, name);
const expected = labSamples.My_V4_Miniscope!;
const openDirectly = (path: string) => miniscope.open(path, {}) as Promise<JoinedSource>;
const messages = ({ problems }: JoinedSource): string[] => problems.map(({ message }) => message);

/** A folder of its own; each file is a path to copy, or what to write. */
function session(name: string, files: { readonly [file: string]: string | Uint8Array }): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, from] of Object.entries(files)) {
    if (typeof from === "string" && from.startsWith("/")) copyFileSync(from, join(path, file));
    else writeFileSync(join(path, file), from);
  }
  return path;
}

const [first, second, times] = ["0.avi", "1.avi", "timeStamps.csv"].map(inSample) as [string, string, string];
const dat = (rows: readonly (readonly number[])[]): string =>
  ["camNum\tframeNum\tsysClock\tbuffer", ...rows.map((row) => row.join("\t"))].join("\n");
const clock = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

testSeekableSource("a Miniscope's folder", () => openDirectly(sample));
testMutations(times, (path) => openDirectly(dirname(path)), {
  beside: ["0.avi", "1.avi", "metaData.json"].map(inSample),
  header: 90,
});
testMutations(first, (path) => openDirectly(dirname(path)), {
  beside: ["1.avi", "timeStamps.csv", "metaData.json"].map(inSample),
  // How many frames it has is known from its recorder.
  mayAlwaysOpen: true,
});

test("My_V4_Miniscope: every frame and every time of all videos is what its maker says", async () => {
  expect(await sniff(sample)).toBe("recording");
  await expectSample("My_V4_Miniscope");
});

test("what the recorder says of the device is told, and which videos there are", async () => {
  await using source = await openDirectly(sample);
  expect(source.describe()).toMatchObject({
    format: "miniscope",
    version: 4,
    device: {
      deviceName: "My_V4_Miniscope",
      frameRate: 30,
      framesPerFile: 4,
      ROI: { height: 48, width: 64 },
    },
    videos: [{ frames: 4 }, { frames: 3 }],
  });
  expect(source.problems).toEqual([]);
});

test("videos come in the order in which people count, 10.avi after 9.avi", async () => {
  const videos = Object.fromEntries(clock(11).map((i) => [`${i}.avi`, i === 10 ? second : first]));
  const path = session("many", { ...videos, "metaData.json": '{"frameRate": "20FPS"}' });
  await using source = await openDirectly(path);
  expect(source.index.length).toBe(43);
  const all = await md5s(source);
  expect(all).toEqual([...clock(10).flatMap(() => expected.md5.slice(0, 4)), ...expected.md5.slice(4)]);
  expect(source.index.time(40)).toBe(2);
  expect(messages(source)).toEqual([expect.stringMatching(/no time stamps; times follow 20 frames/)]);
  const backwards: string[] = [];
  for await (const { index } of source.frames({ start: 41, stop: 2, step: -3 })) backwards.push(`${index}`);
  expect(backwards).toEqual(["41", "38", "35", "32", "29", "26", "23", "20", "17", "14", "11", "8", "5"]);
});

test("frames that have no stamp have no time, and no frame takes that of another", async () => {
  const short = readFileSync(times, "utf8").split("\n").slice(0, 6).join("\n");
  const path = session("short", { "0.avi": first, "1.avi": second, "timeStamps.csv": short });
  await using source = await openDirectly(path);
  expect(source.index.length).toBe(7);
  expect(clock(7).map((i) => source.index.time(i))).toEqual([
    0,
    0.033,
    0.067,
    0.1,
    0.134,
    Number.NaN,
    Number.NaN,
  ]);
  expect(messages(source)).toEqual(["holds 5 time stamps, but there are 7 frames"]);
  expect(await md5s(source)).toEqual(expected.md5);
});

test("a video that holds less than it says is damaged, and the others keep their frames and times", async () => {
  const lying = Buffer.from(readFileSync(first));
  lying.writeUInt32LE(5, 48);
  const seven = readFileSync(times, "utf8");
  const path = session("lying", { "0.avi": lying, "1.avi": second, "timeStamps.csv": `${seven}\n7,233,0` });
  await using source = await openDirectly(path);
  expect(source.index.length).toBe(8);
  await expect(source.frame({ index: 1 })).rejects.toThrow(DecodeError);
  await expect(source.frame({ index: 1 })).rejects.toThrow(/0\.avi|has 4 frames, but says 5/);
  expect((await source.frame({ index: 7 })).time).toBe(0.233);
  const damaged: (number | undefined)[] = [];
  const read: number[] = [];
  for await (const { index } of source.frames({ onDamage: ({ frame }) => damaged.push(frame) }))
    read.push(index);
  expect([damaged, read]).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7],
  ]);
});

test("a video in the middle that cannot be read keeps its place; the last one is told and left out", async () => {
  const files = { "0.avi": Buffer.alloc(100), "1.avi": second, "timeStamps.csv": times };
  const known = session("broken", { ...files, "metaData.json": inSample("metaData.json") });
  await using source = await openDirectly(known);
  expect(source.index.length).toBe(7);
  await expect(source.frame({ index: 3 })).rejects.toThrow(DecodeError);
  expect((await source.frame({ index: 4 })).time).toBe(0.134);
  expect(messages(source)).toEqual([expect.stringMatching(/^0\.avi cannot be read/)]);
  await expect(openDirectly(session("unknown", files))).rejects.toThrow(FileFormatError);
  const last = { "0.avi": first, "1.avi": Buffer.alloc(100), "timeStamps.csv": times };
  await using rest = await openDirectly(session("last", last));
  expect(rest.index.length).toBe(4);
  expect(messages(rest)).toEqual([
    expect.stringMatching(/^1\.avi cannot be read/),
    "holds 7 time stamps, but there are 4 frames",
  ]);
});

test("version 3: two cameras in one folder, each with its own videos and stamps", async () => {
  const rows = [
    ...clock(7).map((i) => [1, i + 1, i === 0 ? 4_294_967_000 : i * 33, 1]),
    ...clock(4).map((i) => [0, i + 1, i === 0 ? 77 : i * 40, 1]),
  ];
  const files = { "msCam1.avi": first, "msCam2.avi": second, "behavCam1.avi": first };
  const settings = "animal\texcitation\nrat 7\t12\n";
  const path = session("v3", { ...files, "timestamp.dat": dat(rows), "settings_and_notes.dat": settings });
  await using scope = await openDirectly(path);
  expect(await md5s(scope)).toEqual(expected.md5);
  expect(clock(7).map((i) => scope.index.time(i))).toEqual(clock(7).map((i) => (i * 33) / 1000));
  expect(scope.index.number(0)).toBe(1);
  expect(scope.describe()).toMatchObject({ version: 3, device: { animal: "rat 7" } });
  await using behaviour = await open(path, { key: "behavCam" });
  expect(behaviour.index.length).toBe(4);
  expect(behaviour.index.time(3)).toBe(0.12);
  await expect(open(path, { key: "eyeCam" })).rejects.toThrow(UnsupportedError);
});

test("version 3: two cameras with as many stamps each are not told apart by a guess", async () => {
  const rows = [0, 1].flatMap((camera) => clock(4).map((i) => [camera, i + 1, i * (40 + camera), 1]));
  const path = session("twins", { "msCam1.avi": first, "timestamp.dat": dat(rows) });
  await expect(open(path)).rejects.toThrow(/which stamps.*camera 0 has 4, camera 1 has 4.*channel/);
  await using one = await open(path, { channel: 1 });
  expect(one.index.time(2)).toBe(0.082);
});
