import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStore, encodeNpy, encodeNpz, open, openStore, syntheticCamera } from "../src/index.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-plot-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => marey(["plot", ...args], { cwd: folder });

beforeAll(async () => {
  const camera = syntheticCamera({
    ...{ width: 64, height: 48, frames: 30, rate: 25, pace: "free", firstTime: 1_700_000_000 },
  });
  const store = await createStore(at("rig"), { info: camera.info, format: "npy" });
  let count = 0;
  for await (const frame of camera) {
    await store.write(frame);
    await store.addExtraData({ temperature: 20 + Math.sin(count++ / 5) });
  }
  await store.close();
  const rows = Array.from({ length: 100 }, (_, i) => `${i * 10},${Math.sin(i / 9)},${i % 7}`);
  writeFileSync(at("table.csv"), `t,sine,"saw, tooth"\r\n${rows.join("\r\n")}\r\n`);
  const values = Float64Array.from({ length: 30 }, (_, i) => i ** 2);
  writeFileSync(at("square.npy"), encodeNpy({ dtype: "float64", shape: [30], data: values }));
  const time = Float64Array.from({ length: 30 }, (_, i) => i / 10);
  const column = (data: Float64Array) => ({ dtype: "float64" as const, shape: [30], data });
  writeFileSync(at("arrays.npz"), encodeNpz({ time: column(time), v: column(values), note: "hello" }));
});

test("one picture of the whole chart, which OpenCV reads", async () => {
  const { code, stdout } = await run(
    "table.csv",
    "--unit",
    "ms",
    "-o",
    "chart.png",
    "--title",
    "Ströme",
    "--size",
    "320x200",
  );
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^chart\.png: 1 frame in /)]);
  const program = `
import cv2, sys
image = cv2.imread(sys.argv[1])
print(image.shape, image[0, 0].tolist(), len(set(map(tuple, image.reshape(-1, 3).tolist()))) > 20)`;
  expect(python(program, [at("chart.png")])).toBe("(200, 320, 3) [255, 255, 255] True\n");
  const again = await run("table.csv", "--unit", "ms", "-o", "chart.png");
  expect([again.code, again.stderr.includes("exists already")]).toEqual([1, true]);
});

test("a store's extra data as a store that goes with it, frame by frame", async () => {
  expect(
    (await run("rig", "--like", "rig", "-o", "signals", "--format", "png", "--window", "0.5", "--quiet"))
      .code,
  ).toBe(0);
  await using rig = await openStore(at("rig"));
  await using signals = await openStore(at("signals"));
  expect(signals.index.length).toBe(30);
  for (let i = 0; i < 30; i++) expect(signals.index.stamp(i)).toEqual(rig.index.stamp(i));
});

test("a video of a table, as long as its data", async () => {
  const { code, stdout } = await run(
    "table.csv",
    "--unit",
    "ms",
    "-o",
    "table.mp4",
    "--fps",
    "20",
    "--mode",
    "grow",
    "--json",
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    data: "table.csv",
    output: "table.mp4",
    frames: 20,
    series: ["sine", "saw, tooth"],
  });
  await using film = await open(at("table.mp4"));
  expect([film.index.length, film.info.width, film.info.height]).toEqual([20, 640, 360]);
});

test("arrays: a rate, the frames' own times, or a column of times", async () => {
  for (const [args, frames] of [
    [["square.npy", "--rate", "10", "--fps", "10"], 30],
    [["square.npy", "--like", "rig"], 30],
    [["arrays.npz", "--fps", "5", "--kind", "scatter"], 15],
  ] as const) {
    const { code, stdout, stderr } = await run(
      ...args,
      "-o",
      "out.npy",
      "--overwrite",
      "--size",
      "100x80",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ frames });
  }
});

test("data that count from the first frame go with a video of any clock", async () => {
  const args = [
    "table.csv",
    "--unit",
    "ms",
    "--offset",
    "start",
    "--like",
    "rig",
    "-o",
    "beside.npy",
    "--quiet",
  ];
  expect(await run(...args)).toMatchObject({ code: 0, stderr: "" });
  await using beside = await open(at("beside.npy"));
  expect(beside.index.length).toBe(30);
});

test("mistakes are told in one line, and leave nothing", async () => {
  for (const [args, code, message] of [
    [["nowhere.csv"], 1, "no such file or folder"],
    [["square.npy"], 2, "--rate"],
    [["table.csv", "--columns", "cosine"], 2, 'no column "cosine"; there are t, sine, saw, tooth'],
    [["table.csv", "--like", "rig"], 1, "an offset can be given"],
    [["table.csv", "--kind", "pie"], 2, "pie"],
    [["table.csv", "--size", "big"], 2, "640x360"],
    [["table.csv", "--xlim", "5"], 2, "no limits"],
    [["table.csv", "--legend", "outside"], 2, "legend must be one of"],
    [["table.csv", "--times", "clock", "--zone", "Nowhere/City"], 2, "Nowhere/City"],
    [["table.csv", "--theme", "transparent"], 1, "bgra"],
  ] as const) {
    const outcome = await run(...args, "-o", "none.mp4");
    expect([args, outcome.code, outcome.stderr.trim().split("\n").length]).toEqual([args, code, 1]);
    expect(outcome.stderr).toContain(message);
  }
  expect(existsSync(at("none.mp4"))).toBe(false);
});
