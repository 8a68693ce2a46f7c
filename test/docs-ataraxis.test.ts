import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import * as library from "../src/index.js";
import * as recording from "../src/recording/index.js";
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
    expect([name, typeof ({ ...library, ...recording } as Record<string, unknown>)[name]]).toEqual([
      name,
      "function",
    ]);
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

const folder = mkdtempSync(join(tmpdir(), "marey-docs-ataraxis-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every way to encode that the page names is taken, and is what the store says", async () => {
  const rows = spans.filter((code) => /^marey record .*--(preset|qp|pixel-format|format) /.test(code));
  expect(rows.length).toBeGreaterThan(12);
  const { createStore } = library;
  for (const row of rows) {
    const asked = Object.fromEntries(
      [...row.matchAll(/--([a-z-]+) (\S+)/g)].map(([, name, value]) => [name, value]),
    );
    const { format = "avc1/mp4", preset, qp, "pixel-format": pixelFormat } = asked as Record<string, string>;
    const info = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" } as const;
    const options = {
      ...(preset && { preset }),
      ...(qp && { qp: Number(qp) }),
      ...(pixelFormat && { pixelFormat }),
    };
    const path = join(folder, String(rows.indexOf(row)));
    const hardware = row.includes("--hardware") ? ({ hardware: "auto" } as const) : {};
    const store = await createStore(path, { info, format, ...options, ...hardware });
    const image = { ...info, data: new Uint8Array(64 * 48).fill(99) };
    for (let number = 0; number < 3; number++) await store.write({ number, time: number, image });
    await store.close();
    const opened = await library.openStore(path);
    expect([row, opened.index.length]).toEqual([row, 3]);
    expect(opened.describe()).toMatchObject({ format, encoder: options });
    await opened.close();
  }
});

test("the example of a recording, its statistics and its log is true", async () => {
  const lines = /```\n(marey record [\s\S]*?)```/.exec(page)![1]!.trim().split("\n");
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    const args = line.replace("--seconds 10", "--seconds 1").split(" ").slice(1);
    const { code, stdout, stderr } = await marey(args, { cwd: folder });
    expect([line, code, stderr]).toEqual([line, 0, expect.not.stringContaining("Error")]);
    if (args[0] === "stats") expect(stdout).toMatch(/interval/i);
  }
  const { times } = await library.readLogArchive(join(folder, "101_log.npz"));
  const store = await library.openStore(join(folder, "face"));
  expect(times.length).toBe(store.index.length);
  expect(times.length).toBeGreaterThan(0);
  await store.close();
});
