import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { DecodeError, NotFoundError } from "../src/core/errors.js";
import { bytesOf, type Color } from "../src/core/image.js";
import { filePattern, isFilePattern } from "../src/images/file-pattern.js";
import type { ImageCodec } from "../src/images/image-codec.js";
import { naturalOrder } from "../src/images/natural-order.js";
import { png } from "../src/images/png.js";
import { pgm } from "../src/images/pnm.js";
import { tiff } from "../src/images/tiff.js";
import { matchesImages, openImages } from "../src/readers/image-folder.js";
import { fingerprints, testSeekableSource } from "./contracts/seekable-source.js";
import { noiseImage } from "./fixtures/noise-image.js";

const lab = new URL("../../shared/corpus/lab", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "marey-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function write(
  path: string,
  codec: ImageCodec,
  seed: number,
  color: Color = "gray",
  width = 20,
): Promise<void> {
  writeFileSync(path, await codec.encode(noiseImage({ width, height: 12, dtype: "uint8", color }, seed)));
}

async function folderOf(name: string, files: Record<string, ImageCodec>): Promise<string> {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [i, [file, codec]] of Object.entries(files).entries()) await write(join(path, file), codec, i);
  return path;
}

const twelve = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`frame${i}.png`, png]));
const pngs = await folderOf("pngs", twelve);
const mixed = await folderOf("mixed", { "a.png": png, "b.tif": tiff, "c.pgm": pgm, "d.PNG": png });

testSeekableSource("a folder of pngs", () => openImages(pngs));
testSeekableSource("a folder of mixed formats", () => openImages(mixed));
testSeekableSource("a folder of pngs without a cache", () => openImages(pngs, { cacheBytes: 0 }));

test("a folder from a laboratory is read in the order in which people count", async () => {
  const { n, md5 } = JSON.parse(readFileSync(join(lab, "expected.json"), "utf8")).imgs;
  await using source = await openImages(join(lab, "imgs"));
  expect(source.index.length).toBe(n);
  const found: string[] = [];
  for await (const { image } of source.frames())
    found.push(createHash("md5").update(bytesOf(image)).digest("hex"));
  expect(found).toEqual(md5);
});

test("a pattern finds what it says, and a picture alone is a stream of one frame", async () => {
  const count = async (path: string): Promise<number> => {
    await using source = await openImages(path);
    return source.index.length;
  };
  expect(await count(join(pngs, "*.png"))).toBe(12);
  expect(await count(join(pngs, "frame?.png"))).toBe(10);
  expect(await count(join(pngs, "frame1[01].png"))).toBe(2);
  expect(await count(join(pngs, "frame{2,10}.{png,tif}"))).toBe(2);
  expect(await count(join(pngs, "frame%d.png"))).toBe(12);
  expect(await count(join(pngs, "frame%02d.png"))).toBe(2);
  expect(await count(join(pngs, "frame3.png"))).toBe(1);
  await expect(openImages(join(pngs, "*.jpg"))).rejects.toThrow(NotFoundError);
});

test("a list is read in its own order", async () => {
  const files = [3, 1, 2].map((i) => join(pngs, `frame${i}.png`));
  await using listed = await openImages(files);
  await using all = await openImages(pngs);
  const pixels = (prints: string[]): string[] => prints.map((print) => print.split(" ").at(-1)!);
  const [wanted, found] = [
    pixels(await fingerprints(all.frames())),
    pixels(await fingerprints(listed.frames())),
  ];
  expect(found).toEqual([wanted[3], wanted[1], wanted[2]]);
});

test("other files, hidden ones and folders between the pictures are left out", async () => {
  const path = await folderOf("crowded", { "1.png": png, "2.png": png, ".hidden.png": png });
  writeFileSync(join(path, "notes.txt"), "no picture");
  mkdirSync(join(path, "3.png"));
  await using source = await openImages(path);
  expect(source.index.length).toBe(2);
  expect(await matchesImages(path)).toBe(true);
  expect(await matchesImages(join(path, "1.png"))).toBe(true);
  expect(await matchesImages(join(path, "notes.txt"))).toBe(false);
});

test("a folder without pictures, and one that is not there, are told apart", async () => {
  mkdirSync(join(folder, "empty"));
  await expect(openImages(join(folder, "empty"))).rejects.toThrow(/no pictures/);
  await expect(openImages(join(folder, "nowhere"))).rejects.toThrow(/no such file or folder/);
  await expect(openImages(join(folder, "nowhere", "*.png"))).rejects.toThrow(NotFoundError);
  expect(await matchesImages(join(folder, "empty"))).toBe(false);
});

test("pictures of different sizes each say their own", async () => {
  const path = join(folder, "sizes");
  mkdirSync(path);
  for (const [i, width] of [20, 7, 33].entries()) await write(join(path, `${i}.png`), png, i, "bgr", width);
  await using source = await openImages(path);
  const widths: number[] = [];
  for await (const { image } of source.frames()) widths.push(image.width);
  expect(widths).toEqual([20, 7, 33]);
  expect(source.info.width).toBe(20);
});

test("a broken picture is an error at its frame, which names it, and the others are read", async () => {
  const path = await folderOf("broken", { "0.png": png, "1.png": png, "2.png": png, "3.png": png });
  writeFileSync(join(path, "0.png"), "");
  writeFileSync(join(path, "2.png"), readFileSync(join(path, "2.png")).subarray(0, 100));
  await using source = await openImages(path);
  expect((await source.frame({ index: 1 })).image.width).toBe(20);
  expect((await source.frame({ index: 3 })).image.width).toBe(20);
  for (const index of [0, 2]) {
    const error = await source.frame({ index }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({ frame: index, path: join(path, `${index}.png`) });
  }
  const seen: number[] = [];
  await expect(
    (async () => {
      for await (const frame of source.frames({ start: 1 })) seen.push(frame.index);
    })(),
  ).rejects.toThrow(/2\.png, frame 2/);
  expect(seen).toEqual([1]);
});

test("a loop that is told of damage goes on past it, in either direction", async () => {
  const path = await folderOf("holes", Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`${i}.png`, png])));
  for (const i of [0, 3]) writeFileSync(join(path, `${i}.png`), "no picture");
  await using source = await openImages(path);
  for (const step of [1, -1]) {
    const damaged: (number | undefined)[] = [];
    const seen: number[] = [];
    const onDamage = ({ frame }: DecodeError): number => damaged.push(frame);
    for await (const { index } of source.frames({ step, onDamage })) seen.push(index);
    expect(seen).toEqual(step > 0 ? [1, 2, 4] : [4, 2, 1]);
    expect(damaged).toEqual(step > 0 ? [0, 3] : [3, 0]);
  }
});

test("a pipe among the pictures is left out: it would be waited for", async () => {
  const path = await folderOf("pipe", { "0.png": png, "1.png": png });
  execFileSync("mkfifo", [join(path, "2.png")]);
  await using source = await openImages(path);
  expect(source.index.length).toBe(2);
});

test("a folder in which nothing can be read is refused when it is opened", async () => {
  const path = await folderOf("hopeless", { "0.png": png });
  writeFileSync(join(path, "0.png"), "not a picture");
  await expect(openImages(path)).rejects.toThrow(DecodeError);
});

test("frames come as gray, bgr or rgb if that is asked for", async () => {
  const path = join(folder, "colours");
  mkdirSync(path);
  await write(join(path, "0.png"), png, 1, "bgr");
  await write(join(path, "1.png"), png, 2, "gray");
  for (const [as, channels] of [
    ["gray", 1],
    ["bgr", 3],
    ["rgb", 3],
  ] as const) {
    await using source = await openImages(path, { as });
    expect(source.info).toMatchObject({ color: as, channels });
    for await (const { image } of source.frames()) expect(image).toMatchObject({ color: as, channels });
  }
});

test("the frame rate gives the times, and must make sense", async () => {
  await using source = await openImages(pngs, { fps: 50 });
  expect((await source.frame({ index: 10 })).time).toBe(0.2);
  await expect(openImages(pngs, { fps: 0 })).rejects.toThrow(RangeError);
});

test("names are in natural order", () => {
  const names = ["a", "a0", "a00", "a1", "a1b2", "a1b10", "a2", "a10", "a010x", "a99999999999999999999", "b"];
  const sorted = [...names].reverse().sort(naturalOrder);
  expect(sorted.filter((name) => /^a\d+$/.test(name)).map((name) => BigInt(name.slice(1)))).toEqual([
    0n,
    0n,
    1n,
    2n,
    10n,
    99999999999999999999n,
  ]);
  expect(sorted.indexOf("a1b2")).toBeLessThan(sorted.indexOf("a1b10"));
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
      expect(Math.sign(naturalOrder(a, b))).toBe(-Math.sign(naturalOrder(b, a)) + 0);
      expect(naturalOrder(a, b) === 0).toBe(a === b);
      if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0)
        expect(naturalOrder(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});

test("a name without wild cards matches itself only, whatever signs are in it", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, other) => {
      fc.pre(!isFilePattern(name));
      expect(filePattern(name).test(name)).toBe(true);
      if (other !== name) expect(filePattern(name).test(other)).toBe(false);
    }),
  );
  expect(filePattern("[!a]*.png").test("b1.png")).toBe(true);
  expect(filePattern("[!a]*.png").test("a1.png")).toBe(false);
  expect(filePattern("*.png").test(".hidden.png")).toBe(false);
  expect(filePattern("{a,b{c,d}}.png").test("bd.png")).toBe(true);
  expect(filePattern("{a.png").test("{a.png")).toBe(true);
  expect(filePattern("[a.png").test("[a.png")).toBe(true);
});
