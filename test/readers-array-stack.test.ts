import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileFormatError, NotFoundError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf } from "../src/core/image.js";
import { encodeNpy } from "../src/core/npy.js";
import type { SeekableSource } from "../src/core/stream.js";
import { guessAxes } from "../src/images/array-axes.js";
import { matchesArray, openArray } from "../src/readers/array-stack.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { python } from "./peers/python.js";

const lab = new URL("../../shared/corpus/lab", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "marey-arrays-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

async function md5s(source: SeekableSource): Promise<string[]> {
  const all: string[] = [];
  for await (const { image } of source.frames())
    all.push(createHash("md5").update(bytesOf(image)).digest("hex"));
  return all;
}

for (const name of ["thw.npy", "hwt.npy", "a.npz"]) {
  test(`${name} from a laboratory: every frame is what its maker says, without being told the axes`, async () => {
    const { n, shape, md5 } = JSON.parse(readFileSync(join(lab, "expected.json"), "utf8"))[name];
    await using source = await openArray(join(lab, name));
    expect(source.index.length).toBe(n);
    expect([source.info.height, source.info.width]).toEqual(shape.slice(0, 2));
    expect(await md5s(source)).toEqual(md5);
  });
  testSeekableSource(name, () => openArray(join(lab, name)));
}

/** Every type, order of axes, memory order and byte order; NumPy says what each frame is. */
const writeStacks = `
import sys, os, json, hashlib, itertools, numpy as np
os.chdir(sys.argv[1]); rng = np.random.RandomState(1); expected = {}
def frames(a, axes):
    for axis in "thwc":
        if axis not in axes: a, axes = a[..., None], axes + axis
    a = np.transpose(a, [axes.index(axis) for axis in "thwc"])
    return [hashlib.md5(np.ascontiguousarray(f).astype(f.dtype.newbyteorder("<")).tobytes()).hexdigest() for f in a]
def save(name, a, axes):
    np.save(name, a); expected[name] = [axes, a.dtype.name, frames(a, axes)]
sizes = dict(t=5, h=6, w=7, c=3)
for axes in ["".join(p) for n in ("thw", "thwc", "hwc", "hw") for p in itertools.permutations(n)]:
    a = rng.randint(0, 250, [sizes[x] for x in axes])
    for order in "C", "F":
        for dtype in "<u1", "<u2", ">u2", "<f8", ">i4":
            save(f"{axes}_{order}_{dtype[1:]}{'be' if dtype[0] == '>' else ''}.npy", a.astype(dtype, order=order), axes)
for dtype in "?", "i1", "<i2", "<u4", ">i8", "<u8", "<f2", ">f4", "<c8", ">c8", ">c16":
    a = rng.randint(0, 2 if dtype == "?" else 100, (5, 6, 7)).astype(dtype)
    save(f"type_{dtype.replace('<', 'le').replace('>', 'be').replace('?', 'bool')}.npy", a, "thw")
a = rng.randint(0, 250, (4, 6, 7)).astype("u1")
np.savez("two.npz", left=a, right=a + 1, names=np.array(["x"])); np.savez("none.npz", times=np.arange(4.0))
np.savez_compressed("one.npz", video=a, times=np.arange(4.0)); expected["one.npz"] = ["thw", "uint8", frames(a, "thw")]
np.save("objects.npy", np.array([None, 1], object)); np.save("line.npy", np.arange(9)); np.save("empty.npy", a[:0])
print(json.dumps(expected))
`;

let stacks: Record<string, [axes: string, dtype: string, md5: string[]]>;
beforeAll(() => {
  stacks = JSON.parse(python(writeStacks, [folder]));
});

test("every order of axes, C or Fortran, of either byte order and any type, gives NumPy's frames", async () => {
  expect(Object.keys(stacks).length).toBeGreaterThan(300);
  for (const [name, [axes, dtype, expected]] of Object.entries(stacks)) {
    await using source = await openArray(at(name), { axes });
    expect(source.info.dtype, name).toBe(dtype);
    expect(await md5s(source), name).toEqual(expected);
  }
});

test("the axes are guessed from the shape, where it tells", () => {
  const guesses: [number[], string][] = [
    [[480, 640], "hw"],
    [[480, 640, 3], "hwc"],
    [[480, 640, 1], "hwc"],
    [[7, 48, 64], "thw"],
    [[48, 64, 7], "hwt"],
    [[10_000, 48, 64], "thw"],
    [[48, 64, 10_000], "hwt"],
    [[500, 480, 640], "thw"],
    [[64, 64, 64], "thw"],
    [[1, 480, 640], "thw"],
    [[7, 48, 64, 3], "thwc"],
    [[7, 3, 48, 64], "tchw"],
    [[48, 64, 3, 7], "hwct"],
    [[7, 48, 64, 5], "thwc"],
  ];
  for (const [shape, axes] of guesses) expect(guessAxes(shape, "a.npy"), String(shape)).toBe(axes);
  expect(() => guessAxes([9], "a.npy")).toThrow(UnsupportedError);
  expect(() => guessAxes([1, 2, 3, 4, 5], "a.npy")).toThrow(UnsupportedError);
});

test("of several arrays in an npz one must be chosen, and the error names them", async () => {
  await expect(openArray(at("two.npz"))).rejects.toThrow(/left, right/);
  await expect(openArray(at("two.npz"), { key: "middle" })).rejects.toThrow(/left, right/);
  await using left = await openArray(at("two.npz"), { key: "left" });
  await using right = await openArray(at("two.npz"), { key: "right" });
  const [a, b] = [await left.frame({ index: 2 }), await right.frame({ index: 2 })];
  expect(b.image.data[9]).toBe(Number(a.image.data[9]) + 1);
});

test("arrays that are no pictures are refused, and say why", async () => {
  await expect(openArray(at("none.npz"))).rejects.toThrow(/times/);
  await expect(openArray(at("objects.npy"))).rejects.toThrow(UnsupportedError);
  await expect(openArray(at("line.npy"))).rejects.toThrow(/\(9,\) in .*line\.npy/);
  await expect(openArray(at("nowhere.npy"))).rejects.toThrow(NotFoundError);
  writeFileSync(at("text.npy"), "no array at all");
  await expect(openArray(at("text.npy"))).rejects.toThrow(FileFormatError);
  await expect(openArray(at("thw_C_u1.npy"), { axes: "thwc" })).rejects.toThrow(/\(5, 6, 7\)/);
  await expect(openArray(at("thw_C_u1.npy"), { axes: "thx" })).rejects.toThrow(TypeError);
});

test("an array without frames is open, and empty", async () => {
  await using source = await openArray(at("empty.npy"));
  expect(source.index.length).toBe(0);
  expect(await md5s(source)).toEqual([]);
});

test("an array that is cut short is refused before anything of its size is allocated", async () => {
  const file = encodeNpy({ dtype: "uint8", shape: [5, 6, 7], data: new Uint8Array(210) });
  writeFileSync(at("cut.npy"), file.subarray(0, file.length - 1));
  await expect(openArray(at("cut.npy"))).rejects.toThrow(/cut short/);
  const vast = Buffer.from(file).toString("latin1").replace("(5, 6, 7), }       ", "(99999999, 6, 7), }");
  writeFileSync(at("vast.npy"), vast, "latin1");
  await expect(openArray(at("vast.npy"))).rejects.toThrow(/cut short/);
});

test("an array that shrinks after it was opened fails at the frame, and says so", async () => {
  const path = at("shrinks.npy");
  const file = encodeNpy({ dtype: "uint8", shape: [5, 6, 7], data: new Uint8Array(210) });
  writeFileSync(path, file);
  await using source = await openArray(path);
  truncateSync(path, file.length - 42);
  expect((await source.frame({ index: 3 })).index).toBe(3);
  await expect(source.frame({ index: 4 })).rejects.toThrow(/shrinks\.npy, frame 4/);
});

test("a stack whose time runs fastest is read in groups that fit in memory, and right across their borders", async () => {
  const [height, width, frames] = [512, 1024, 150]; // 512 KiB a frame, so more than one group of 64 MiB
  const data = new Uint8Array(height * width * frames);
  for (let i = 0; i < data.length; i++) data[i] = (i * 2654435761) >>> 24;
  writeFileSync(at("large.npy"), encodeNpy({ dtype: "uint8", shape: [height, width, frames], data }));
  await using source = await openArray(at("large.npy"), { axes: "hwt" });
  for (const index of [0, 127, 128, 149, 1]) {
    const { image } = await source.frame({ index });
    const expected = Uint8Array.from({ length: height * width }, (_, i) => data[i * frames + index]!);
    expect(Buffer.compare(bytesOf(image), expected)).toBe(0);
  }
});

test("an array is recognised by its first bytes", () => {
  expect(matchesArray(readFileSync(join(lab, "thw.npy")).subarray(0, 16))).toBe(true);
  expect(matchesArray(readFileSync(join(lab, "a.npz")).subarray(0, 16))).toBe(true);
  expect(matchesArray(Buffer.from("BM"))).toBe(false);
});
