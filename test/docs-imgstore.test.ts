import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStore, createVideo, syntheticCamera } from "../src/index.js";

// What docs/imgstore.md promises to somebody who comes from Python has to work as it stands there.
const root = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(join(root, "docs/imgstore.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "marey-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code!);

/** The code in the second column of every table. */
const cells = text
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Python"))
  .flatMap((line) => [...(line.split(" | ")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code!));

beforeAll(async () => {
  for (const [name, first] of [
    ["old-store", 50],
    ["wrapped", -5],
  ] as const) {
    const camera = syntheticCamera({ width: 64, height: 48, frames: 20, firstNumber: first, pace: "free" });
    await using store = await createStore(join(folder, name), { info: camera.info, format: "npy" });
    let time = 1_700_000_000;
    for await (const frame of camera) {
      await store.write({ ...frame, time });
      await store.addExtraData({ temperature: 23.5 });
      time += 0.04;
    }
  }
  for (const name of ["part1.mp4", "part2.mp4"]) {
    await using film = await createVideo(join(folder, name), { preset: "ultrafast" });
    for await (const frame of syntheticCamera({ width: 64, height: 48, frames: 9, pace: "free" }))
      await film.write(frame);
  }
});

test("its program runs", () => {
  const [code] = blocks("ts") as [string];
  const plain = code
    .replaceAll("await using ", "const ")
    .replace('"marey"', JSON.stringify(`${root}dist/index.js`));
  writeFileSync(join(folder, "docs.mjs"), `${plain}\nawait store.close();\n`);
  const output = execFileSync("node", ["docs.mjs"], { cwd: folder, encoding: "utf8" });
  expect(output).toMatch(/^17000000\d\d\.?\d* 64 48 3072\n$/);
  expect(existsSync(join(folder, "new-store/metadata.yaml"))).toBe(true);
});

test("its commands run", { timeout: 120_000 }, () => {
  const commands = blocks("sh")
    .join("\n")
    .split("\n")
    .map((line) => line.replace(/\s+#\s.*$/, "").trim())
    .filter((line) => line !== "");
  expect(commands.length).toBeGreaterThan(6);
  for (const command of commands) {
    expect(command).toMatch(/^marey /);
    const line = command.replace(/^marey/, `node ${root}dist/cli/main.js`);
    execFileSync("bash", ["-c", line], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }
  for (const made of ["rows.arrow", "old-store.sqlite", "times.txt", "frame.png", "joined/000001.mp4"]) {
    expect([made, existsSync(join(folder, made))]).toEqual([made, true]);
  }
});

test("every command in its tables is one, with options that it has", async () => {
  const commands = cells.filter((cell) => cell.startsWith("marey "));
  expect(commands.length).toBeGreaterThan(4);
  for (const command of commands) {
    const [, name] = command.split(" ");
    const help = execFileSync("node", [`${root}dist/cli/main.js`, "help", name!], { encoding: "utf8" });
    for (const [option] of command.matchAll(/(?<= )-{1,2}[a-z-]+/g))
      expect([command, help]).toEqual([command, expect.stringContaining(option)]);
    expect(help).toContain(`marey ${name}`);
  }
});

test("every line of code in its tables is right TypeScript", { timeout: 120_000 }, () => {
  const lines = cells.filter((cell) => !cell.startsWith("marey "));
  expect(lines.length).toBeGreaterThan(40);
  const program = `import { assembleStore, builtInFormats, createStore, exportIndex, openStore, readFrame, reindexStore, timecodeLines, toColor } from "./src/index.js";
import type { Image, ImageInfo, StoreReader, StoreWriter } from "./src/index.js";
declare const store: StoreReader; declare const writer: StoreWriter; declare const image: Image; declare const info: ImageInfo;
declare const path: string; declare const video: string; declare const index: number; declare const number: number; declare const time: number;
declare const numbers: number[]; declare const times: number[]; declare const metadata: Record<string, unknown>;
export async function all(): Promise<unknown[]> {
  const found: unknown[] = [];
${lines.map((line) => (/^await using/.test(line) ? `  { ${line}; found.push(store); }` : `  found.push(${line});`)).join("\n")}
  return found;
}
`;
  const name = join(root, "docs-imgstore-check.ts");
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? program : readFile(file));
  host.getSourceFile = (file, ...rest) =>
    file === name ? ts.createSourceFile(file, program, rest[0]) : getSourceFile(file, ...rest);
  const compiled = ts.createProgram([name], { ...options, noEmit: true }, host);
  const source = compiled.getSourceFile(name)!;
  const found = [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)];
  const wrong = found.map(({ start = 0, messageText }) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    return `${program.split("\n")[line]!.trim()}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
  expect(wrong).toEqual([]);
});
