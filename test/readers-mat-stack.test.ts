import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { FileFormatError } from "../src/core/errors.js";
import { open, sniff } from "../src/index.js";
import { matAxes } from "../src/readers/mat-stack/mat-axes.js";
import { matStack } from "../src/readers/mat-stack.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-mat-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const sample = join(lab, "v5.mat");

testSeekableSource("a stack of MATLAB's", () => matStack.open(sample, {}));
testMutations(sample, (path) => matStack.open(path, {}), { header: 300 });

test("v5.mat: every frame is what its maker says", async () => {
  expect(await sniff(sample)).toBe("array");
  await expectSample("v5.mat");
});

interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
  /** MATLAB's number of the class, and the type that its samples are stored in. */
  readonly class: number;
  readonly type: number;
  /** Bytes of a sample, and its value by its place in MATLAB's order. */
  readonly bytes: number;
  readonly value: (place: number) => number;
  readonly packed?: boolean;
  readonly complex?: boolean;
}

/** A MAT-file of level 5 in either byte order. */
function write(name: string, variables: readonly Variable[], little = true): string {
  const u32 = (...values: number[]): Buffer => {
    const out = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries())
      little ? out.writeUInt32LE(value, i * 4) : out.writeUInt32BE(value, i * 4);
    return out;
  };
  const element = (type: number, data: Buffer): Buffer =>
    Buffer.concat([u32(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  const head = Buffer.alloc(128, " ");
  head.write("MATLAB 5.0 MAT-file, made by a test");
  head.set(little ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
  const parts = variables.map((variable) => {
    const count = variable.shape.reduce((a, b) => a * b, 1);
    const samples = Buffer.alloc(count * variable.bytes);
    for (let i = 0; i < count; i++) {
      const [value, place] = [variable.value(i), i * variable.bytes];
      if (variable.type === 9)
        little ? samples.writeDoubleLE(value, place) : samples.writeDoubleBE(value, place);
      else if (little) samples.writeUIntLE(value, place, variable.bytes);
      else samples.writeUIntBE(value, place, variable.bytes);
    }
    const body = Buffer.concat([
      element(6, u32(variable.class | (variable.complex ? 0x800 : 0), 0)),
      ...[
        element(5, u32(...variable.shape)),
        element(1, Buffer.from(variable.name)),
        element(variable.type, samples),
      ],
    ]);
    const whole = element(14, body);
    if (!variable.packed) return whole;
    const packed = deflateSync(whole);
    return Buffer.concat([u32(15, packed.length), packed]);
  });
  writeFileSync(at(name), Buffer.concat([head, ...parts]));
  return at(name);
}

const wide: Variable = {
  ...{ name: "movie", shape: [6, 8, 5], class: 11, type: 4, bytes: 2 },
  value: (place) => place * 100,
};

test.each([true, false])(
  "samples in either byte order, packed or not, in a smaller type than their class has",
  async (little) => {
    for (const packed of [false, true]) {
      for (const variable of [
        { ...wide, packed },
        { ...wide, packed, class: 6 },
        { ...wide, packed, class: 14 },
        { ...wide, packed, class: 6, type: 9, bytes: 8 },
      ]) {
        await using source = await open(write("any.mat", [variable], little));
        const dtype = { 11: "uint16", 6: "float64", 14: "int64" }[variable.class];
        expect(source.info).toMatchObject({ height: 6, width: 8, channels: 1, dtype });
        expect(source.index.length).toBe(5);
        // Row 2, column 3 of frame 4, rows running fastest.
        const { data } = (await source.frame({ index: 4 })).image;
        expect(Number(data[2 * 8 + 3])).toBe((2 + 3 * 6 + 4 * 48) * 100);
      }
    }
  },
);

test("the axes are those that MATLAB's functions use, unless the shape says otherwise", () => {
  const guesses: [number[], string][] = [
    [[480, 640], "hw"],
    [[480, 640, 7], "hwt"],
    [[480, 640, 3], "hwc"],
    [[64, 64, 64], "hwt"],
    [[512, 512, 10_000], "hwt"],
    [[7, 480, 640], "thw"],
    [[10_000, 480, 640], "thw"],
    [[480, 640, 3, 20], "hwct"],
    [[480, 640, 1, 20], "hwct"],
    [[20, 480, 640, 3], "thwc"],
  ];
  for (const [shape, axes] of guesses) expect(matAxes(shape), String(shape)).toBe(axes);
});

test("a movie of colours is RGB, and the axes may be told", async () => {
  const colours: Variable = {
    ...wide,
    shape: [6, 8, 3, 4],
    class: 9,
    type: 2,
    bytes: 1,
    value: (place) => place % 251,
  };
  await using source = await open(write("colour.mat", [colours]));
  expect(source.info).toMatchObject({ height: 6, width: 8, channels: 3, color: "rgb", dtype: "uint8" });
  const { data } = (await source.frame({ index: 2 })).image;
  expect([data[0], data[1], data[2]]).toEqual([0, 48, 96].map((place) => (place + 2 * 144) % 251));
  await using bgr = await open(at("colour.mat"), { as: "bgr" });
  expect((await bgr.frame({ index: 2 })).image.data[0]).toBe((96 + 288) % 251);
  const columns = { ...wide, packed: true };
  await using dense = await open(write("dense.mat", [columns]), { axes: "wht" });
  expect([...(await dense.frame({ index: 1 })).image.data].slice(0, 3)).toEqual([4800, 4900, 5000]);
  await using turned = await open(write("turned.mat", [wide]), { axes: "thw" });
  expect([turned.index.length, turned.info.height, turned.info.width]).toEqual([6, 8, 5]);
});

test("of several stacks one must be chosen, and what is no picture is never taken for one", async () => {
  const path = write("several.mat", [
    wide,
    { ...wide, name: "other", packed: true, value: (place) => place },
    { ...wide, name: "complex", complex: true },
    { ...wide, name: "scalar", shape: [1, 1] },
  ]);
  await expect(open(path)).rejects.toThrow(/2 variables that could be pictures.*movie, other/);
  await expect(open(path, { key: "complex" })).rejects.toThrow(FileFormatError);
  await using other = await open(path, { key: "other" });
  expect((await other.frame({ index: 1 })).image.data[0]).toBe(48);
  await using picture = await open(
    write("picture.mat", [
      { ...wide, shape: [6, 8] },
      { ...wide, name: "n", shape: [1, 9] },
    ]),
  );
  expect([picture.index.length, picture.info.height]).toEqual([1, 6]);
  await expect(open(write("none.mat", [{ ...wide, shape: [1, 9] }]))).rejects.toThrow(
    /no variable that could be pictures .*movie/,
  );
});

test("a variable that is damaged or shorter than its shape says so before anything is allocated", async () => {
  const whole = readFileSync(write("whole.mat", [wide]));
  const vast = Buffer.from(whole);
  vast.writeUInt32LE(2 ** 30, 128 + 8 + 16 + 8); // its first dimension
  writeFileSync(at("vast.mat"), vast);
  await expect(open(at("vast.mat"))).rejects.toThrow(
    /variable movie is damaged: \d+ bytes of samples for 1073741824x8x5/,
  );
  writeFileSync(at("cut.mat"), whole.subarray(0, 400));
  await expect(open(at("cut.mat"))).rejects.toThrow(/cut short/);
});
