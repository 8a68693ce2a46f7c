import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FileFormatError, UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open, sniff } from "../src/index.js";
import { fmf } from "../src/readers/fmf.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-fmf-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const sample = join(lab, "v1.fmf");

testSeekableSource("an fmf recording", () => fmf.open(sample, {}));
testMutations(sample, (path) => fmf.open(path, {}), { header: 28 });

test("v1.fmf: every frame and every time is what its maker says", () => expectSample("v1.fmf"));

/** Version 3, as motmot writes it: `count` frames of `bytes`, frame i filled with i + what `fill` gives. */
function write(
  name: string,
  header: { format: string; bpp: number; rows: number; columns: number; n?: number },
  frames: readonly Uint8Array[],
): string {
  const { format, bpp, rows, columns, n = frames.length } = header;
  const head = Buffer.alloc(36 + format.length);
  head.writeUInt32LE(3, 0);
  head.writeUInt32LE(format.length, 4);
  head.write(format, 8, "latin1");
  head.writeUInt32LE(bpp, 8 + format.length);
  head.writeUInt32LE(rows, 12 + format.length);
  head.writeUInt32LE(columns, 16 + format.length);
  head.writeBigUInt64LE(BigInt(8 + frames[0]!.length), 20 + format.length);
  head.writeBigUInt64LE(BigInt(n), 28 + format.length);
  const chunks = frames.flatMap((frame, i) => [Buffer.from(new Float64Array([1e9 + i / 7]).buffer), frame]);
  writeFileSync(at(name), Buffer.concat([head, ...chunks]));
  return at(name);
}

test("version 3 holds gray, mosaics, floats, RGB and YUV, and each comes out as what it is", async () => {
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37) % 251);
  const cases: [format: string, bpp: number, expected: object, first: number[]][] = [
    ["MONO8", 8, { channels: 1, dtype: "uint8", color: "gray" }, [0, 37, 74]],
    ["MONO8:GBRG", 8, { channels: 1, dtype: "uint8", color: "bayer-gb" }, [0, 37, 74]],
    ["RAW8:rggb", 8, { channels: 1, dtype: "uint8", color: "bayer-rg" }, [0, 37, 74]],
    ["MONO16", 16, { channels: 1, dtype: "uint16", color: "gray" }, [37 * 256, 74 + 111 * 256]],
    ["RGB8", 24, { channels: 3, dtype: "uint8", color: "bgr" }, [74, 37, 0, 185, 148, 111]],
    ["YUV422", 16, { channels: 3, dtype: "uint8", color: "bgr" }, []],
    ["YUV411", 12, { channels: 3, dtype: "uint8", color: "bgr" }, []],
  ];
  for (const [format, bpp, info, first] of cases) {
    const path = write(
      "any.fmf",
      { format, bpp, rows: 6, columns: 8 },
      [1, 2, 3].map(() => bytes((48 * bpp) / 8)),
    );
    await using source = await open(path);
    expect(source.info, format).toMatchObject({ width: 8, height: 6, ...info });
    const frame = await source.frame({ index: 2 });
    expect(frame.time).toBe(1e9 + 2 / 7);
    expect([...(frame.image.data as Uint8Array).subarray(0, first.length)], format).toEqual(first);
  }
  const floats = new Float32Array(48).map((_, i) => i / 3);
  const path = write("float.fmf", { format: "MONO32f", bpp: 32, rows: 6, columns: 8 }, [
    new Uint8Array(floats.buffer),
  ]);
  await using source = await open(path);
  expect((await source.frame({ index: 0 })).image.data).toEqual(floats);
});

test("gray in the chroma of YUV is gray in the picture, whichever way it is packed", async () => {
  const luma = Array.from({ length: 48 }, (_, i) => 16 + i * 4);
  const pairs = luma.flatMap((y) => [128, y]);
  const fours = luma.flatMap((y, i) => (i % 2 === 0 ? [128, y] : [y]));
  await using a = await open(
    write("a.fmf", { format: "YUV422", bpp: 16, rows: 6, columns: 8 }, [Uint8Array.from(pairs)]),
  );
  await using b = await open(
    write("b.fmf", { format: "YUV411", bpp: 12, rows: 6, columns: 8 }, [Uint8Array.from(fours)]),
  );
  const [one, other] = [(await a.frame({ index: 0 })).image.data, (await b.frame({ index: 0 })).image.data];
  expect(one).toEqual(other);
  expect([...(one as Uint8Array).subarray(0, 6)]).toEqual([0, 0, 0, 5, 5, 5]);
});

test("frames that nobody counted are all found, and a cut file says what is missing", async () => {
  const frames = [1, 2, 3, 4].map((value) => new Uint8Array(48).fill(value));
  await using unknown = await open(
    write("n0.fmf", { format: "MONO8", bpp: 8, rows: 6, columns: 8, n: 0 }, frames),
  );
  expect([unknown.index.length, (unknown as RankedSource).problems]).toEqual([4, []]);
  const whole = readFileSync(sample);
  writeFileSync(at("cut.fmf"), whole.subarray(0, whole.length - 100));
  await using cut = (await open(at("cut.fmf"))) as RankedSource;
  expect(cut.index.length).toBe(6);
  expect(cut.problems.map(({ message }) => message)).toEqual([
    "its header counts 7 frames, 6 are there",
    expect.stringMatching(/^cut short: its last \d+ bytes/),
  ]);
});

test("a header that contradicts itself is none, and an unknown coding is named", async () => {
  const whole = readFileSync(sample);
  expect(await sniff(sample)).toBe("recording");
  whole.writeUInt32LE(1000, 4);
  expect(fmf.matches(whole.subarray(0, 4096), "x")).toBe(false);
  writeFileSync(at("wrong.fmf"), whole);
  await expect(fmf.open(at("wrong.fmf"), {})).rejects.toThrow(FileFormatError);
  const odd = write("odd.fmf", { format: "HSV8", bpp: 8, rows: 6, columns: 8 }, [new Uint8Array(48)]);
  await expect(open(odd)).rejects.toThrow(UnsupportedError);
  await expect(open(odd)).rejects.toThrow(/HSV8.*MONO8/);
});
