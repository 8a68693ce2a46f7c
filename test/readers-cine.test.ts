import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf } from "../src/core/image.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open, sniff } from "../src/index.js";
import { cine } from "../src/readers/cine.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { testMutations } from "./fixtures/mutations.js";
import { generator } from "./fixtures/noise-image.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cine-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const openDirectly = (path: string) => cine.open(path, {}) as Promise<RankedSource>;
const messages = ({ problems }: RankedSource): string[] => problems.map(({ message }) => message);

interface Cine {
  readonly width?: number;
  readonly height?: number;
  readonly compression?: number;
  readonly bitCount?: number;
  readonly packing?: number;
  readonly filter?: number;
  readonly realBits?: number;
  readonly flip?: boolean;
  readonly first?: number;
  readonly times?: boolean;
  readonly annotation?: number;
}

const trigger = 1_700_000_000.5;
const frames = 5;

/** Seconds of image i: the camera's clock is not even. */
const timeOf = (i: number): number => trigger + i / 1000 + (i % 2) / 65_536;

function time64(seconds: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(Math.round((seconds % 1) * 2 ** 32) >>> 0, 0);
  out.writeUInt32LE(Math.floor(seconds), 4);
  return out;
}

/** A cine after Vision Research's public description, with images of noise. */
function write(name: string, options: Cine = {}): { path: string; images: Buffer[] } {
  const {
    width = 16,
    height = 6,
    compression = 0,
    bitCount = 8,
    packing = 0,
    filter = 0,
    realBits = bitCount,
  } = options;
  const { flip = false, first = -2, times = true, annotation = 0 } = options;
  const bits = packing === 256 ? 10 : packing === 1024 ? 12 : bitCount;
  const bytes = (width * height * bits) / 8;
  const random = generator(bits);
  const images = Array.from({ length: frames }, () =>
    Buffer.from(Array.from({ length: bytes }, () => random() * 256)),
  );
  if (realBits === 12) for (const image of images) for (let i = 1; i < image.length; i += 2) image[i]! &= 15;
  const settings = Buffer.alloc(5740);
  settings.writeUInt16LE(1000, 0);
  settings.write("ST", 140);
  settings.writeUInt16LE(settings.length, 142);
  settings.writeUInt32LE(4711, 743);
  settings.writeUInt32LE(flip ? 1 : 0, 760);
  settings.writeUInt32LE(1000, 768);
  settings.writeUInt32LE(filter, 808);
  settings.writeUInt32LE(realBits, 896);
  const block = (type: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(8 + data.length, 0);
    head.writeUInt16LE(type, 4);
    head.writeUInt16LE(1, 6);
    return Buffer.concat([head, data]);
  };
  const blocks = times
    ? [
        block(1007, Buffer.alloc(16)),
        block(1002, Buffer.concat(images.map((_, i) => time64(timeOf(first + i))))),
        block(1003, Buffer.alloc(4 * frames, Buffer.from(Uint32Array.of(2 ** 22).buffer))),
      ]
    : [];
  const offsetsAt = 44 + 40 + settings.length + blocks.reduce((sum, each) => sum + each.length, 0);
  const head = Buffer.alloc(44);
  head.write("CI");
  head.writeUInt16LE(44, 2);
  head.writeUInt16LE(compression, 4);
  head.writeUInt16LE(1, 6);
  head.writeInt32LE(first, 8);
  head.writeUInt32LE(frames, 12);
  head.writeInt32LE(first, 16);
  head.writeUInt32LE(frames, 20);
  for (const [i, place] of [44, 84, offsetsAt].entries()) head.writeUInt32LE(place, 24 + i * 4);
  head.set(time64(trigger), 36);
  const bitmap = Buffer.alloc(40);
  bitmap.writeUInt32LE(40, 0);
  bitmap.writeInt32LE(width, 4);
  bitmap.writeInt32LE(height, 8);
  bitmap.writeUInt16LE(1, 12);
  bitmap.writeUInt16LE(bitCount, 14);
  bitmap.writeUInt32LE(packing, 16);
  bitmap.writeUInt32LE(bytes, 20);
  const parts = images.map((image) => {
    const before = Buffer.alloc(8 + annotation, 7);
    before.writeUInt32LE(before.length, 0);
    before.writeUInt32LE(image.length, before.length - 4);
    return Buffer.concat([before, image]);
  });
  const offsets = Buffer.alloc(8 * frames);
  for (let i = 0, place = offsetsAt + offsets.length; i < frames; place += parts[i++]!.length) {
    offsets.writeBigUInt64LE(BigInt(place), i * 8);
  }
  writeFileSync(at(name), Buffer.concat([head, bitmap, settings, ...blocks, offsets, ...parts]));
  return { path: at(name), images };
}

/** The pictures as the ffmpeg program decodes them, in its own pixel format. */
function ffmpeg(path: string): Buffer {
  const run = spawnSync("ffmpeg", [
    "-v",
    "error",
    "-i",
    path,
    "-fps_mode",
    "passthrough",
    "-f",
    "rawvideo",
    "-",
  ]);
  if (run.status !== 0) throw new Error(String(run.stderr));
  return run.stdout;
}

testSeekableSource("a cine", () =>
  openDirectly(write("contract.cine", { bitCount: 16, annotation: 12 }).path),
);
testMutations(write("mutations.cine").path, openDirectly, { header: 1100 });

test.each<[string, Cine, object]>([
  ["gray, 8 bits", {}, { dtype: "uint8", color: "gray" }],
  ["gray, 12 bits in 16", { bitCount: 16, realBits: 12 }, { dtype: "uint16", color: "gray", bits: 12 }],
  ["gray, upside down", { flip: true }, { color: "gray" }],
  ["colour, 8 bits", { bitCount: 24, annotation: 20 }, { channels: 3, dtype: "uint8", color: "bgr" }],
  ["colour, 16 bits", { bitCount: 48 }, { channels: 3, dtype: "uint16", color: "bgr" }],
  ["a mosaic, 8 bits", { compression: 2, filter: 3 }, { channels: 1, color: "bayer-gb" }],
  [
    "a mosaic, 16 bits",
    { compression: 2, filter: 0x80000004, bitCount: 16 },
    { dtype: "uint16", color: "bayer-rg" },
  ],
])("%s: every image is the one that ffmpeg decodes", async (name, options, info) => {
  const { path } = write(`${name}.cine`, options);
  await using source = await open(path);
  expect(source.info).toMatchObject({ width: 16, height: 6, ...info });
  const all: Uint8Array[] = [];
  for await (const { image } of source.frames()) all.push(bytesOf(image));
  const found = Buffer.concat(all);
  // FFmpeg stretches samples of fewer bits to all 16.
  const words = new Uint16Array(found.buffer, found.byteOffset, found.length / 2);
  if (source.info.bits === 12)
    for (let i = 0; i < words.length; i++) words[i] = (words[i]! << 4) | (words[i]! >> 8);
  expect(found.equals(ffmpeg(path))).toBe(true);
});

test.each([
  [256, 10],
  [1024, 12],
] as const)("packing %i: samples of %i bits follow each other, top row first", async (packing, bits) => {
  const { path, images } = write("packed.cine", { bitCount: 16, packing });
  await using source = await open(path);
  expect(source.info).toMatchObject({ dtype: "uint16", bits, color: "gray" });
  for await (const { index, image } of source.frames()) {
    const text = [...images[index]!].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    const expected = Array.from({ length: 96 }, (_, i) =>
      Number.parseInt(text.slice(i * bits, (i + 1) * bits), 2),
    );
    expect([...(image.data as Uint16Array)]).toEqual(expected);
  }
});

test("numbers count from the trigger, and times are those that the camera took", async () => {
  await using source = await openDirectly(write("times.cine", { first: -2 }).path);
  for await (const { index, number, time } of source.frames()) {
    expect(number).toBe(index - 2);
    expect(time).toBeCloseTo(timeOf(index - 2), 6);
  }
  expect((await source.frame({ number: 0 })).time).toBeCloseTo(trigger, 6);
  expect(source.describe()).toMatchObject({
    rate: 1000,
    serial: 4711,
    exposure: 2 ** -10,
    times: "of each image",
  });
  await using counted = await openDirectly(write("counted.cine", { first: 10, times: false }).path);
  expect(counted.index.time(1)).toBeCloseTo(trigger + 11 / 1000, 6);
  expect(counted.describe()).toMatchObject({ times: "counted from the trigger" });
});

test("a cine that is cut short has the images before the cut", async () => {
  const { path } = write("whole.cine");
  const whole = readFileSync(path);
  writeFileSync(at("cut.cine"), whole.subarray(0, whole.length - 230));
  await using source = await openDirectly(at("cut.cine"));
  expect(messages(source)).toEqual([expect.stringMatching(/counts 5 images, 2 are there/)]);
  expect((await source.frame({ index: 1 })).number).toBe(-1);
  const damaged = Buffer.from(whole);
  damaged.writeUInt32LE(0, damaged.readUInt32LE(damaged.readUInt32LE(32) + 8));
  writeFileSync(at("damaged.cine"), damaged);
  await using other = await openDirectly(at("damaged.cine"));
  await expect(other.frame({ index: 1 })).rejects.toThrow(DecodeError);
  expect((await other.frame({ index: 2 })).number).toBe(0);
  writeFileSync(at("cut.cine"), whole.subarray(0, 5900));
  await expect(open(at("cut.cine"))).rejects.toThrow(FileFormatError);
});

test("rows that are padded as bitmaps' are come out without the padding", async () => {
  const { path } = write("narrow.cine", { width: 13, height: 4 });
  const whole = readFileSync(path);
  const offsets = whole.readUInt32LE(32);
  const rows = Buffer.from(Array.from({ length: 64 }, (_, i) => (i % 16 < 13 ? i : 255)));
  const image = Buffer.concat([Buffer.from(Uint32Array.of(8, 64).buffer), rows]);
  const head = Buffer.from(whole.subarray(0, offsets + 8));
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(64, 44 + 20);
  head.writeBigUInt64LE(BigInt(offsets + 8), offsets);
  writeFileSync(path, Buffer.concat([head, image]));
  await using source = await open(path);
  const { data } = (await source.frame({ index: 0 })).image;
  expect([...(data as Uint8Array)]).toEqual(
    [48, 32, 16, 0].flatMap((start) => Array.from({ length: 13 }, (_, i) => start + i)),
  );
});

test("what cannot be read is refused by name", async () => {
  expect(await sniff(write("any.cine").path)).toBe("recording");
  const cases: [Cine, RegExp][] = [
    [{ compression: 1 }, /JPEG/],
    [{ compression: 2, filter: 1 }, /colour filter of kind 1/],
    [{ packing: 7 }, /packing of a cine: 7/],
    [{ bitCount: 32 }, /32 bits/],
  ];
  for (const [options, message] of cases) {
    const { path } = write("refused.cine", options);
    await expect(open(path)).rejects.toThrow(message);
    await expect(open(path)).rejects.toThrow(UnsupportedError);
  }
});
