import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError } from "../src/core/errors.js";
import { hostIsLittle } from "../src/images/sample-order.js";
import { directoryBytes } from "../src/images/tiff-fields.js";
import { createTiffStack } from "../src/images/tiff-stack-writer.js";
import { open } from "../src/index.js";
import { openTiffStack } from "../src/readers/tiff-stack.js";
import { fingerprints, testSeekableSource } from "./contracts/seekable-source.js";
import { lab, labSamples, md5s } from "./fixtures/lab-samples.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-tiff-large-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** Whatever its length, read piece by piece. */
const inPieces = async (path: string) => (await openTiffStack(path, {}, 0))!;

testSeekableSource("a TIFF stack that is read piece by piece", () =>
  inPieces(join(lab, "stack_u16_zlib.tif")),
);

test.each(["stack_u8.tif", "stack_ij.tif", "stack_f32.tif", "stack_u16_zlib.tif"])(
  "%s has the same frames piece by piece",
  async (name) => {
    await using stack = await inPieces(join(lab, name));
    expect(await md5s(stack)).toEqual(labSamples[name]!.md5);
  },
);

/** Pages of 1024x1024 bytes, one behind the other, of which only the last is written: the file is a hole. */
function writeSparse(path: string, pages: number, big: boolean): void {
  const side = 1024;
  const file = openSync(path, "w");
  const start = 16 + pages * side * side;
  ftruncateSync(file, start);
  const head = Buffer.alloc(16);
  head.write(hostIsLittle ? "II" : "MM", "latin1");
  head.writeUInt16LE(big ? 43 : 42, 2);
  if (big) {
    head.writeUInt16LE(8, 4);
    head.writeBigUInt64LE(BigInt(start), 8);
  } else head.writeUInt32LE(start, 4);
  writeSync(file, head, 0, 16, 0);
  writeSync(
    file,
    Uint8Array.from({ length: side }, (_, i) => i & 255),
    0,
    side,
    start - side,
  );
  let end = start;
  const parts: Uint8Array[] = [];
  for (let page = 0; page < pages; page++) {
    const fields = [
      ...[
        [256, side],
        [257, side],
        [258, 8],
        [259, 1],
        [262, 1],
      ].map(([tag, value]) => ({ tag: tag!, type: "long" as const, values: [value!] })),
      { tag: 273, type: "offset" as const, values: [16 + page * side * side] },
      ...[
        [277, 1],
        [278, side],
        [279, side * side],
      ].map(([tag, value]) => ({ tag: tag!, type: "long" as const, values: [value!] })),
    ];
    const bytes = directoryBytes(fields, { at: end, big, isLast: page === pages - 1 });
    parts.push(bytes);
    end += bytes.length;
  }
  const directories = Buffer.concat(parts);
  writeSync(file, directories, 0, directories.length, start);
  closeSync(file);
}

test.each([
  ["a classic TIFF of 3 GiB", 3072, false],
  ["a BigTIFF of 4.5 GiB", 4608, true],
] as const)("%s is read where it lies, as tifffile reads it", async (name, pages, big) => {
  const path = at(`${name}.tif`);
  writeSparse(path, pages, big);
  const program = `
import sys, tifffile
with tifffile.TiffFile(sys.argv[1]) as tif:
    last = tif.pages[-1].asarray(); print(len(tif.pages), tif.is_bigtiff, int(last[-1].sum()), int(last[:-1].sum()))
`;
  expect(python(program, [path]).trim()).toBe(
    `${pages} ${big ? "True" : "False"} ${(1024 / 256) * 32_640} 0`,
  );
  const before = process.memoryUsage.rss();
  await using stack = await open(path);
  expect(stack.index.length).toBe(pages);
  const sum = async (index: number): Promise<number> =>
    ((await stack.frame({ index })).image.data as Uint8Array).reduce((total, sample) => total + sample, 0);
  expect(await sum(-1)).toBe((1024 / 256) * 32_640);
  expect(await sum(-2)).toBe(0);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
  rmSync(path);
});

test("ImageJ's stacks of one directory, which it writes beyond 4 GiB, have all their frames, in either byte order", async () => {
  const program = `
import hashlib, json, os, struct, sys, numpy as np, tifffile
os.chdir(sys.argv[1]); rng = np.random.RandomState(3); out = {}
for name, a, order in ("gray", rng.randint(0, 60000, (7, 48, 64)).astype("u2"), ">"), ("little", rng.randint(0, 255, (5, 30, 41)).astype("u1"), "<"), ("float", rng.rand(4, 20, 30).astype("f4"), ">"), ("colour", rng.randint(0, 255, (6, 20, 30, 3)).astype("u1"), ">"):
    tifffile.imwrite(name + ".ij.tif", a, imagej=True, truncate=True, byteorder=order, metadata=dict(axes="TYXS" if a.ndim == 4 else "TYX"))
    raw = open(name + ".ij.tif", "rb").read(); at, = struct.unpack_from(order + "I", raw, 4); n, = struct.unpack_from(order + "H", raw, at)
    assert struct.unpack_from(order + "I", raw, at + 2 + n * 12) == (0,)
    out[name] = [hashlib.md5(f.tobytes()).hexdigest() for f in a]
print(json.dumps(out))
`;
  const expected = JSON.parse(python(program, [folder])) as Record<string, string[]>;
  for (const [name, frames] of Object.entries(expected)) {
    for (const openIt of [
      () => open(at(`${name}.ij.tif`), name === "colour" ? { as: "rgb" } : {}),
      ...(name === "colour" ? [] : [() => inPieces(at(`${name}.ij.tif`))]),
    ]) {
      await using stack = await openIt();
      expect(await md5s(stack), name).toEqual(frames);
    }
  }
  const whole = readFileSync(at("gray.ij.tif"));
  writeFileSync(at("cut.ij.tif"), whole.subarray(0, whole.length - 48 * 64 * 2 - 5));
  await using cut = await open(at("cut.ij.tif"));
  expect(await md5s(cut)).toEqual(expected.gray!.slice(0, cut.index.length));
  expect(cut.index.length).toBeGreaterThanOrEqual(5);
  expect((cut as unknown as { problems: { message: string }[] }).problems[0]!.message).toBe(
    `cut short: it says that it has 7 frames, ${cut.index.length} are there`,
  );
});

test("a stack that grows beyond what classic TIFF counts is a BigTIFF, just below it a classic one", async () => {
  const images = Array.from({ length: 9 }, (_, seed) =>
    noiseImage({ width: 64, height: 32, dtype: "uint8", color: "gray" }, seed),
  );
  const write = async (limit: number): Promise<string> => {
    const path = at(`limit-${limit}.tif`);
    const sink = await createTiffStack(path, { info: images[0]!, compression: "none" }, limit);
    for (const [i, image] of images.entries()) await sink.write({ number: i, time: i / 10, image });
    await sink.close();
    return path;
  };
  const paths = [await write(2 ** 15), await write(2 ** 14), await write(2 ** 32)];
  const program = `
import json, sys, tifffile
print(json.dumps([[t.is_bigtiff, len(t.pages), t.asarray().tobytes().hex()] for t in map(tifffile.TiffFile, sys.argv[1:])]))
`;
  const found = JSON.parse(python(program, paths)) as [boolean, number, string][];
  const all = Buffer.concat(images.map(({ data }) => data as Uint8Array)).toString("hex");
  // 9 pictures of 2 KiB and at most 460 bytes for each directory.
  expect(found).toEqual([
    [false, 9, all],
    [true, 9, all],
    [false, 9, all],
  ]);
  const same: string[][] = [];
  for (const path of paths) {
    await using stack = await inPieces(path);
    same.push(await fingerprints(stack.frames()));
  }
  expect(same[0]).toEqual(same[1]);
});

test("a page whose strips end behind the file is an error of that page", async () => {
  const path = at("behind.tif");
  writeSparse(path, 3, true);
  const file = openSync(path, "r+");
  const directory = directoryBytes(
    [
      [256, 1024],
      [257, 1024],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, 2 ** 31],
      [277, 1],
      [278, 1024],
      [279, 2 ** 20],
    ].map(([tag, value]) => ({ tag: tag!, type: "long" as const, values: [value!] })),
    { at: 16 + 3 * 2 ** 20, big: true, isLast: true },
  );
  writeSync(file, directory, 0, directory.length - 8, 16 + 3 * 2 ** 20);
  closeSync(file);
  await using stack = await inPieces(path);
  await expect(stack.frame({ index: 0 })).rejects.toThrow(DecodeError);
  expect((await stack.frame({ index: 2 })).image.width).toBe(1024);
});
