import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderProgress } from "../src/cli/progress.js";
import { corpus, jsonLines, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));
const film = join(corpus, "videos/ref_h264_bf0.mp4");
const films = join(folder, "films");
const out = join(folder, "out");

beforeAll(() => {
  mkdirSync(films);
  copyFileSync(film, join(films, "cam2.mp4"));
  copyFileSync(join(corpus, "videos/vfr.mkv"), join(films, "cam10.mkv"));
  copyFileSync(join(corpus, "videos/h264_bf3.avi"), join(films, "third.avi"));
  writeFileSync(join(films, "notes.txt"), "no film");
});
beforeEach(() => rmSync(out, { recursive: true, force: true }));

const results = (): string[] =>
  existsSync(out)
    ? readdirSync(out)
        .filter((name) => !name.endsWith(".recipe.json"))
        .sort()
    : [];

describe("several inputs", () => {
  test("of which one is damaged: the others are made, and the exit code says so", async () => {
    const broken = join(films, "broken.mp4");
    copyFileSync(film, broken);
    truncateSync(broken, 300);
    const { code, stdout, stderr } = await marey(["convert", films, `${out}/{name}.npy`, "--stop", "5"]);
    rmSync(broken);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^marey: .*broken\.mp4: .+\n$/);
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/cam2\.npy: 5 frames in /),
      expect.stringMatching(/cam10\.npy: 5 frames in /),
      expect.stringMatching(/third\.npy: 5 frames in /),
      expect.stringMatching(/^3 of 4 inputs converted, 1 failed, 15 frames in /),
    ]);
    expect(results()).toEqual(["cam10.npy", "cam2.npy", "third.npy"]);
  });

  test("as JSON: one object a line, and one for all", async () => {
    const inputs = [film, join(folder, "nowhere.mp4")];
    const { code, stdout, stderr } = await marey([
      "convert",
      ...inputs,
      `${out}/{name}`,
      "--stop",
      "4",
      "--json",
    ]);
    expect({ code, stderr }).toEqual({ code: 4, stderr: "" });
    expect(jsonLines(stdout)).toMatchObject([
      { input: film, output: `${out}/ref_h264_bf0`, frames: 4, recipe: `${out}/ref_h264_bf0.recipe.json` },
      { input: inputs[1], error: expect.stringMatching(/no such file/), code: "NOT_FOUND" },
      { inputs: 2, converted: 1, there: 0, failed: 1, frames: 4 },
    ]);
  });

  test("a pattern of films gives each, in the order of people; a pattern of pictures is one film", async () => {
    const many = await marey(["convert", `${films}/cam*.m*`, `${out}/{name}.npy`, "--stop", "2", "--json"]);
    expect(jsonLines(many.stdout).map(({ output }) => output)).toEqual([
      `${out}/cam2.npy`,
      `${out}/cam10.npy`,
      undefined,
    ]);
    const one = await marey(["convert", join(corpus, "lab/imgs/*"), join(folder, "one.npy"), "--json"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ frames: 12 });
  });

  test.each<[string, string[], RegExp]>([
    ["into one output", [films, "out.npy"], /3 inputs .* OUT needs \{name\}/],
    [
      "with the same name",
      [film, film, `${out}/{name}.npy`],
      /would both be written into .*ref_h264_bf0\.npy/,
    ],
    [
      "over one of them",
      [`${films}/*.mp4`, `${films}/*.mkv`, `${films}/{name}.mp4`],
      /cam2\.mp4 is an input/,
    ],
    ["none, for nothing is in the folder", [out, `${out}/{name}.npy`], /no video and no store/],
    ["without an output", [film], /OUT is missing/],
  ])("%s are refused before anything is written", async (_what, args, message) => {
    mkdirSync(out);
    const { code, stdout, stderr } = await marey(["convert", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(readdirSync(out)).toEqual([]);
  });

  test("--resume makes what is missing, changed or was made in another way, and nothing else", async () => {
    const run = async (...more: string[]): Promise<Record<string, unknown>> => {
      const args = ["convert", films, `${out}/{name}.npy`, "--stop", "4", "--resume", "--json", ...more];
      const { code, stdout, stderr } = await marey(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const lines = jsonLines(stdout);
      return {
        ...lines.at(-1),
        made: lines
          .filter(({ frames, output }) => output && frames)
          .map(({ output }) => String(output).slice(out.length + 1)),
      };
    };
    expect(await run()).toMatchObject({ converted: 3, there: 0 });
    const before = statSync(join(out, "cam2.npy")).mtimeMs;
    expect(await run()).toMatchObject({ converted: 0, there: 3, made: [] });
    expect(statSync(join(out, "cam2.npy")).mtimeMs).toBe(before);
    rmSync(join(out, "cam10.npy"));
    truncateSync(join(out, "third.npy"), 1000);
    expect(await run()).toMatchObject({ there: 1, made: ["cam10.npy", "third.npy"] });
    appendFileSync(join(films, "cam2.mp4"), Buffer.alloc(8, "free"));
    expect(await run()).toMatchObject({ there: 2, made: ["cam2.npy"] });
    expect(await run("-t", "flip")).toMatchObject({ there: 0, converted: 3 });
  });
});

describe("a recipe on the command line", () => {
  test("makes the same bytes again, and refuses an input that has changed", async () => {
    mkdirSync(out);
    const input = join(out, "in.mp4");
    copyFileSync(film, input);
    const first = join(out, "a.mp4");
    await marey([
      "convert",
      input,
      first,
      "--start",
      "10",
      "-t",
      "crop:left=80",
      "--quality",
      "30",
      "--gop",
      "5",
    ]);
    const recipe = `${first}.recipe.json`;
    const again = await marey(["convert", "--recipe", recipe, input, join(out, "b.mp4")]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(out, "b.mp4")).equals(readFileSync(first))).toBe(true);
    const alone = await marey(["convert", "--recipe", recipe]);
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringMatching(/a\.mp4 exists already/) });
    const more = await marey(["convert", "--recipe", recipe, input, join(out, "c.mp4"), "--gop", "3"]);
    expect(more).toMatchObject({ code: 2, stderr: expect.stringMatching(/--gop: the recipe says/) });
    appendFileSync(input, Buffer.alloc(8));
    const changed = await marey(["convert", "--recipe", recipe, input, join(out, "c.mp4")]);
    expect(changed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not what the recipe .* was made with/),
    });
    expect(existsSync(join(out, "c.mp4"))).toBe(false);
    expect((await marey(["convert", "--recipe", recipe, input, join(out, "c.mp4"), "--force"])).code).toBe(0);
    const none = await marey(["convert", "--recipe", join(films, "notes.txt")]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/no recipe/) });
  });

  test("of a copy makes the same copy, and --no-recipe leaves none", async () => {
    mkdirSync(out);
    const copy = join(out, "copy.mkv");
    const cut = await marey(["clip", film, "37..50", copy, "--copy", "--no-recipe"]);
    expect(cut).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/frames 30 to 49.*7 before, from the keyframe/),
    });
    expect(readdirSync(out)).toEqual(["copy.mkv"]);
    await marey(["convert", "--copy", film, join(out, "one.mp4"), "--start", "37"]);
    const again = await marey([
      "convert",
      "--recipe",
      join(out, "one.mp4.recipe.json"),
      film,
      join(out, "two.mp4"),
    ]);
    expect(again.code).toBe(0);
    expect(readFileSync(join(out, "two.mp4")).equals(readFileSync(join(out, "one.mp4")))).toBe(true);
    const exact = await marey(["clip", film, "37..50", join(out, "exact.mp4"), "--copy", "exact"]);
    expect(exact).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/frames 37 to 49 cannot be cut out/),
    });
  });
});

test("--dry-run says what would be done, step by step, and writes nothing", async () => {
  const args = ["convert", film, `${out}/x.mp4`, "-t", "crop:left=20", "-t", "subsample:3", "--stop", "20"];
  const { code, stdout } = await marey([...args, "--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/x\.mp4\n +reads +video, 90 frames of 320x240 bgr uint8\n/);
  expect(stdout).toMatch(/^ +crop:left=20 +90 frames of 300x240 bgr uint8$/m);
  expect(stdout).toMatch(/^ +subsample:every=3 +30 frames of 300x240 bgr uint8$/m);
  expect(stdout).toMatch(/^ +frames +0 to 19: 20 frames$/m);
  expect(stdout).toMatch(/^ +writes +video, fps 10$/m);
  const json = await marey([...args, "--dry-run", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    input: { kind: "video", frames: 90 },
    steps: [{ transform: "crop:left=20" }, { transform: "subsample:every=3", frames: 30 }],
    output: { kind: "video", exists: false },
  });
  await marey(["convert", films, `${out}/{name}.mp4`, "--dry-run"]);
  expect(existsSync(out)).toBe(false);
});

describe("a preset", () => {
  const preset = join(folder, "lab.yaml");
  const dry = async (...more: string[]): Promise<Record<string, unknown>> => {
    const args = ["convert", film, `${out}/x.mp4`, "--preset", preset, ...more, "--dry-run", "--json"];
    const { code, stdout, stderr } = await marey(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  test("stands for its options; those on the command line win", async () => {
    writeFileSync(
      preset,
      "start: 0:01\nquality: 30\nb-frames: 2\npreset: slow\ntimes: true\ntransform:\n- crop: {left: 20, top: 10}\n- flip\n",
    );
    expect(await dry()).toMatchObject({
      frames: { start: 30, count: 60 },
      steps: [{ transform: "crop:left=20,top=10" }, { transform: "flip" }],
      output: { options: { quality: 30, bFrames: 2, preset: "slow", times: true } },
    });
    const own = await dry("--quality", "12", "-t", "crop:left=100", "--preset", "medium");
    expect(own).toMatchObject({
      steps: [{ transform: "crop:left=100" }],
      output: { options: { quality: 12, bFrames: 2, preset: "medium" } },
    });
    expect(own.steps).toHaveLength(1);
  });

  test.each([
    ["qualty: 30", /there is no option "qualty"; known: .*quality/],
    ["quality: much", /quality: "much" is not a number above 0/],
    ["codec: divx", /codec: "divx" is none of h264/],
    ["times: perhaps", /times: must be true or false/],
    ["transform: [{crop: 3}]", /transform: a transform is a text/],
    ["dry-run: true", /there is no option "dry-run"/],
    ["- h264", /no options in it/],
    ["{", /cannot be read as a preset/],
  ])("that says %j is refused with the reason", async (text, message) => {
    writeFileSync(preset, text);
    const { code, stderr } = await marey(["convert", film, `${out}/x.mp4`, "--preset", preset]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });
});

test("clip takes any range of any source, and refuses what is none", async () => {
  mkdirSync(out);
  const made = await marey(["clip", film, "0:01..0:02", `${out}/second.npy`, "--json"]);
  expect(JSON.parse(made.stdout)).toMatchObject({ frames: 30 });
  expect((await marey(["clip", film, "..10", `${out}/store`, "--format", "npy"])).stdout).toMatch(
    /10 frames/,
  );
  const none = await marey(["clip", film, "7", `${out}/no.npy`]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/"7" is no range: START\.\.STOP/) });
});

test("the bar of a conversion tells both rates and what is left", () => {
  const state = { label: "converting", done: 250, total: 1000, seconds: 5 };
  const pace = { readRate: 91.25, writeRate: 210, eta: 3.5 };
  expect(renderProgress({ ...state, columns: 100, pace })).toMatch(
    /^converting {2}#+\.+ {2}250\/1000 {2}read 91\.3\/s {2}write 210\/s {2}3\.50 s left$/,
  );
  const early = { readRate: Number.NaN, writeRate: Number.NaN, eta: Number.NaN };
  expect(renderProgress({ ...state, columns: 100, pace: early })).toMatch(/read \?\/s {2}write \?\/s/);
  for (let columns = 10; columns < 120; columns++) {
    expect(renderProgress({ ...state, columns, pace }).length).toBeLessThan(columns);
  }
});
