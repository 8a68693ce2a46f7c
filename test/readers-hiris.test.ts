import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open, sniff } from "../src/index.js";
import { flir } from "../src/readers/flir.js";
import { hiris } from "../src/readers/hiris.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-hiris-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const sample = join(lab, "Trial.seq");
const openDirectly = (path: string) => hiris.open(path, {}) as Promise<RankedSource>;

testSeekableSource("a HIRIS sequence", () => openDirectly(sample));
testMutations(sample, openDirectly, {
  beside: [join(lab, "Trial0000.bin"), join(lab, "Trial0001.bin")],
  header: 150,
});

test("Trial.seq: every frame is what its maker says, at the rate that it states", async () => {
  await expectSample("Trial.seq");
  await using source = await openDirectly(sample);
  expect(source.index.time(6)).toBe(6 / 500);
  expect((await source.frame({ index: 3 })).duration).toBe(1 / 500);
  expect(source.describe()).toMatchObject({ fps: 500, files: ["Trial0000.bin", "Trial0001.bin"] });
  expect(source.problems).toEqual([
    { path: join(lab, "Trial0001.bin"), message: "its last 3 bytes are no whole frame" },
  ]);
});

function write(name: string, lines: readonly string[]): string {
  writeFileSync(at(name), ["[Sequence Settings]", ...lines].join("\r\n"));
  return at(name);
}

test("samples of 16 bits are little-endian unless one says otherwise", async () => {
  const path = write("Deep.seq", [
    "Width=4",
    "Height=3",
    "BytesPerPixel=2",
    "BitsPerPixel=12",
    "Number of files=1",
  ]);
  writeFileSync(at("Deep1.bin"), new Uint8Array(Uint16Array.from({ length: 24 }, (_, i) => i * 100).buffer));
  await using source = await open(path, { fps: 50 });
  expect(source.info).toMatchObject({ width: 4, height: 3, dtype: "uint16", bits: 12, color: "gray" });
  expect([...(await source.frame({ index: 1 })).image.data].slice(0, 3)).toEqual([1200, 1300, 1400]);
  expect(source.index.time(1)).toBe(1 / 50);
  await using swapped = await open(path, { byteOrder: "big" });
  expect((await swapped.frame({ index: 0 })).image.data[1]).toBe(100 << 8);
});

test("the frames of a sequence are not those of another whose name begins alike", async () => {
  for (const stem of ["Run", "Run2"]) {
    write(`${stem}.seq`, ["Width=4", "Height=3", "BytesPerPixel=1", "FramePerSecond=10"]);
    writeFileSync(at(`${stem}0000.bin`), new Uint8Array(12).fill(stem.length));
  }
  for (const stem of ["Run", "Run2"]) {
    await using source = await open(at(`${stem}.seq`));
    expect(source.index.length).toBe(1);
    expect((await source.frame({ index: 0 })).image.data[0]).toBe(stem.length);
  }
});

test("a sequence without its frames, or of pixels that nobody knows, is refused", async () => {
  const size = ["Width=4", "Height=3"];
  await expect(open(write("Lone.seq", [...size, "BytesPerPixel=1"]))).rejects.toThrow(NotFoundError);
  await expect(open(write("Lone.seq", [...size, "BytesPerPixel=1"]))).rejects.toThrow(/Lone\*\.bin/);
  await expect(open(write("Odd.seq", [...size, "BytesPerPixel=3"]))).rejects.toThrow(UnsupportedError);
  await expect(open(write("Odd.seq", ["Width=4"]))).rejects.toThrow(/there is no Height/);
  await expect(open(write("Odd.seq", ["Width=x", "Height=3"]))).rejects.toThrow(/Width is no number: x/);
  const vast = ["Width=99999999", "Height=99999999", "BytesPerPixel=1"];
  await expect(open(write("Odd.seq", vast))).rejects.toThrow(/picture size/);
});

test("a thermal sequence of FLIR is refused with advice, whatever its name", async () => {
  const thermal = join(lab, "flir_fff.seq");
  await expect(open(thermal)).rejects.toThrow(UnsupportedError);
  await expect(open(thermal)).rejects.toThrow(/FLIR.*flirpy.*ExifTool/);
  mkdirSync(at("other"));
  copyFileSync(thermal, at("other/film.mp4"));
  expect(await sniff(at("other/film.mp4"))).toBe("recording");
  await expect(flir.open(at("other/film.mp4"), {})).rejects.toThrow(/FLIR/);
});
