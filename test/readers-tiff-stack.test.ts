import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError } from "../src/core/errors.js";
import { bytesOf } from "../src/core/image.js";
import type { SeekableSource } from "../src/core/stream.js";
import { open, openImages } from "../src/index.js";
import { openTiffStack } from "../src/readers/tiff-stack.js";
import { testSeekableSource } from "./contracts/seekable-source.js";

const lab = new URL("../../shared/corpus/lab", import.meta.url).pathname;
const expected = JSON.parse(readFileSync(join(lab, "expected.json"), "utf8"));
const stacks = ["stack_u8.tif", "stack_ij.tif", "stack_f32.tif", "stack_rgb.tif", "stack_u16_zlib.tif"];
const folder = mkdtempSync(join(tmpdir(), "marey-stack-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function openStack(path: string): Promise<SeekableSource> {
  const stack = await openTiffStack(path);
  if (!stack) throw new Error(`${path} is no stack`);
  return stack;
}

testSeekableSource("a TIFF stack", () => openStack(join(lab, "stack_u16_zlib.tif")));

test.each(stacks)("%s from a laboratory has all its pages, each to the bit", async (name) => {
  await using source = await open(join(lab, name), { as: name === "stack_rgb.tif" ? "rgb" : "auto" });
  const found: string[] = [];
  for await (const { image } of source.frames())
    found.push(createHash("md5").update(bytesOf(image)).digest("hex"));
  expect(found).toEqual(expected[name].md5);
});

test("previews among the pages are no frames, and a single page is a picture", async () => {
  const script = `
from PIL import Image, TiffImagePlugin
import sys
with TiffImagePlugin.AppendingTiffWriter(sys.argv[1], True) as file:
    for shade, kind in (1, 0), (9, 1), (2, 0):
        Image.new("L", (20, 12), shade).save(file, tiffinfo={254: kind})
        file.newFrame()
Image.new("L", (20, 12)).save(sys.argv[2])`;
  const [many, one] = [join(folder, "preview.tif"), join(folder, "one.tif")];
  execFileSync("/usr/bin/python3", ["-c", script, many, one]);
  await using stack = await openStack(many);
  const shades: unknown[] = [];
  for await (const { image } of stack.frames()) shades.push(image.data[0]);
  expect(shades).toEqual([1, 2]);
  expect(await openTiffStack(one)).toBeUndefined();
  await using picture = await open(one);
  expect(picture.index.length).toBe(1);
});

test("of a stack that is cut short the pages before are read, and the break is told", async () => {
  const whole = readFileSync(join(lab, "stack_u8.tif"));
  const cut = join(folder, "cut.tif");
  writeFileSync(cut, whole.subarray(0, whole.length / 2));
  await using source = (await openStack(cut)) as SeekableSource & { problems: { message: string }[] };
  expect(source.problems).toHaveLength(1);
  expect(source.problems[0]!.message).toMatch(/^cut short/);
  expect(source.index.length).toBeLessThan(expected["stack_u8.tif"].n);
  expect((await source.frame({ index: 0 })).image.width).toBe(64);
});

test("in a folder of pictures a stack is an error that says so: its pages would be lost", async () => {
  mkdirSync(join(folder, "stacks"));
  copyFileSync(join(lab, "stack_u8.tif"), join(folder, "stacks/a.tif"));
  await expect(openImages(join(folder, "stacks"))).rejects.toThrow(DecodeError);
  await expect(openImages(join(folder, "stacks"))).rejects.toThrow(/7 pages in a\.tif .*one page/);
});
