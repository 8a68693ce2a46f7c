import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { createStore, open, openStore, syntheticCamera } from "../src/index.js";
import { python } from "./peers/python.js";
import { jsonLines, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-align-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => marey(["align", ...args], { cwd: folder });

async function make(name: string, rate: number, offset: number, lost: readonly number[]): Promise<void> {
  const camera = syntheticCamera({
    width: 160,
    height: 64,
    frames: 20,
    rate,
    pace: "free",
    firstTime: 1_700_000_000,
  });
  const store = await createStore(at(name), { info: camera.info, format: "npy" });
  for await (const frame of camera) {
    if (!lost.includes(frame.number as number)) await store.write({ ...frame, time: frame.time + offset });
  }
  await store.close();
}

beforeAll(async () => {
  await make("left", 50, 0, [3, 4]);
  await make("right", 50, 0.002, [0, 10]);
});

test("without an output it says how many frames go together", async () => {
  const { code, stdout } = await run("left", "right", "--policy", "hold");
  expect(code).toBe(0);
  expect(stdout).toBe(
    "rows   18\nleft   18 frames, in 18 rows\nright  18 frames, in 16 rows, 1 held, 1 missing\n",
  );
});

test("--table is a table that pandas reads, --json the same in lines", async () => {
  const args = ["left", "right", "--by", "time", "--past", "--tolerance", "any", "--reference", "right"];
  const { code, stdout } = await run(...args, "--table");
  expect(code).toBe(0);
  const program = `
import csv, json, sys
print(json.dumps([[r["number"], r["left number"], r["right number"], r["left held"]] for r in csv.DictReader(sys.stdin)]))`;
  const rows = JSON.parse(python(program, [], Buffer.from(stdout))) as string[][];
  const numbers = Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 0 && n !== 10);
  expect(rows).toEqual(numbers.map((n) => [n, n === 3 || n === 4 ? 2 : n, n, 0].map(String)));
  const lines = jsonLines((await run(...args, "--json")).stdout);
  expect(lines).toHaveLength(18);
  expect(lines[1]).toEqual({
    row: 1,
    number: 2,
    time: 1_700_000_000.042,
    frames: {
      left: { index: 2, number: 2, time: 1_700_000_000.04, held: false },
      right: { index: 1, number: 2, time: 1_700_000_000.042, held: false },
    },
  });
});

test("-o writes a store that Python reads, and a video, with every frame beside its own", async () => {
  expect((await run("left", "right", "-o", "both", "--format", "png", "--quiet")).code).toBe(0);
  await using store = await openStore(at("both"));
  const numbers = Array.from({ length: 20 }, (_, n) => n).filter((n) => ![0, 3, 4, 10].includes(n));
  const seen: unknown[] = [];
  for await (const { number, image } of store) {
    seen.push(number);
    expect(image).toMatchObject({ width: 320, height: 64, color: "gray" });
    for (const left of [0, 160]) {
      const data = new Uint8Array(160 * 64);
      for (let y = 0; y < 64; y++) {
        data.set((image.data as Uint8Array).subarray(y * 320 + left, y * 320 + left + 160), y * 160);
      }
      expect(readPaintedNumber({ ...image, width: 160, data })).toBe(number);
    }
  }
  expect(seen).toEqual(numbers);
  const program = `
import cv2, sys
print([cv2.imread(sys.argv[1] + "/000000/%06d.png" % n, -1).shape for n in range(${numbers.length})])`;
  expect(python(program, [at("both")])).toBe(`[${numbers.map(() => "(64, 320)").join(", ")}]\n`);
  const made = await run(
    "left",
    "right",
    "-o",
    "both.mp4",
    "--policy",
    "black",
    "--layout",
    "column",
    "--json",
  );
  expect(made.code).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ output: "both.mp4", frames: 18, damaged: 0 });
  await using film = await open(at("both.mp4"));
  expect([film.index.length, film.info.width, film.info.height]).toEqual([18, 160, 128]);
});

test("a multi-camera store alone brings its cameras along", async () => {
  cpSync(at("left"), at("rig"), { recursive: true });
  const path = at("rig/metadata.yaml");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace("__store:", '__store:\n  extra_cameras: ["../right"]'),
  );
  const { code, stdout } = await run("rig");
  expect([code, stdout]).toEqual([
    0,
    "rows    16\nmaster  18 frames, in 16 rows\nright   18 frames, in 16 rows\n",
  ]);
});

test("a damaged frame ends it and leaves nothing, or is black and told", async () => {
  cpSync(at("right"), at("hurt"), { recursive: true });
  writeFileSync(at("hurt/000000/000005.npy"), "no picture");
  const strict = await run("left", "hurt", "-o", "strict.mp4");
  expect(strict.code).toBe(1);
  expect(strict.stderr).toContain("hurt");
  expect(existsSync(at("strict.mp4"))).toBe(false);
  const mild = await run("left", "hurt", "-o", "mild.mp4", "--damage", "black", "--quiet");
  expect([mild.code, mild.stderr]).toEqual([4, "marey: 1 frame could not be read, and is black\n"]);
  await using film = await open(at("mild.mp4"));
  expect(film.index.length).toBe(16);
});

test("mistakes are told in one line", async () => {
  for (const [args, code, message] of [
    [["left"], 2, "lists no other cameras"],
    [["left", "nowhere"], 1, "no such file or folder"],
    [["left", "right", "--past", "--nearest"], 2, "exclude each other"],
    [["left", "right", "--tolerance", "5 parsecs", "--past"], 2, "is no tolerance"],
    [["left", "right", "--tolerance", "5"], 2, "no tolerance"],
    [["left", "right", "--reference", "middle"], 2, "middle"],
    [["left", "right", "--by", "time", "--exact", "-o", "none.mp4"], 2, "no frames go together"],
  ] as const) {
    const outcome = await run(...args);
    expect([args, outcome.code, outcome.stderr.trim().split("\n").length]).toEqual([args, code, 1]);
    expect(outcome.stderr).toContain(message);
  }
});
