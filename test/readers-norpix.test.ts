import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError, UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { jpeg } from "../src/images/jpeg.js";
import { png } from "../src/images/png.js";
import { open, sniff } from "../src/index.js";
import { norpix } from "../src/readers/norpix.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab, labSamples, md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";
import { noiseImage } from "./fixtures/noise-image.js";

const folder = mkdtempSync(join(tmpdir(), "marey-norpix-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const samples = Object.keys(labSamples).filter((name) => name.startsWith("np_v"));
const openDirectly = (path: string) => norpix.open(path, {}) as Promise<RankedSource>;
const messages = ({ problems }: RankedSource): string[] => problems.map(({ message }) => message);

testSeekableSource("a raw NorPix sequence", () => openDirectly(join(lab, "np_v5_mono12in16.seq")));
testSeekableSource("a NorPix sequence of JPEGs", () => openDirectly(join(lab, "np_v4_monojpg_foot8.seq")));

test.each(samples)("%s: every frame and every time is what its maker says", (name) => expectSample(name));

for (const name of samples) {
  const beside = name === "np_v5_jpg_idx.seq" ? [join(lab, `${name}.idx`)] : [];
  testMutations(join(lab, name), openDirectly, { beside, frames: 1 });
}
testMutations(join(lab, "np_v5_jpg_idx.seq"), openDirectly, {
  damaged: join(lab, "np_v5_jpg_idx.seq.idx"),
  header: 168,
  mayAlwaysOpen: true,
});

/** What a header says, where it is not what most say. */
interface Header {
  readonly version?: number;
  readonly width?: number;
  readonly height?: number;
  readonly bitDepth?: number;
  readonly real?: number;
  readonly imageBytes?: number;
  readonly format?: number;
  readonly allocated?: number;
  readonly stride?: number;
  readonly compression?: number;
  readonly bayer?: number;
  readonly offset?: number;
  readonly oldest?: number;
  readonly metadata?: number;
}

function headerOf(header: Header): Buffer {
  const { version = 5, width = 8, height = 6, bitDepth = 8, real = bitDepth, format = 100 } = header;
  const imageBytes = header.imageBytes ?? (width * height * bitDepth) / 8;
  const bytes = Buffer.alloc(1024);
  bytes.writeUInt32LE(0xfeed, 0);
  bytes.write("Norpix seq\n", 4, "utf16le");
  bytes.writeInt32LE(version, 28);
  bytes.writeInt32LE(1024, 32);
  bytes.write("made by a test", 36, "utf16le");
  const fields: [number, number][] = [
    ...([
      [548, width],
      [552, height],
      [556, bitDepth],
      [560, real],
      [564, imageBytes],
    ] as [number, number][]),
    ...([
      [568, format],
      [572, header.allocated ?? 3],
      [580, header.stride ?? 512],
    ] as [number, number][]),
    ...([
      [608, header.bayer ?? 0],
      [620, header.compression ?? 0],
      [656, header.oldest ?? 0],
    ] as [number, number][]),
    [644, header.metadata ?? 0],
  ];
  for (const [place, value] of fields) bytes.writeUInt32LE(value, place);
  bytes.writeInt32LE(header.offset ?? 0, 612);
  bytes.writeDoubleLE(Number.POSITIVE_INFINITY, 584);
  return bytes;
}

function stamp(seconds: number, milliseconds: number, microseconds: number, bytes = 8): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(seconds, 0);
  out.writeUInt16LE(milliseconds, 4);
  out.writeUInt16LE(microseconds, 6);
  return out.subarray(0, bytes);
}

/** Raw frames; frame i is recorded i seconds, i milliseconds and i microseconds after the first. */
function writeRaw(name: string, header: Header, frames: readonly Uint8Array[]): string {
  const { version = 5, stride = 512 } = header;
  const head = headerOf({ imageBytes: frames[0]!.length, ...header });
  const start = Buffer.alloc((version >= 5 ? 8192 : 1024) - 1024 + (header.metadata ?? 0));
  const slots = frames.map((frame, i) => {
    const slot = Buffer.alloc(stride);
    slot.set(frame);
    slot.set(stamp(1000 + i, i, i, version >= 5 ? 8 : 6), frame.length);
    return slot;
  });
  writeFileSync(at(name), Buffer.concat([head, start, ...slots]));
  return at(name);
}

/** Compressed frames with `gap` bytes behind each picture. */
function writeSlots(name: string, header: Header, pictures: readonly Uint8Array[], gap: number): Buffer[] {
  const slots = pictures.map((picture, i) => {
    const slot = Buffer.alloc(4 + picture.length + gap);
    slot.writeUInt32LE(picture.length + 4);
    slot.set(picture, 4);
    slot.set(stamp(1000 + i, i, i), 4 + picture.length);
    return slot;
  });
  writeFileSync(at(name), Buffer.concat([headerOf({ format: 100, compression: 1, ...header }), ...slots]));
  return slots;
}

const values = Array.from({ length: 48 }, (_, i) => (i * 397) % 4096);

/** Numbers of so many bits, highest first, without gaps. */
function bitPacked(numbers: readonly number[], bits: number): Uint8Array {
  const text = numbers.map((value) => value.toString(2).padStart(bits, "0")).join("");
  return Uint8Array.from({ length: Math.ceil(text.length / 8) }, (_, i) =>
    Number.parseInt(text.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );
}

/** Two numbers in three bytes: the high bits of each outside, the low bits of both between them. */
function pairPacked(numbers: readonly number[], bits: number): Uint8Array {
  const low = bits - 8;
  const out: number[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [a, b] = [numbers[i]!, numbers[i + 1]!];
    const mask = (1 << low) - 1;
    out.push(a >> low, ((b & mask) << 4) | (a & mask), b >> low);
  }
  return Uint8Array.from(out);
}

const words = (numbers: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(numbers).buffer);
const swapped = (numbers: readonly number[]): Uint8Array => Buffer.from(words(numbers)).swap16();
const ten = values.map((value) => value >> 2);

test.each<[string, Header, Uint8Array, readonly number[], object]>([
  ["gray, 16 bits", { bitDepth: 16, format: 100 }, words(values), values, { dtype: "uint16" }],
  ["gray, 12 in 16", { bitDepth: 16, real: 12, format: 100 }, words(values), values, { bits: 12 }],
  [
    "high end",
    { bitDepth: 16, real: 12, format: 112 },
    words(values.map((v) => v << 4)),
    values,
    { bits: 12 },
  ],
  [
    "high end, swapped",
    { bitDepth: 16, real: 10, format: 114 },
    swapped(ten.map((v) => v << 6)),
    ten,
    { bits: 10 },
  ],
  ["packed, 12", { bitDepth: 12, format: 131 }, bitPacked(values, 12), values, { bits: 12, color: "gray" }],
  ["packed, 10", { bitDepth: 10, format: 131 }, bitPacked(ten, 10), ten, { bits: 10 }],
  ["packed, 14", { bitDepth: 14, format: 131 }, bitPacked(values, 14), values, { bits: 14 }],
  ["packed by its depth", { bitDepth: 12, format: 100 }, bitPacked(values, 12), values, { bits: 12 }],
  ["8448, 12", { bitDepth: 12, format: 133 }, pairPacked(values, 12), values, { bits: 12 }],
  ["8448, 10", { bitDepth: 12, real: 10, format: 133 }, pairPacked(ten, 10), ten, { bits: 10 }],
  ["Bayer", { bitDepth: 16, real: 12, format: 101, bayer: 3 }, words(values), values, { color: "bayer-rg" }],
  [
    "Bayer, high",
    { bitDepth: 16, real: 12, format: 113, bayer: 1 },
    words(values.map((v) => v << 4)),
    values,
    { color: "bayer-gr" },
  ],
  ["Bayer, swapped", { bitDepth: 16, format: 115, bayer: 0 }, swapped(values), values, { color: "bayer-gb" }],
  [
    "Bayer, packed",
    { bitDepth: 12, format: 132, bayer: 2 },
    bitPacked(values, 12),
    values,
    { color: "bayer-bg" },
  ],
  [
    "Bayer, 8448",
    { bitDepth: 12, format: 134, bayer: 3 },
    pairPacked(values, 12),
    values,
    { color: "bayer-rg" },
  ],
])("samples come out as they were: %s", async (name, header, stored, expected, info) => {
  await using source = await open(writeRaw(`${name}.seq`, header, [stored, stored, stored]));
  expect(source.info).toMatchObject({ width: 8, height: 6, channels: 1, ...info });
  for await (const { image } of source.frames()) expect([...(image.data as Uint16Array)]).toEqual(expected);
});

test("colour of 48 bits, of 5 and 6 bits, and in planes comes out as BGR", async () => {
  const rgb = Array.from({ length: 144 }, (_, i) => i * 400);
  const bgr = rgb.map((_, i) => rgb[i - (i % 3) + 2 - (i % 3)]!);
  await using wide = await open(writeRaw("rgb48.seq", { bitDepth: 48, format: 400 }, [words(rgb)]));
  expect([...(await wide.frame({ index: 0 })).image.data]).toEqual(bgr);
  const short = words(Array.from({ length: 48 }, (_, i) => (i * 1371) & 0xffff));
  for (const [format, green] of [
    [905, 5],
    [906, 6],
  ] as const) {
    await using source = await open(writeRaw("short.seq", { bitDepth: 16, format }, [short]));
    const { data } = (await source.frame({ index: 0 })).image;
    const [low, high] = [short[2]!, short[3]!];
    const pixel = low | (high << 8);
    const mask = (1 << green) - 1;
    expect([data[3], data[4], data[5]]).toEqual([
      (pixel & 31) << 3,
      ((pixel >> 5) & mask) << (8 - green),
      ((pixel >> (5 + green)) & 31) << 3,
    ]);
  }
});

test("YUV with the chroma of two or four pixels in common is the same picture in every packing", async () => {
  const [u, v] = [90, 160];
  const luma = Array.from({ length: 48 }, (_, i) => 20 + i * 4);
  const packings: [number, number[], number][] = [
    [600, luma.flatMap((y, i) => [y, i % 2 === 0 ? u : v]), 16],
    [700, luma.flatMap((y, i) => [i % 2 === 0 ? u : v, y]), 16],
    [800, luma.flatMap((y, i) => (i % 4 === 0 ? [u, y] : i % 4 === 2 ? [v, y] : [y])), 12],
    [900, luma.flatMap((y) => [u, y, v]), 24],
  ];
  const pictures: string[][] = [];
  for (const [format, bytes, bitDepth] of packings) {
    await using source = await open(writeRaw("yuv.seq", { bitDepth, format }, [Uint8Array.from(bytes)]));
    expect(source.info).toMatchObject({ width: 8, height: 6, channels: 3, color: "bgr" });
    pictures.push(await md5s(source));
  }
  expect(new Set(pictures.flat()).size).toBe(1);
});

test.each([3, 4, 5])(
  "raw frames of version %i carry seconds, milliseconds and what there is beyond",
  async (version) => {
    const frames = [1, 2, 3].map((value) => new Uint8Array(48).fill(value));
    await using source = await openDirectly(
      writeRaw(`v${version}.seq`, { version, offset: 250_000 }, frames),
    );
    const micro = version >= 5 ? 2 : 0;
    expect(source.index.time(2)).toBeCloseTo(1002 + 0.002 + micro / 1e6 + 0.25, 9);
    expect(source.describe()).toMatchObject({ version, timeOffset: 0.25, description: "made by a test" });
    expect(source.describe()).not.toHaveProperty("suggestedRate");
    expect(messages(source)).toEqual([]);
  },
);

test("version 5 may start at byte 1024, and version 4 behind data of its own", async () => {
  const frames = [1, 2, 3].map((value) => new Uint8Array(48).fill(value));
  const early = Buffer.concat([
    headerOf({ stride: 4099 }),
    readFileSync(writeRaw("v3.seq", { version: 3, stride: 4099 }, frames)).subarray(1024),
  ]);
  writeFileSync(at("early.seq"), early);
  const late = writeRaw("late.seq", { version: 4, metadata: 700 }, frames);
  for (const path of [at("early.seq"), late]) {
    await using source = await openDirectly(path);
    expect(source.index.length).toBe(3);
    for await (const { index, image } of source.frames()) expect(image.data[5]).toBe(index + 1);
  }
});

test("a recorder that went round and round: the oldest frame comes first", async () => {
  const frames = [1, 2, 3, 4, 5].map((value) => new Uint8Array(48).fill(value));
  await using source = await openDirectly(writeRaw("loop.seq", { allocated: 5, oldest: 3 }, frames));
  const found: unknown[] = [];
  for await (const { image } of source.frames()) found.push(image.data[0]);
  expect(found).toEqual([4, 5, 1, 2, 3]);
  expect(source.index.time(0)).toBeCloseTo(1003.003003, 6);
  expect(source.describe()).toMatchObject({ oldestFrame: 3 });
});

test("after a crash the frames are counted from the file, and a cut last slot counts if its stamp is there", async () => {
  const frames = [1, 2, 3].map((value) => new Uint8Array(48).fill(value));
  const whole = readFileSync(writeRaw("whole.seq", { allocated: 9 }, frames));
  for (const [missing, count] of [
    [0, 3],
    [512 - 56, 3],
    [512 - 55, 2],
    [512, 2],
  ] as const) {
    writeFileSync(at("cut.seq"), whole.subarray(0, whole.length - missing));
    await using source = await openDirectly(at("cut.seq"));
    expect(source.index.length, String(missing)).toBe(count);
    expect(messages(source)).toEqual([`its header counts 9 frames, ${count} are there`]);
  }
  await using crashed = await openDirectly(join(lab, "np_v5_alloc0_crash.seq"));
  expect(messages(crashed)).toEqual([expect.stringMatching(/counts no frames, 7 are there/)]);
  writeFileSync(at("none.seq"), whole.subarray(0, 8192 + 20));
  await expect(openDirectly(at("none.seq"))).rejects.toThrow(/no whole frame/);
});

const pictures = async (codec: typeof jpeg, count = 5): Promise<Uint8Array[]> =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      codec.encode(noiseImage({ width: 48, height: 32, dtype: "uint8", color: "gray" }, i + 1)),
    ),
  );

test.each([8, 16])(
  "slots are found without an index, %i bytes from picture to picture; JPEG and PNG alike",
  async (gap) => {
    for (const [codec, header] of [
      [jpeg, { version: 5, width: 48, height: 32 }],
      [png, { version: 3, width: 48, height: 32, format: 1, compression: 0 }],
    ] as const) {
      const files = await pictures(codec);
      writeSlots("slots.seq", { ...header, allocated: 5 }, files, gap);
      await using source = await openDirectly(at("slots.seq"));
      expect([source.index.length, messages(source)]).toEqual([5, []]);
      expect(source.describe()).toMatchObject({
        foundBy: "scan",
        compression: codec === png ? "png" : "jpeg",
      });
      for await (const { index, time, image } of source.frames()) {
        expect(image.data).toEqual((await codec.decode(files[index]!, "x")).data);
        expect(time).toBeCloseTo(1000 + index + index / 1000 + (header.version === 3 ? 0 : index / 1e6), 6);
      }
    }
  },
);

test("a mosaic in JPEGs stays a mosaic", async () => {
  writeSlots(
    "mosaic.seq",
    { width: 48, height: 32, format: 103, version: 3, bayer: 3 },
    await pictures(jpeg, 3),
    16,
  );
  await using source = await openDirectly(at("mosaic.seq"));
  expect(source.info).toMatchObject({ channels: 1, color: "bayer-rg" });
});

test("a sequence of JPEGs that is cut short has the frames before the cut, and says so", async () => {
  const slots = writeSlots("long.seq", { width: 48, height: 32, allocated: 5 }, await pictures(jpeg), 8);
  const whole = readFileSync(at("long.seq"));
  for (const [missing, count] of [
    [4, 4],
    [slots[4]!.length + 1, 3],
    [slots[4]!.length - 10, 4],
  ] as const) {
    writeFileSync(at("short.seq"), whole.subarray(0, whole.length - missing));
    await using source = await openDirectly(at("short.seq"));
    expect(source.index.length).toBe(count);
    expect(messages(source).join()).toMatch(/cut short or damaged.*header counts 5 frames/);
  }
});

/** Side-car records of 24 or 32 bytes. */
function writeIndex(name: string, slots: readonly Buffer[], bytes: 24 | 32, gap: number): void {
  let offset = 1024;
  const records = slots.map((slot, i) => {
    const record = Buffer.alloc(bytes);
    record.writeBigUInt64LE(BigInt(offset), 0);
    record.writeUInt32LE(slot.length - gap, 8);
    record.set(stamp(1000 + i, i, i), 12);
    offset += slot.length;
    return record;
  });
  writeFileSync(at(`${name}.idx`), Buffer.concat(records));
}

test.each([24, 32] as const)(
  "an index of %i bytes a record is used, and what it lacks is found",
  async (bytes) => {
    const files = await pictures(jpeg);
    const slots = writeSlots("indexed.seq", { width: 48, height: 32, allocated: 5 }, files, 16);
    writeIndex("indexed.seq", slots, bytes, 16);
    await using whole = await openDirectly(at("indexed.seq"));
    expect(whole.describe()).toMatchObject({ foundBy: "index" });
    expect([whole.index.length, messages(whole)]).toEqual([5, []]);
    const expected = await md5s(whole);
    writeIndex("indexed.seq", slots.slice(0, 3), bytes, 16);
    await using part = await openDirectly(at("indexed.seq"));
    expect(await md5s(part)).toEqual(expected);
    expect(messages(part)).toEqual([expect.stringMatching(/lacks the last 2 frames/)]);
    writeFileSync(at("indexed.seq.idx"), Buffer.alloc(bytes * 5, 7));
    await using none = await openDirectly(at("indexed.seq"));
    expect(await md5s(none)).toEqual(expected);
    expect(messages(none)).toEqual([expect.stringMatching(/index .* is not used/)]);
    rmSync(at("indexed.seq.idx"));
  },
);

test("a damaged JPEG is an error of its frame", async () => {
  const files = await pictures(jpeg);
  files[2]!.fill(0, 100, 400);
  writeSlots("damaged.seq", { width: 48, height: 32, allocated: 5 }, files, 8);
  await using source = await openDirectly(at("damaged.seq"));
  await expect(source.frame({ index: 2 })).rejects.toThrow(DecodeError);
  await expect(source.frame({ index: 2 })).rejects.toThrow(/damaged\.seq, frame 2/);
  const broken: unknown[] = [];
  const found: number[] = [];
  for await (const { index } of source.frames({ onDamage: ({ frame }) => broken.push(frame) }))
    found.push(index);
  expect([found, broken]).toEqual([[0, 1, 3, 4], [2]]);
});

test("what cannot be read is refused by name", async () => {
  await expect(open(join(lab, "np_zero_header.seq"))).rejects.toThrow(/empty header/);
  const frames = [new Uint8Array(48)];
  const cases: [Header, RegExp, typeof UnsupportedError | typeof FileFormatError][] = [
    [{ compression: 8 }, /H\.264/, UnsupportedError],
    [{ compression: 99 }, /number 99/, UnsupportedError],
    [{ format: 136 }, /image format: 136/, UnsupportedError],
    [{ format: 200, bitDepth: 12 }, /image format: 200 with 12 bits/, UnsupportedError],
    [{ version: 9 }, /version: 9/, UnsupportedError],
    [{ width: 0 }, /0x6 pixels/, FileFormatError],
    [{ width: 2 ** 31, height: 2 ** 31 }, /picture size/, UnsupportedError],
    [{ width: 800 }, /contradicts itself/, FileFormatError],
    [{ stride: 20, imageBytes: 48 }, /contradicts itself/, FileFormatError],
  ];
  for (const [header, message, kind] of cases) {
    const path = writeRaw("refused.seq", { ...header, stride: 512 }, frames);
    if (header.stride)
      writeFileSync(path, Buffer.concat([headerOf(header), readFileSync(path).subarray(1024)]));
    await expect(open(path), String(message)).rejects.toThrow(message);
    await expect(open(path)).rejects.toThrow(kind);
  }
  writeFileSync(at("tiny.seq"), headerOf({}).subarray(0, 500));
  await expect(open(at("tiny.seq"))).rejects.toThrow(/cut short/);
});

test("a sequence is known by its first bytes, whatever its name", async () => {
  copyFileSync(join(lab, "np_v3_mono8.seq"), at("film.mp4"));
  expect(await sniff(at("film.mp4"))).toBe("recording");
});
