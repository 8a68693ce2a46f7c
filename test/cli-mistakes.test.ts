import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { corpus, jsonLines, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-mistakes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const video = join(corpus, "videos/h264_bf3.ts");

test.each<[what: string, args: string[], code: number, message: RegExp]>([
  ["a path that is not there", ["info", "nowhere.mp4"], 1, /nowhere\.mp4: no such file or folder/],
  ["a line break in a name", ["info", "a\nb.mp4"], 1, /a\\nb\.mp4: no such file/],
  ["an index too large", ["frame", video, "90", "-o", at("x.png")], 1, /index 90: there are 90 frames/],
  ["a number without its #", ["frame", video, "12.5", "-o", at("x.png")], 2, /for seconds write 12\.5s/],
  [
    "an empty range",
    ["frame", video, "5..5", "-o", at("%d.png")],
    1,
    /the range 5\.\.5 is empty in 90 frames/,
  ],
  ["a negative range", ["frame", video, "-2..", "-o", at("%d.png")], 2, /goes last, behind "--"/],
  ["a wrong command", ["fram", video], 2, /unknown command 'fram'/],
  ["a wrong option", ["frames", video, "--hsh", "md5"], 2, /unknown option '--hsh'/],
  ["a wrong choice", ["frames", video, "--hash", "md6"], 2, /md5, sha256, xxh3/],
  [
    "a wrong format",
    ["convert", video, at("s"), "--format", "gif"],
    1,
    /unsupported store format: gif \(known: /,
  ],
  ["a wrong extension", ["convert", video, at("x.xyz")], 1, /extension to write: \.xyz \(known: /],
  [
    "a codec that the container has not",
    ["convert", video, at("x.avi"), "--codec", "h265"],
    1,
    /h265 in avi/,
  ],
  [
    "raw frames in mov",
    ["convert", video, at("x.mov"), "--codec", "raw"],
    1,
    /raw in mov \(known: avi, mkv\)/,
  ],
  ["a folder that is not there", ["convert", video, at("no/x.mp4")], 1, /no: no such folder/],
  ["a picture that cannot hold it", ["convert", video, at("%d.pgm")], 1, /320x240 bgr .*uint16 gray/],
])("%s is told in one line that begins with marey", async (_, args, code, message) => {
  const found = await marey(args);
  expect(found).toMatchObject({ code, stdout: "" });
  const [line, ...more] = found.stderr.trimEnd().split("\n");
  expect(line).toMatch(/^marey: /);
  expect(line).toMatch(message);
  expect(more.filter((text) => !text.startsWith("(Did you mean"))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test("behind a double dash, an address may begin with a minus", async () => {
  expect((await marey(["frame", video, "-o", at("last/%d.png"), "--", "-2.."])).code).toBe(0);
  expect(readdirSync(at("last"))).toEqual(["0.png", "1.png"]);
});

test("of several arrays in an npz one is chosen, and its axes told", async () => {
  const script =
    "import numpy as np, sys; np.savez(sys.argv[1], a=np.zeros((3, 40, 50), 'u1'), b=np.ones((40, 50, 9), 'u1'))";
  execFileSync("/usr/bin/python3", ["-c", script, at("two.npz")]);
  const unsaid = await marey(["frames", at("two.npz")]);
  expect(unsaid).toMatchObject({ code: 1, stderr: expect.stringMatching(/2 arrays .* \(there are a, b\)/) });
  const chosen = await marey(["frames", at("two.npz"), "--key", "b", "--axes", "hwt"]);
  expect(jsonLines(chosen.stdout)).toHaveLength(9);
});

test("uneven times that a video would lose are told, and kept with --times", async () => {
  const uneven = join(corpus, "videos/vfr.mp4");
  const lost = await marey(["convert", uneven, at("even.mp4")]);
  expect(lost).toMatchObject({ code: 0, stderr: expect.stringMatching(/up to 0\.50 s off .*--times/) });
  const told = await marey(["convert", uneven, at("even.mp4"), "--overwrite", "--json"]);
  expect(told.stderr).toBe("");
  expect(JSON.parse(told.stdout)).toMatchObject({ frames: 105, drift: expect.closeTo(0.5) });
  const kept = await marey(["convert", uneven, at("times.mp4"), "--times"]);
  expect(kept).toMatchObject({ code: 0, stderr: "" });
  const times = async (path: string): Promise<number[]> =>
    jsonLines((await marey(["frames", path])).stdout).map(({ time }) => Math.round(Number(time) * 1000));
  expect(await times(at("times.mp4"))).toEqual(await times(uneven));
});

test("a single array has its final name when it is whole, and never before", async () => {
  expect((await marey(["frame", video, "3", "-o", at("three.npy")])).code).toBe(0);
  expect(existsSync(at("three.npy"))).toBe(true);
  writeFileSync(at("file"), "");
  const { code, stderr } = await marey(["frame", video, "3", "-o", at("file/x.npy")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/x\.npy: cannot be written: /);
});

test("Ctrl-C ends a wait that hears of no signal", async () => {
  const server = createServer(() => {}); // takes the call and never says a word
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { code } = await marey(["info", `http://127.0.0.1:${port}/film.mp4`], {
    onStart: (child) => server.once("connection", () => child.kill("SIGINT")),
  });
  server.close();
  expect(code).toBe(130);
});
