import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStore, createVideo, syntheticCamera } from "../src/index.js";

// What README.md tells a new user to type has to work as it stands there.
const root = new URL("../", import.meta.url).pathname;
const readme = readFileSync(join(root, "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "marey-readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code!);

beforeAll(async () => {
  // A session that is long enough for every time and index in the README, and small enough to be quick.
  const film = await createVideo(join(folder, "session.mp4"), { fps: 17, preset: "ultrafast", quality: 30 });
  for await (const frame of syntheticCamera({ width: 64, height: 48, frames: 12_400, pace: "free" }))
    await film.write(frame);
  await film.close();
  const numbered = syntheticCamera({ width: 64, height: 48, frames: 20, firstNumber: 81_190, pace: "free" });
  await using store = await createStore(join(folder, "numbered"), { info: numbered.info, format: "npy" });
  let time = 1_712_345_678;
  for await (const frame of numbered) {
    time += 0.04;
    await store.write({ ...frame, time });
  }
});

const commands = blocks("sh")
  .find((block) => block.includes("marey info"))!
  .split("\n")
  .map((line) => line.replace(/\s+#.*$/, "").trim())
  .filter((line) => line.startsWith("marey "));

test("its commands run, one after another", { timeout: 480_000 }, () => {
  expect(commands.length).toBeGreaterThan(8);
  for (const command of commands) {
    // The store with the camera's own numbers is another one than the one that a later line makes.
    const line = command
      .replace('store "#81204"', 'numbered "#81204"')
      .replace(/(align|stats) left right/, "$1 clip.mp4 store")
      .replace("--seconds 10", "--seconds 1");
    const output = execFileSync("bash", ["-c", line.replace(/^marey/, `node ${root}dist/cli/main.js`)], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 2 ** 28,
    });
    expect([command, typeof output]).toEqual([command, "string"]);
  }
  for (const made of ["frame.png", "lost.tif", "then.png", "clip.mp4", "store/metadata.yaml"]) {
    expect([made, existsSync(join(folder, made))]).toEqual([made, true]);
  }
});

test("its code runs", { timeout: 240_000 }, () => {
  rmSync(join(folder, "clip.mp4"), { force: true });
  const imports =
    'import { bend, clahe, colormap, createStore, createVideo, followStore, grayscale, mosaic, open, openStore, openStores, pipeTo, resize, scaleBar, verifyStore } from "marey"; import { startRecording } from "marey/recording";';
  const body = blocks("ts")
    .join("\n")
    .replace(/^import .*$/gm, "");
  const opened = body.replace(
    /(?=await film\.frame\(\{ index: -1)/,
    "const store = await openStore('numbered');\n",
  );
  // The README opens a second store under the same name; here both stand in one program.
  const program = `${imports}\n${opened.replace("await using store = await createStore", "{ await using store = await createStore").replace(/await store\.close\(\);/, "await store.close(); }")}`;
  const plain = program
    .replaceAll("await using ", "const ")
    .replace('"marey"', JSON.stringify(`${root}dist/index.js`))
    .replace('"marey/recording"', JSON.stringify(`${root}dist/recording/index.js`));
  const end =
    "\nawait out.close(); await film.close(); await back.close(); await store.close(); await cameras.close(); await day.close();\n";
  writeFileSync(join(folder, "readme.mjs"), plain + end);
  const output = execFileSync("node", ["readme.mjs"], { cwd: folder, encoding: "utf8" });
  expect(output).toContain("12345 ");
  expect(output).toContain("fly");
  expect(output).toMatch(/top \d+ \{ camera: \d+, queue: 0, encoder: 0, disk: 0 \}/);
  expect(existsSync(join(folder, "clip.mp4"))).toBe(true);
});
