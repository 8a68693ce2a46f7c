import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createStore,
  decodeFeather,
  encodeFeather,
  exportTimestamps,
  open,
  readLogArchive,
  syntheticCamera,
  timesOfMicroseconds,
  writeLogArchive,
} from "../src/index.js";
import { writeCameraManifest } from "../src/timestamps/camera-manifest.js";
import { python } from "./peers/python.js";
import { corpus, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-times-"));
const at = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const peer = join(corpus, "ataraxis");
const log = join(peer, "demo_data_log");
const micros = 1_795_302_033_171_924n;
let times: BigUint64Array;

/** What the description of the peer's statistics makes of times, in Python. */
const judge = readFileSync(fileURLToPath(new URL("./peers/frame_statistics.py", import.meta.url)), "utf8");

/** A recording of two cameras; the second one loses a frame and is late once. */
async function twoCameras(path: string): Promise<void> {
  mkdirSync(path, { recursive: true });
  const start = 1_795_302_033_000_000n;
  const left = BigUint64Array.from({ length: 100 }, (_, i) => start + BigInt(i + 1) * 10_000n);
  const right = left.filter((_, i) => i !== 40).map((time, i) => time + 5_000n + (i === 70 ? 8_000n : 0n));
  for (const [source, name, values] of [
    [7, "left", left],
    [51, "right", right],
  ] as const) {
    await writeLogArchive(join(path, `${source}_log.npz`), { source, onset: start, times: values });
    await writeCameraManifest(path, { id: source, name });
  }
}

beforeAll(async () => {
  times = (await readLogArchive(join(log, "101_log.npz"))).times;
  await twoCameras(at("two", "deep", "data_log"));
  const camera = syntheticCamera({ width: 16, height: 16, frames: 30, firstNumber: 500, pace: "free" });
  await using store = await createStore(at("store"), { info: camera.info, format: "npy" });
  let count = 0;
  for await (const frame of camera) {
    const index = count++;
    if (index === 10 || index === 11) continue;
    await store.write({ ...frame, time: 1_700_000_000 + index * 0.02 });
  }
});

test("a log is printed as CSV, of the folder, a folder above, the archive, the messages and a Feather file alike", async () => {
  const expected = [
    "number,time,frame_time_us",
    ...Array.from(times, (time, i) => `${i},${Number(time) / 1e6},${time}`),
  ];
  writeFileSync(at("camera_101_timestamps.feather"), encodeFeather(times));
  for (const path of [
    log,
    join(log, "101_log.npz"),
    join(peer, "raw_npy"),
    at("camera_101_timestamps.feather"),
  ]) {
    const { code, stdout, stderr } = await marey(["timestamps", path]);
    expect([path, code, stderr, stdout.trimEnd().split("\n")]).toEqual([path, 0, "", expected]);
  }
  const above = await marey(["timestamps", at("two"), "--source", "51"]);
  expect(above.stdout.split("\n")).toHaveLength(99 + 2);
  const both = (await marey(["timestamps", at("two")])).stdout.split("\n");
  expect([both[0], both[1], both[101]]).toEqual([
    "source,number,time,frame_time_us",
    "51,0,1795302033.015,1795302033015000",
    "7,1,1795302033.02,1795302033020000",
  ]);
});

test("every kind of file has the times to the microsecond", async () => {
  const program = `
import json, numpy as np, sys
npz, npy = np.load(sys.argv[1] + "/t.npz"), np.load(sys.argv[1] + "/t.npy")
print(json.dumps([npz.files, [str(t) for t in npz["frame_time_us"]], npz["frame_number"].dtype.str, npy.dtype.str, [str(t) for t in npy]]))
`;
  const names = ["t.npz", "t.npy", "t.csv", "t.arrow", "t.txt", "t.parquet"];
  for (const name of names) await exportTimestamps(timesOfMicroseconds(times), at(name));
  const { code, stderr, stdout } = await marey(["timestamps", log, "-o", at("cli.csv")]);
  expect([code, stderr, stdout]).toEqual([0, "", `${at("cli.csv")}: 29 frames\n`]);
  expect(readFileSync(at("cli.csv"), "utf8")).toBe(readFileSync(at("t.csv"), "utf8"));
  const texts = Array.from(times, String);
  expect(JSON.parse(python(program, [folder]))).toEqual([
    ["frame_number", "frame_time", "frame_time_us"],
    texts,
    "<i8",
    "<u8",
    texts,
  ]);
  expect(decodeFeather(readFileSync(at("t.arrow")), "t.arrow")).toEqual(times);
  expect(readFileSync(at("t.csv"), "utf8").split("\n")[1]).toBe(`0,1795302033.171924,${micros}`);
  expect(readFileSync(at("t.txt"), "utf8").split("\n").slice(0, 3)).toEqual([
    "# timecode format v2",
    "0.000",
    "34.038",
  ]);
  const again = await marey(["timestamps", log, "-o", at("t.csv")]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
  expect((await marey(["timestamps", log, "-o", at("t.csv"), "--overwrite", "--json"])).stdout).toContain(
    '"frames": 29',
  );
});

test("a folder of logs becomes the files of axvs process, and its tracker says so", async () => {
  const { code, stdout, stderr } = await marey(["timestamps", log, "-o", at("processed")]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("101 face_camera: 29 frames");
  const output = at("processed", "camera_timestamps");
  expect(readdirSync(output).sort()).toEqual([
    "camera_101_timestamps.feather",
    "camera_processing_tracker.yaml",
    "camera_processing_tracker.yaml.lock",
  ]);
  expect(decodeFeather(readFileSync(join(output, "camera_101_timestamps.feather")), "x")).toEqual(times);
  // But for who did it and when, the peer's own.
  const plain = (text: string) => text.replace(/pid:\d+/, "pid").replace(/_at: \d{16}\n/g, "_at: time\n");
  const [theirs] = readFileSync(join(peer, "camera_processing_tracker.yaml"), "utf8").split(
    /(?= {2}9f7bd4351208698d)/,
  );
  const ours = readFileSync(join(output, "camera_processing_tracker.yaml"), "utf8");
  expect(plain(ours)).toBe(`${plain(theirs!)}...\n`);
  expect((await marey(["timestamps", log, "-o", at("processed")])).code).toBe(0);
});

test("sources and jobs are chosen, others keep their state; one that fails is told and the rest is done", async () => {
  const tree = at("part");
  cpSync(at("two"), tree, { recursive: true });
  const run = (...args: string[]) => marey(["timestamps", tree, "-o", at("out"), "--json", ...args]);
  const first = JSON.parse((await run("--source", "7")).stdout);
  expect(first.jobs).toMatchObject([{ source: "7", name: "left", frames: 100, error: null }]);
  const tracker = () =>
    JSON.parse(
      python("import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['jobs']))", [
        at("out", "camera_timestamps", "camera_processing_tracker.yaml"),
      ]),
    ) as Record<string, { status: number; specifier: string; error_message: string | null }>;
  expect(Object.values(tracker()).map(({ specifier, status }) => [specifier, status])).toEqual([["7", 2]]);
  expect((await run("--job", "bf376de1febf029c")).code).toBe(0);
  expect(Object.values(tracker()).map(({ specifier, status }) => [specifier, status])).toEqual([
    ["7", 2],
    ["51", 2],
  ]);

  const archive = join(tree, "deep/data_log/51_log.npz");
  writeFileSync(archive, readFileSync(archive).subarray(0, 5000));
  const partly = await run();
  expect([partly.code, partly.stderr]).toEqual([
    4,
    expect.stringContaining("51_log.npz: not a zip archive, or cut short"),
  ]);
  expect(tracker().bf376de1febf029c).toMatchObject({
    status: 3,
    error_message: expect.stringContaining("cut short"),
  });
  expect(readdirSync(at("out", "camera_timestamps"))).toHaveLength(4);

  expect([(await run("--source", "9")).code, (await run("--job", "00")).code]).toEqual([2, 2]);
  rmSync(archive);
  const missing = await run();
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringContaining("camera 51: there is no 51_log.npz"),
  ]);
  expect((await run("--source", "7")).code).toBe(0);
});

test("several recordings in one tree each have a folder of their own", async () => {
  const { code } = await marey(["timestamps", peer, "-o", at("all"), "-q"]);
  expect(code).toBe(0);
  for (const name of ["demo_data_log", "raw_npy"]) {
    const file = at("all", name, "camera_timestamps", "camera_101_timestamps.feather");
    expect(decodeFeather(readFileSync(file), file)).toEqual(times);
  }
});

test("a store becomes a log of the peer, and comes back", async () => {
  mkdirSync(at("made"));
  const { code, stderr } = await marey([
    "timestamps",
    at("store"),
    "-o",
    at("made", "9_log.npz"),
    "--name",
    "top",
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(readFileSync(at("made", "camera_manifest.yaml"), "utf8")).toBe(
    "---\nsources:\n- id: 9\n  name: top\n...\n",
  );
  const [direct, back] = await Promise.all(
    [at("store"), at("made")].map((path) => marey(["timestamps", path])),
  );
  const column = (text: string) => text.split("\n").map((line) => line.split(",")[2]);
  expect(column(back!.stdout)).toEqual(column(direct!.stdout));
  expect(direct!.stdout.split("\n").slice(0, 3)).toEqual([
    "number,time,frame_time_us",
    "500,1700000000,1700000000000000",
    "501,1700000000.02,1700000000020000",
  ]);
});

test("the peer's video gets its true times from its log, or from the Feather file", async () => {
  writeFileSync(at("t.feather"), encodeFeather(times));
  for (const timestamps of [join(log, "101_log.npz"), at("t.feather")]) {
    await using film = await open(join(peer, "101.mp4"), { timestamps });
    const found = Array.from({ length: film.index.length }, (_, frame) => film.index.time(frame));
    expect(found).toEqual(Array.from(times, (time) => Number(time) / 1e6));
    const { index } = await film.frame({ time: 1_795_302_033.5, match: "nearest" });
    expect(Math.abs(found[index]! - 1_795_302_033.5)).toBeLessThan(0.02);
  }
  writeFileSync(at("short.feather"), encodeFeather(times.slice(1)));
  await expect(open(join(peer, "101.mp4"), { timestamps: at("short.feather") })).rejects.toThrow(
    /holds 28 times/,
  );
});

test("messages are put into archives", async () => {
  cpSync(join(peer, "raw_npy"), at("loose"), { recursive: true });
  const { stdout, code } = await marey(["timestamps", at("loose"), "--assemble", "--verify", "--json"]);
  expect([code, JSON.parse(stdout).archives]).toMatchObject([0, [{ source: "101", entries: 30 }]]);
  expect(readFileSync(at("loose", "101_log.npz")).equals(readFileSync(join(log, "101_log.npz")))).toBe(true);
  expect(readdirSync(at("loose")).sort()).toEqual(["101_log.npz", "camera_manifest.yaml"]);
});

test("statistics are those of the peer's tool, and more where frames have numbers", async () => {
  const files = [join(log, "101_log.npz"), at("two", "deep", "data_log"), at("store")];
  const { code, stdout } = await marey(["stats", ...files, "--json"]);
  expect(code).toBe(0);
  const { total_files, results, together } = JSON.parse(stdout);
  expect([total_files, results.map((one: { source?: string }) => one.source)]).toEqual([
    4,
    ["101", "51", "7", undefined],
  ]);
  const stamps = await Promise.all(
    [
      ["101", files[0]!],
      ["51", files[1]!],
      ["7", files[1]!],
      [undefined, files[2]!],
    ].map(async ([source, path]) => {
      const { stdout } = await marey([
        "timestamps",
        path!,
        ...(source && path === files[1] ? ["--source", source] : []),
      ]);
      return stdout
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split(",").at(-1));
    }),
  );
  const asked = stamps.map((times) => ({ times, threshold: 0, locations: 50 }));
  const verdicts = JSON.parse(python(judge, [], Buffer.from(JSON.stringify(asked)))) as {
    statistics: object;
    percentiles: object;
  }[];
  for (const [i, { statistics, percentiles }] of verdicts.entries()) {
    expect(results[i]).toMatchObject({ ...statistics, percentiles_us: percentiles });
  }
  expect(results[1].frame_drop_analysis).toMatchObject({
    ...{ total_gaps_detected: 2, jitter_compensated_gaps: 1, total_estimated_dropped_frames: 1 },
    drop_locations: [
      { frame_index: 39, estimated_frames_lost: 1 },
      { frame_index: 69, estimated_frames_lost: 0 },
    ],
  });
  expect(results[0].numbers).toBeNull();
  expect(results[3].numbers).toMatchObject({
    missing: 2,
    gaps: { count: 1, first: [{ from: 509, to: 512, missing: 2 }] },
  });
  expect(results[3].frame_drop_analysis.total_estimated_dropped_frames).toBe(2);
  expect(together).toMatchObject({ common_start_us: null, common_seconds: 0 });
});

test("for people it is a table; cameras that ran together are compared", async () => {
  const { stdout, code } = await marey(["stats", at("two")]);
  expect(code).toBe(0);
  expect(stdout).toContain("(51 right)");
  expect(stdout).toContain("gaps         2 above 15.000 ms: about 1 frame lost (1 %), 1 only late");
  expect(stdout).toContain("after frame 39: 20.000 ms, 1 lost");
  expect(stdout).toContain("starts  5.000 ms from the first to the last");
  const store = await marey(["stats", at("store"), "--max-locations", "0"]);
  expect(store.stdout).toMatch(/numbers +2 missing in 1 gap\n +between 509 and 512: 2 missing/);
});

test("what cannot be read is told beside the rest", async () => {
  writeFileSync(at("bad.feather"), "ARROW1 and no more");
  const { code, stdout } = await marey(["stats", join(log, "101_log.npz"), at("bad.feather"), "--json"]);
  expect([code, JSON.parse(stdout).results[1]]).toEqual([
    4,
    { file: at("bad.feather"), error: expect.stringContaining("bad.feather") },
  ]);
  expect((await marey(["stats", at("bad.feather")])).code).toBe(1);
  expect((await marey(["stats", at("none")])).code).toBe(1);
  for (const args of [
    ["stats", log, "--drop-threshold", "-5"],
    ["stats", log, "--source", "9"],
    ["stats", at("store"), "--source", "9"],
    ["timestamps", at("two"), "-o", at("x.csv")],
    ["timestamps", log, "--format", "npz"],
    ["timestamps", log, "--verify"],
    ["timestamps", log, "--job", "00"],
  ]) {
    const { code, stderr } = await marey(args);
    expect([args, code, stderr.split("\n").length]).toEqual([args, 2, 2]);
  }
  const odd = await marey(["timestamps", at("store"), "-o", at("x.xyz")]);
  expect([odd.code, odd.stderr]).toEqual([1, expect.stringContaining("unsupported file for times: x.xyz")]);
  expect((await marey(["timestamps", at("store"), "-o", at("300_log.npz")])).code).toBe(1);
});
