import { execFileSync } from "node:child_process";
import {
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
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { corpus, marey } from "./run-marey.js";

const examples = fileURLToPath(new URL("../examples", import.meta.url));
/** Inside the package, so that `import "marey"` means what was built. */
const scripts = fileURLToPath(new URL("../dist/examples", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "marey-examples-"));
const names = readdirSync(examples).filter((name) => name.endsWith(".ts"));

beforeAll(() => {
  mkdirSync(scripts, { recursive: true });
  for (const name of names) {
    const { outputText } = ts.transpileModule(readFileSync(join(examples, name), "utf8"), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(join(scripts, name.replace(/\.ts$/, ".js")), outputText);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(scripts, { recursive: true });
});

function run(name: string, ...args: string[]): string {
  return execFileSync(process.execPath, [join(scripts, `${name}.js`), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
}

test("every example is run by a test of this file", () => {
  const own = readFileSync(fileURLToPath(import.meta.url), "utf8");
  for (const name of names) expect(own).toContain(`run("${name.replace(/\.ts$/, "")}"`);
});

test("record-a-camera leaves two whole stores", async () => {
  expect(run("record-a-camera")).toMatch(
    /^top: \d+ frames, 0 dropped, .*\nside: \d+ frames, 0 dropped, .*\n$/,
  );
  for (const name of ["top", "side"]) {
    expect((await marey(["verify", join(folder, "recording", name)])).code).toBe(0);
  }
});

test("any-frame finds the same frame by every coordinate, in a store and in a video", () => {
  expect(run("any-frame")).toContain("the middle one has index 50, and is found by its number as 50");
  expect(run("any-frame")).toContain("painted into it: 5050");
  expect(run("any-frame", join(corpus, "videos/ref_h264_bf0.mp4"))).toContain(
    "90 frames; the last has number 89",
  );
});

test("bend-a-stream writes a video and pictures", () => {
  expect(run("bend-a-stream")).toBe("bent.mp4: 25 frames\nbent/: 25 pictures\n");
  expect(existsSync(join(folder, "bent.mp4"))).toBe(true);
  expect(readdirSync(join(folder, "bent"))).toHaveLength(25);
});

test("measure-brightness prints a line for each frame", () => {
  expect(run("measure-brightness").trim().split("\n")).toHaveLength(26);
  const lines = run("measure-brightness", join(corpus, "videos/h264_gray.mp4")).trim().split("\n");
  expect(lines[1]).toMatch(/^0,0,\d+\.\d{3}$/);
});

test("cameras-as-one pairs two cameras of different rate and films them side by side", () => {
  expect(run("cameras-as-one")).toBe(
    [
      "100 rows of top and side",
      "0: 0, 0",
      "1: 1, 0",
      "2: 2, 1",
      "the last camera alone, in row 2: 160x100 bgr",
      "cameras.mp4: 100 frames\n",
    ].join("\n"),
  );
});
