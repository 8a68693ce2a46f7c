import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as library from "../src/index.js";
import { marey } from "./run-marey.js";

// What docs/ataraxis.md promises has to be there.
const page = readFileSync(new URL("../docs/ataraxis.md", import.meta.url), "utf8");
const right = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ataraxis"))
  .map((line) => line.split(" | ").at(-1)!);
const spans = right.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));

test("every function and class that the page names is there", () => {
  const called = spans
    .filter((code) => !code.startsWith("marey "))
    .flatMap((code) => [...code.matchAll(/(?<![.\w])([a-zA-Z]+)(?=[(.])/g)].map(([, name]) => name!));
  const names = new Set(called.filter((name) => /^[a-z]+[A-Z]|^[A-Z]/.test(name)));
  expect(names.size).toBeGreaterThan(9);
  for (const name of names)
    expect([name, typeof (library as Record<string, unknown>)[name]]).toEqual([name, "function"]);
});

test("every command that the page names takes those options", async () => {
  const commands = spans.filter((code) => code.startsWith("marey "));
  expect(commands.length).toBeGreaterThan(7);
  const helps = new Map<string, string>();
  for (const command of commands) {
    const name = command.split(" ")[1]!;
    if (!helps.has(name)) helps.set(name, (await marey(["help", name])).stdout);
    for (const [option] of command.matchAll(/(?<= )-{1,2}[a-z-]+/g))
      expect([command, helps.get(name)]).toEqual([command, expect.stringContaining(option)]);
  }
});
