import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { open } from "../src/index.js";
import { corpus, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-mosaic-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const video = (name: string): string => join(corpus, "videos", name);

test("two films side by side with titles, by time, become one film, and each cell shows its film", async () => {
  const inputs = [video("ref_h264_bf0.mp4"), video("fps29_97.mp4")];
  const args = [
    "mosaic",
    ...inputs,
    "-o",
    at("both.mkv"),
    "--codec",
    "ffv1",
    "--layout",
    "row",
    "--titles",
    "names",
  ];
  const made = await marey([...args, "--json"]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const report = JSON.parse(made.stdout);
  expect(report.cells.map(({ width, height }: { width: number; height: number }) => [width, height])).toEqual(
    [
      [320, 240],
      [320, 240],
    ],
  );
  await using both = await open(at("both.mkv"), { as: "bgr" });
  await using left = await open(inputs[0]!, { as: "bgr" });
  expect(both.index.length).toBe(report.frames);
  const { left: x, top: y } = report.cells[0];
  for (const index of [0, 7, 40]) {
    const [whole, part] = [
      await both.frame({ index }),
      await left.frame({ time: both.index.time(index) + 0.001, match: "playing" }),
    ];
    let far = 0;
    for (let row = 0; row < 240; row++) {
      for (let i = 0; i < 320 * 3; i++) {
        const found = Number(whole.image.data[((y + row) * whole.image.width + x) * 3 + i]);
        if (Math.abs(found - Number(part.image.data[row * 960 + i])) > 3) far++;
      }
    }
    expect(far).toBe(0);
  }
});

test("without an output it says how large the mosaic is and where each source stands", async () => {
  const { code, stdout } = await marey([
    "mosaic",
    video("vfr.mp4"),
    video("two_frames.mp4"),
    "--cell",
    "100x80",
    "--columns",
    "1",
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^mosaic {2}100x160, \d+ frames\n0 {7}100x80 at 0,0\n1 {7}100x80 at 0,80\n$/);
});

test("more is said of one source with --source, and what makes no sense is told before anything is written", async () => {
  const two = [video("two_frames.mp4"), video("vfr.mp4")];
  const stopped = await marey([
    "mosaic",
    ...two,
    "--source",
    "0:after=stop,title=short, but clear",
    "--json",
  ]);
  expect(JSON.parse(stopped.stdout).frames).toBeLessThan(5);
  for (const [args, told] of [
    [["--source", "2:offset=1"], "--source 2:offset=1: begins with a rank from 0 to 1 and a colon"],
    [["--source", "0:ofset=1"], '--source 0: "ofset=1" is no option=value'],
    [["--source", "0:speed=0"], "--source 0: speed must be a number above 0, got 0"],
    [["--titles", "a,b,c"], "3 titles for 2 sources"],
    [["--cell", "big"], '"big" is no size such as 640x480'],
    [["--background", "sky"], "--background must be a colour"],
    [["--by", "number", "--source", "0:offset=1"], "by number takes no offset"],
  ] as const) {
    const { code, stderr } = await marey(["mosaic", ...two, "-o", at("none.mp4"), ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(told);
  }
  expect(existsSync(at("none.mp4"))).toBe(false);
});

test("a contact sheet shows frames from all over a film, each with its number and time", async () => {
  const made = await marey([
    "contact-sheet",
    video("ref_h264_bf0.mp4"),
    "-o",
    at("sheet.png"),
    "--count",
    "6",
    "--json",
  ]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const { frames, width, height } = JSON.parse(made.stdout);
  expect(frames.map(({ index }: { index: number }) => index)).toEqual([0, 15, 30, 45, 60, 75]);
  await using sheet = await open(at("sheet.png"));
  expect(sheet.info).toMatchObject({ width, height, color: "bgr" });
  const few = await marey([
    "contact-sheet",
    video("two_frames.mp4"),
    "-o",
    at("few.png"),
    "--columns",
    "2",
    "--no-labels",
    "-t",
    "crop:width=100,height=50",
  ]);
  expect(few.stdout).toBe(`${at("few.png")}: 2 frames, 212x58\n`);
  const none = await marey([
    "contact-sheet",
    video("vfr.mp4"),
    "-o",
    at("none.png"),
    "--start",
    "5",
    "--stop",
    "5",
  ]);
  expect(none.code).toBe(2);
});
