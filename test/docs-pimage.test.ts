import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as marey from "../src/index.js";

const page = readFileSync(new URL("../docs/pimage.md", import.meta.url), "utf8");
const right = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(" | ").at(-1)!);
const spans = right.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));

test("every transform that the page names is one, with those options", () => {
  const names = marey.builtInTransforms.map(({ name }) => name);
  const spelled = spans.filter((code) => names.includes(code.split(":")[0]!));
  expect(spelled.length).toBeGreaterThan(20);
  for (const code of spelled)
    expect(marey.parseTransform(code, marey.builtInTransforms).step.name).toBe(code.split(":")[0]);
});

test("every function that the page names is there", () => {
  const called = spans.flatMap((code) => /^([a-z][A-Za-z]+)\(/.exec(code)?.[1] ?? []);
  expect(called.length).toBeGreaterThan(4);
  for (const name of [...called, "mergeSources", "mergeImages", "blendImages", "overlay", "createImages"]) {
    expect([name, typeof (marey as Record<string, unknown>)[name]]).toEqual([name, "function"]);
  }
});
