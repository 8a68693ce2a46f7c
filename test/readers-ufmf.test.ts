import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open } from "../src/index.js";
import { ufmf } from "../src/readers/ufmf.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab, md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-ufmf-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const sample = join(lab, "v4.ufmf");
const openDirectly = (path: string) => ufmf.open(path, {}) as Promise<RankedSource>;
const messages = ({ problems }: RankedSource): string[] => problems.map(({ message }) => message);

testSeekableSource("a ufmf recording", () => openDirectly(sample));
testMutations(sample, openDirectly, { header: 60 });

test("v4.ufmf: every frame and every time is what its maker says", () => expectSample("v4.ufmf"));

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly data: Uint8Array;
}

interface Recording {
  readonly version?: 2 | 3 | 4;
  readonly coding?: string;
  readonly fixed?: readonly [width: number, height: number];
  readonly chunks: readonly (
    | { readonly mean: Uint8Array | Float32Array; readonly time: number; readonly name?: string }
    | { readonly boxes: readonly Box[]; readonly time: number }
  )[];
  readonly index?: boolean;
  readonly narrow?: boolean;
  readonly atChunk?: boolean;
}

const [width, height] = [10, 8];

/** As motmot and Ctrax write it; pictures of 10 x 8. */
function write(name: string, recording: Recording): string {
  const { version = 4, coding = "MONO8", fixed, chunks, index = true, narrow = false } = recording;
  const [maxW, maxH] = fixed ?? [width, height];
  const u16 = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);
  const f64 = (value: number): Buffer => Buffer.from(Float64Array.of(value).buffer);
  const columns = { frame: [[], []], mean: [[], []], other: [[], []] } as Record<
    string,
    [number[], number[]]
  >;
  const head = (indexAt: number): Buffer =>
    Buffer.concat([
      ...[Buffer.from("ufmf"), Buffer.from(Uint32Array.of(version).buffer)],
      Buffer.from(version === 2 ? Uint32Array.of(indexAt).buffer : BigUint64Array.of(BigInt(indexAt)).buffer),
      ...[u16(maxW, maxH), Buffer.from(version === 4 ? [fixed ? 1 : 0] : []), Buffer.from([coding.length])],
      Buffer.from(coding),
    ]);
  let place = head(0).length;
  const parts = chunks.map((chunk) => {
    const isMean = "mean" in chunk;
    const kind = isMean ? (chunk.name ?? "mean") : "frame";
    const [places, times] = columns[kind] ?? columns.other!;
    places.push(place);
    times.push(chunk.time);
    const part = isMean
      ? Buffer.concat([
          ...[
            Buffer.from([0, kind.length]),
            Buffer.from(kind),
            Buffer.from(chunk.mean instanceof Float32Array ? "f" : "B"),
          ],
          ...[u16(width, height), f64(chunk.time), Buffer.from(chunk.mean.buffer)],
        ])
      : Buffer.concat([
          ...[Buffer.from([1]), f64(chunk.time)],
          version === 4 ? Buffer.from(Uint32Array.of(chunk.boxes.length).buffer) : u16(chunk.boxes.length),
          ...chunk.boxes.flatMap(({ x, y, w, h, data }) => [fixed ? u16(x, y) : u16(x, y, w, h), data]),
        ]);
    place += part.length;
    return part;
  });
  const array = (type: string, bytes: ArrayBuffer): Buffer =>
    Buffer.concat([
      Buffer.from(`a${type}`),
      Buffer.from(Uint32Array.of(bytes.byteLength).buffer),
      Buffer.from(bytes),
    ]);
  const dictionary = (entries: Record<string, Buffer>): Buffer =>
    Buffer.concat([
      Buffer.from([0x64, Object.keys(entries).length]),
      ...Object.entries(entries).flatMap(([key, value]) => [u16(key.length), Buffer.from(key), value]),
    ]);
  const column = ([places, times]: [number[], number[]]): Buffer =>
    dictionary({
      loc: narrow
        ? array("L", Uint32Array.from(places).buffer)
        : array("q", BigUint64Array.from(places.map(BigInt)).buffer),
      timestamp: array("d", Float64Array.from(times).buffer),
    });
  const tail = index
    ? [
        Buffer.from([2]),
        dictionary({
          frame: column(columns.frame!),
          keyframe: dictionary(columns.mean![0].length > 0 ? { mean: column(columns.mean!) } : {}),
        }),
      ]
    : [];
  writeFileSync(
    at(name),
    Buffer.concat([head(index ? place + (recording.atChunk ? 0 : 1) : 0), ...parts, ...tail]),
  );
  return at(name);
}

const flat = (value: number, channels = 1): Uint8Array =>
  new Uint8Array(width * height * channels).fill(value);
const box = (x: number, y: number, w: number, h: number, value: number): Box => ({
  ...{ x, y, w, h },
  data: new Uint8Array(w * h).fill(value),
});

const chunks: Recording["chunks"] = [
  { mean: flat(50), time: 10 },
  { boxes: [box(1, 1, 3, 2, 200), box(2, 2, 4, 4, 210)], time: 10.5 },
  { boxes: [], time: 11 },
  { mean: flat(7), time: 11.5, name: "sumsq" },
  { mean: flat(60), time: 12 },
  { boxes: [box(9, 7, 1, 1, 220)], time: 12 },
];

/** Row by row. */
async function pixels(source: RankedSource, index: number): Promise<number[][]> {
  const { data } = (await source.frame({ index })).image;
  return Array.from({ length: height }, (_, row) => [
    ...(data as Uint8Array).subarray(row * width, (row + 1) * width),
  ]);
}

test.each([2, 3, 4] as const)(
  "version %i, with an index or without: boxes lie on the background of their time",
  async (version) => {
    for (const options of [{}, { index: false }, { narrow: true }, { atChunk: true }]) {
      await using source = await openDirectly(write("all.ufmf", { version, chunks, ...options }));
      expect([0, 1, 2].map((rank) => source.index.time(rank))).toEqual([10.5, 11, 12]);
      const first = Array.from({ length: height }, () => Array(width).fill(50));
      for (let row = 1; row < 3; row++) first[row]!.fill(200, 1, 4);
      for (let row = 2; row < 6; row++) first[row]!.fill(210, 2, 6);
      expect(await pixels(source, 0)).toEqual(first);
      expect((await pixels(source, 1)).flat()).toEqual([...flat(50)]);
      expect((await pixels(source, 2)).flat()).toEqual([...flat(60).fill(220, 79)]);
      const foundBy = options.index === false ? "scan" : "index";
      expect(source.describe()).toMatchObject({ version, foundBy, backgrounds: 2 });
      expect(messages(source)).toEqual(foundBy === "scan" ? [expect.stringMatching(/no index/)] : []);
    }
  },
);

test("boxes of one size, backgrounds of floats, and frames without a background", async () => {
  const fixed = write("fixed.ufmf", {
    fixed: [2, 3],
    chunks: [
      { mean: new Float32Array(80).fill(99.9), time: 1 },
      { boxes: [box(0, 0, 2, 3, 1), box(8, 5, 2, 3, 2)], time: 2 },
      { boxes: [box(4, 4, 2, 3, 3)], time: 3 },
    ],
  });
  for (const path of [fixed, at("fixed.ufmf")]) {
    await using source = await openDirectly(path);
    expect(source.info).toMatchObject({ width, height });
    const rows = await pixels(source, 0);
    expect([rows[0]!.slice(0, 3), rows[7]!.slice(7), rows[3]![0]]).toEqual([[1, 1, 99], [99, 2, 2], 99]);
  }
  await using white = await openDirectly(
    write("white.ufmf", { chunks: [{ boxes: [box(0, 0, 1, 1, 3)], time: 3 }] }),
  );
  expect((await pixels(white, 0))[0]!.slice(0, 2)).toEqual([3, 255]);
});

test("colour is stored in planes and comes out as BGR; a mosaic keeps its pattern", async () => {
  const mean = Uint8Array.from({ length: 240 }, (_, i) => [10, 20, 30][Math.floor(i / 80)]!);
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const path = write("colour.ufmf", {
    coding: "RGB24",
    chunks: [
      { mean, time: 0 },
      { boxes: [{ x: 1, y: 0, w: 2, h: 1, data }], time: 1 },
    ],
  });
  await using source = await openDirectly(path);
  expect(source.info).toMatchObject({ channels: 3, color: "bgr" });
  const { image } = await source.frame({ index: 0 });
  expect([...(image.data as Uint8Array).subarray(0, 12)]).toEqual([30, 20, 10, 5, 3, 1, 6, 4, 2, 30, 20, 10]);
  await using mosaic = await openDirectly(write("mosaic.ufmf", { coding: "MONO8:GRBG", chunks }));
  expect(mosaic.info.color).toBe("bayer-gr");
  await expect(openDirectly(write("odd.ufmf", { coding: "YUV422", chunks }))).rejects.toThrow(
    UnsupportedError,
  );
});

test("a damaged index is told, and its frames are found without it; a cut file has those before the cut", async () => {
  const whole = readFileSync(write("whole.ufmf", { chunks }));
  await using sound = await openDirectly(at("whole.ufmf"));
  const expected = await md5s(sound);
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(0x7a, damaged.readUInt32LE(8));
  writeFileSync(at("damaged.ufmf"), damaged);
  await using source = await openDirectly(at("damaged.ufmf"));
  expect(await md5s(source)).toEqual(expected);
  expect(messages(source)).toEqual([expect.stringMatching(/index is damaged/)]);
  writeFileSync(at("cut.ufmf"), whole.subarray(0, whole.readUInt32LE(8) - 5));
  await using cut = await openDirectly(at("cut.ufmf"));
  expect(await md5s(cut)).toEqual(expected.slice(0, 2));
  expect(messages(cut).join()).toMatch(/said to be at byte.*cut short/);
});

test("a box that does not fit is an error of its frame", async () => {
  const path = write("box.ufmf", { chunks: [...chunks, { boxes: [box(8, 0, 5, 1, 1)], time: 13 }] });
  await using source = await open(path);
  await expect(source.frame({ index: 3 })).rejects.toThrow(DecodeError);
  await expect(source.frame({ index: 3 })).rejects.toThrow(/frame 3: a box of 5x1 pixels at 8, 0/);
  expect((await source.frame({ index: 2 })).image.data[79]).toBe(220);
});
