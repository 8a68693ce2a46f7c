import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

// `npm run soak:recording` takes half an hour; this is the same for some seconds, without what depends on time.
const folder = mkdtempSync(join(tmpdir(), "marey-soak-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = fileURLToPath(new URL("../scripts/soak-recording.mjs", import.meta.url));

function soak(args: readonly string[]): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args, "--directory", folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, lines: told.split("\n") }));
  });
}

test("four cameras are recorded for a while, and every frame that was written is there and shows its number", async () => {
  const { code, lines } = await soak(["--minutes", "0.3", "--size", "320x240", "--frames-only"]);
  expect(lines.filter((line) => line.startsWith("FAULT"))).toEqual([]);
  expect(code).toBe(0);
  for (const name of ["cam1", "cam2", "cam3", "cam4"]) {
    const row = lines.find((line) => line.startsWith(`| ${name} |`))!.split("|");
    const read = /every frame read, (\d+), 0 faults/.exec(
      lines.find((line) => line.startsWith(`${name}: every`))!,
    );
    expect(Number(row[2])).toBeGreaterThan(0);
    expect(Number(read![1])).toBe(Number(row[2]));
    // Of 18 s at 30 a second, whatever this machine was doing: written or counted as lost.
    const lost = Number(/^ (\d+)/.exec(row[3]!)![1]);
    expect(Math.abs(Number(row[2]) + lost - 540)).toBeLessThanOrEqual(2);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("cameras that lose frames are noticed, by cause, and the exit code says so", async () => {
  const { code, lines } = await soak([
    "--minutes",
    "0.05",
    "--cameras",
    "1",
    "--size",
    "160x120",
    "--rate",
    "100",
    "--fault",
    "drop=0.2",
  ]);
  expect(code).toBe(1);
  expect(lines).toContainEqual(expect.stringMatching(/^FAULT {2}cam1: \d+ frames lost \(camera \d+\)$/));
  expect(lines).toContainEqual(expect.stringMatching(/^cam1: every frame read, \d+, 0 faults$/));
  expect(readdirSync(folder)).toEqual([]);
});
