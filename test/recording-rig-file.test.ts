import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { builtInCameras, builtInFormats } from "../src/index.js";
import { exampleRig } from "../src/recording/example-rig.js";
import {
  cameraFields,
  hoursFields,
  rigFields,
  rotateFields,
  triggerFields,
} from "../src/recording/rig-fields.js";
import { parseRig, RigFileError, readRig } from "../src/recording/rig-file.js";
import { parseDuration, parseMoment, parseSize } from "../src/recording/rig-values.js";
import { freePath, parseStorePattern, type StoreFacts } from "../src/recording/store-names.js";

const folder = mkdtempSync(join(tmpdir(), "marey-rig-"));
afterAll(() => rmSync(folder, { recursive: true }));

const now = Date.parse("2026-03-01T12:00:00+01:00") / 1000;
const options = { now, zone: "Europe/Berlin" };
const known = {
  formats: builtInFormats.map(({ name }) => name),
  schemes: builtInCameras.map(({ scheme }) => scheme),
};

/** The problems of a rig, as "line where message". */
function problemsOf(text: string): string[] {
  try {
    parseRig(text, { ...options, ...known });
  } catch (error) {
    if (!(error instanceof RigFileError)) throw error;
    return error.problems.map(({ line, where, message }) => `${line} ${where} ${message}`);
  }
  return [];
}

test("the example is read, shows every key, and is what the program prints", async () => {
  const path = fileURLToPath(new URL("../examples/rig.yaml", import.meta.url));
  expect(readFileSync(path, "utf8")).toBe(exampleRig);
  const rig = await readRig(path, { ...options, ...known });
  expect(rig).toEqual({
    directory: "recordings",
    pattern: "{time:%Y%m%d_%H%M%S}/{name}",
    metadata: { experiment: "open field", animal: 12 },
    ...{ seconds: 7200, frames: 720_000, until: Date.parse("2026-03-01T18:30:00+01:00") / 1000 },
    ...{ armed: false, preTrigger: 5, rotate: { every: "hour", bytes: 50e9 } },
    schedule: [
      { cron: "*/30 8-18 * * mon-fri", seconds: 600 },
      { from: "22:00", to: "06:00" },
    ],
    triggers: { file: "/tmp/record", signal: "SIGUSR1" },
    ...{ durability: "second", minFree: 5 * 2 ** 30, silence: 5 },
    cameras: [
      {
        ...{ name: "top", camera: "synthetic:1280x1024", rate: 100, format: "avc1/mp4", chunkSize: 10_000 },
        ...{ queueBytes: 2 ** 29, drop: "newest", timeout: 5, quality: 20, gop: 30, preset: "veryfast" },
        ...{ fps: 100, threads: 2, hardware: "none", metadata: { position: "above" } },
      },
      {
        ...{ name: "side", camera: "synthetic", rate: 50, format: "avc1/mp4", chunkSize: 10_000 },
        ...{ queueBytes: 2 ** 29, drop: "newest", timeout: 5, width: 640, height: 480, dtype: "uint8" },
        ...{ color: "gray", pixelFormat: "GREY", settings: { exposure_absolute: 100 } },
      },
    ],
  });
  const fields = [cameraFields, hoursFields, rigFields, rotateFields, triggerFields].flatMap(Object.keys);
  const shown = new Set([...exampleRig.matchAll(/^\s*(?:- )?(\w+):/gm)].map(([, key]) => key));
  expect(fields.filter((key) => !shown.has(key))).toEqual([]);
});

test("all that is wrong is told at once, each with its line, its place and what was meant", () => {
  const text = `# a rig
directry: /data
seconds: soon
minFree: 2 gallons
armed: 1
rotate: hour
triggers:
  signal: SIGKILL
schedule:
  - cron: "60 * * * *"
    seconds: 5s
  - from: 25:00
    to: 06:00
  - from: "07:00"
cameras:
  - name: top
    camera: synthetic
    rate: fast
    chunksize: 100
    chunkSize: 1.5
  - name: Top
    camera: synthetik:640x480
    format: png2
    settings: [1, 2]
  - camera: synthetic
    name: ../up
  - 12
  - name: solo
`;
  expect(problemsOf(text)).toEqual([
    "2 directry is no key of a rig; did you mean directory?",
    '3 seconds is "soon"; it must be a duration such as 30s, 10min or 2h',
    '4 minFree is "2 gallons"; it must be a size such as 2 GiB, 500 MB or 4096',
    '5 armed is "1"; it must be true or false',
    '6 rotate is "hour"; it must have keys such as every, bytes',
    '8 triggers.signal is "SIGKILL"; it must be one of SIGUSR1, SIGUSR2',
    '10 schedule[0].cron cannot be used: minute: "60" is none; they are 0 to 59, *, 1-5, 1,2,3 or */2',
    '12 schedule[1].from cannot be used: "25:00" is no time of day, such as 18:30',
    '14 schedule[2] must have either "cron" and "seconds", or "from" and "to"',
    '18 cameras[0].rate is "fast"; it must be a number above 0',
    "19 cameras[0].chunksize is no key of cameras; did you mean chunkSize?",
    '20 cameras[0].chunkSize is "1.5"; it must be a whole number from 1 on',
    '21 cameras[1].name is "Top", which cameras[0] is called already',
    '22 cameras[1].camera is "synthetik:640x480"; did you mean synthetic?',
    '23 cameras[1].format is "png2"; did you mean png?',
    "24 cameras[1].settings is a list of 2; it must be names with one text, number, true or false each",
    '26 cameras[2].name is "../up"; it must be a word of letters, digits, -, _ and ., that begins with a letter or digit',
    '27 cameras[3] is "12"; it must have keys such as name, camera, width, height',
    "28 cameras[4].camera is missing; it must be a camera such as synthetic:640x480@25 or device:/dev/video0",
  ]);
});

test("a file without cameras, twice the same key, defaults with a name: each is told", () => {
  expect(problemsOf("")).toEqual([expect.stringContaining("1  holds no rig; the smallest is")]);
  expect(problemsOf("- a")).toEqual([expect.stringContaining("holds no rig")]);
  expect(problemsOf("seconds: 1\n")).toEqual([expect.stringContaining("1 cameras is missing")]);
  expect(problemsOf("cameras: []\n")).toEqual([expect.stringContaining("a list of 0")]);
  const cameras = "cameras: [{ name: a, camera: synthetic }]\n";
  expect(problemsOf(`${cameras}seconds: 1\nseconds: 2\n`)).toEqual([
    "3 seconds is there twice, in line 2 already",
  ]);
  expect(problemsOf(`${cameras}defaults: { name: b }`)).toEqual([
    expect.stringContaining("2 defaults.name is no key of defaults"),
  ]);
  expect(problemsOf(`${cameras}__proto__: { seconds: 3 }`)).toEqual([
    expect.stringContaining("2 __proto__ is no key of a rig"),
  ]);
  expect(problemsOf(`${cameras}on: 3\n`)).toEqual([expect.stringContaining("2 on is no key")]);
});

test("the message of the error names the file and the lines", async () => {
  const path = join(folder, "bad.yaml");
  writeFileSync(path, "cameras:\n  - { name: a, camera: synthetic, rte: 5 }\n");
  await expect(readRig(path)).rejects.toThrow(
    `${path}:2: cameras[0].rte is no key of cameras; did you mean rate?`,
  );
  await expect(readRig(join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml: ENOENT/);
});

test("hostile YAML is refused in no time, anchors and merges work", () => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 10; i++) {
    const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join()}]`);
  }
  expect(() => parseRig(`${bomb.join("\n")}\n`)).toThrow(/more than 1000000 values/);
  expect(() => parseRig("a: &a [*a]\ncameras: 1\n")).toThrow(/YAML|stands in|values/);
  expect(() => parseRig("cameras: [")).toThrow(/not valid YAML/);
  expect(() => parseRig(`${"[".repeat(1000)}`)).toThrow(/not valid YAML/);
  const rig = parseRig(`
cameras:
  - &top { name: top, camera: synthetic, rate: 10, settings: { gain: 3, auto: true, mode: fast } }
  - { <<: *top, name: side }
  - << : *top
    name: "2"
    rate: 1e1
`);
  expect(rig.cameras.map(({ name, rate, settings }) => [name, rate, settings])).toEqual([
    ["top", 10, { gain: 3, auto: true, mode: "fast" }],
    ["side", 10, { gain: 3, auto: true, mode: "fast" }],
    ["2", 10, { gain: 3, auto: true, mode: "fast" }],
  ]);
});

test("metadata keeps its types, a camera's is laid over that of the defaults", () => {
  const { metadata, cameras } = parseRig(`
metadata: { a: 1, b: 1.5, c: yes, d: text, e: [1, { f: null }] }
defaults: { metadata: { lens: 50 mm, who: all } }
cameras:
  - { name: a, camera: synthetic, metadata: { who: a } }
  - { name: b, camera: synthetic }
`);
  expect(metadata).toEqual({ a: 1, b: 1.5, c: true, d: "text", e: [1, { f: null }] });
  expect(cameras.map((camera) => camera.metadata)).toEqual([
    { lens: "50 mm", who: "a" },
    { lens: "50 mm", who: "all" },
  ]);
});

test("sizes, durations and times are read as people write them", () => {
  for (const [text, bytes] of Object.entries({
    ...{ "2 GiB": 2 ** 31, "2gib": 2 ** 31, "1.5 MiB": 1_572_864, "500 MB": 5e8, "4096": 4096, "7 B": 7 },
  }))
    expect(parseSize(text)).toBe(bytes);
  for (const [text, seconds] of Object.entries({
    ...{ "30s": 30, "10min": 600, "2h": 7200, "1h30min": 5400, "1 h 30 min": 5400, "500 ms": 0.5 },
    ...{ "1:30:00": 5400, "12.5": 12.5, "1d": 86_400, "1.5h": 5400 },
  }))
    expect(parseDuration(text)).toBeCloseTo(seconds, 9);
  for (const text of ["", "s", "-5s", "5 parsecs", "1:90:00", "5s x", "1e3", "٣s"]) {
    expect(() => parseDuration(text)).toThrow(RangeError);
    expect(() => parseSize(text)).toThrow(RangeError);
  }
  const at = (text: string): string => new Date(parseMoment(text, now, "Europe/Berlin") * 1000).toISOString();
  expect(at("18:30")).toBe("2026-03-01T17:30:00.000Z");
  expect(at("11:59")).toBe("2026-03-02T10:59:00.000Z");
  expect(at("2026-07-01 08:00")).toBe("2026-07-01T06:00:00.000Z");
  expect(at("2026-07-01T08:00:30Z")).toBe("2026-07-01T08:00:30.000Z");
  expect(() => at("tomorrow")).toThrow(RangeError);
  expect(() => at("25:00")).toThrow(RangeError);
});

test("stores are called as the pattern says, in local time", () => {
  const pattern = parseStorePattern("{time:%Y-%m-%d}/{name}_{count:03d}_{time:%H-%M-%S}", {
    ...{ names: ["top", "side"], several: true, zone: "Europe/Berlin" },
  });
  const facts: StoreFacts = { name: "top", time: Date.UTC(2026, 6, 1, 22, 30) / 1000, count: 7 };
  expect(pattern.fill(facts)).toBe("2026-07-02/top_007_00-30-00");
  const taken = new Set(["2026-07-02/top_007_00-30-00", "2026-07-02/top_007_00-30-00-2"]);
  expect(freePath(pattern, facts, (path) => taken.has(path))).toBe("2026-07-02/top_007_00-30-00-3");
});

test.each([
  ["{time}", false, /gives stores of top and side the same path: put \{name\}/],
  ["{name}", true, /gives two stores of top the same path: put \{count\} or \{time\}/],
  ["{time:%Y%m%d_%H%M}/{name}", true, /two stores of top/],
  ["{time:%H%M%S}/{name}", true, /two stores of top/],
  ["{name}{count}", true, /the same path|into another/],
  ["../{name}", false, /has a part "\.\."/],
  ["/data/{name}", false, /has an empty part/],
  ["{name}/", false, /has an empty part/],
  ["a//{name}", false, /has an empty part/],
  ["{name}_{time:%T}", false, /has ":" in it/],
  ["{name}\\x", false, /Windows/],
  ["{name}\0", false, /u0000/],
  ["{name}.", false, /ends with a dot/],
  [`${"x".repeat(200)}{name}`, false, /more than 200 bytes/],
  ["{camera}", false, /\{camera\} is none of \{name\} \{time\} \{count\}/],
  ["{time:3}/{name}", false, /no format/],
  ["{name:3}", false, /a name has no format/],
  ["{name", false, /stands alone/],
])("the pattern %s is refused, and the reason is said", (pattern, several, reason) => {
  const names = ["top", "side", ...(pattern === "{name}{count}" ? ["top1"] : [])];
  expect(() => parseStorePattern(pattern, { names, several, zone: "UTC" })).toThrow(reason);
});

test("a store inside another is refused, patterns that are fine are not", () => {
  const check = (pattern: string, several: boolean, ...names: string[]): unknown =>
    parseStorePattern(pattern, { names, several, zone: "Europe/Berlin" });
  expect(() => check("{name}/{count}", true, "a")).not.toThrow();
  expect(() => check("{name}-{count}", true, "a", "a-1")).not.toThrow();
  for (const pattern of [
    "{time}/{name}",
    "{name}/{time:%s}",
    "{count}_{name}",
    "{time:%F_%H-%M-%S}_{name}",
  ]) {
    expect(() => check(pattern, true, "a", "b", "a-b", "a1")).not.toThrow();
  }
  expect(() => check("run", false, "only")).not.toThrow();
});
