import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError } from "../src/core/errors.js";
import type { SeekableSource } from "../src/core/stream.js";
import { open, sniff } from "../src/index.js";
import { matStack } from "../src/readers/mat-stack.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-mat73-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/**
 * What MATLAB writes with -v7.3, by h5py: HDF5 behind a block of 512 bytes, the axes from the other end, and the class of
 * each variable as an attribute. NumPy says what each frame is.
 */
const writeFiles = `
import h5py, hashlib, json, os, sys, numpy as np
os.chdir(sys.argv[1]); rng = np.random.RandomState(3); expected = {}
def mat(name, variables, **options):
    with h5py.File(name, "w", userblock_size=512) as f:
        for key, (a, kind) in variables.items():
            d = f.create_dataset(key, data=a.T, **options)
            if kind: d.attrs["MATLAB_class"] = np.bytes_(kind)
        f.create_group("#refs#").create_dataset("a", data=np.zeros((3, 4, 5)))
    with open(name, "r+b") as f: f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\\x00\\x02IM")
def frames(name, a):
    expected[name] = [hashlib.md5(np.ascontiguousarray(f).astype(f.dtype.newbyteorder("<")).tobytes()).hexdigest() for f in a]
u8 = rng.randint(0, 250, (48, 64, 7)).astype("u1")
layouts = {"plain": {}, "packed": dict(chunks=(3, 20, 48), compression="gzip", shuffle=True),
           "single": dict(chunks=(1, 64, 48), compression="gzip", fletcher32=True), "whole": dict(chunks=(7, 64, 48), compression="gzip")}
for name, options in layouts.items():
    mat(name + ".mat", {"video": (u8, "uint8")}, **options); frames(name + ".mat", np.moveaxis(u8, 2, 0))
for dtype, kind in ("<f8", "double"), ("<f4", "single"), (">u2", "uint16"), ("<i4", "int32"), ("<u8", "uint64"):
    a = (u8.astype("u2") * 3).astype(dtype)
    mat(kind + ".mat", {"video": (a, kind)}, chunks=(2, 64, 48), compression="gzip"); frames(kind + ".mat", np.moveaxis(a, 2, 0))
first = np.moveaxis(u8, 2, 0)
mat("first.mat", {"video": (first, "uint8")}, chunks=(20, 20, 4), compression="gzip"); frames("first.mat", first)
colour = rng.randint(0, 250, (6, 8, 3, 5)).astype("u1")
mat("colour.mat", {"video": (colour, "uint8")}); frames("colour.mat", np.moveaxis(colour, 3, 0))
mat("logical.mat", {"mask": ((u8 > 100).astype("u1"), "logical")}); frames("logical.mat", np.moveaxis(u8 > 100, 2, 0))
mat("two.mat", {"left": (u8, "uint8"), "right": (u8 + 1, "uint8"), "text": (np.ones((1, 9), "u2"), "char")}); frames("two.mat", np.moveaxis(u8 + 1, 2, 0))
mat("none.mat", {"text": (np.ones((5, 9), "u2"), "char")})
with h5py.File("vast.mat", "w", userblock_size=512) as f: f.create_dataset("video", (10**6, 5000, 5000), "u1", chunks=(1, 100, 100))
with open("vast.mat", "r+b") as f: f.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\\x00\\x02IM")
print(json.dumps(expected))
`;

const expected: { readonly [name: string]: string[] } = JSON.parse(python(writeFiles, [folder]));

testSeekableSource("a stack of MATLAB 7.3", () => matStack.open(at("packed.mat"), {}));
testMutations(at("single.mat"), (path) => matStack.open(path, {}), { header: 3000, frames: 2 });

test.each(Object.keys(expected).filter((name) => name !== "two.mat"))(
  "%s: every frame is NumPy's, without being told the axes",
  async (name) => {
    expect(await sniff(at(name))).toBe("array");
    await using source = await open(at(name));
    expect(source.index.length).toBe(expected[name]!.length);
    expect(await md5s(source)).toEqual(expected[name]);
  },
);

test("of several variables one must be chosen, and text is no picture", async () => {
  await expect(open(at("two.mat"))).rejects.toThrow(/2 variables .*left, right/);
  await using right = await open(at("two.mat"), { key: "right" });
  expect(await md5s(right)).toEqual(expected["two.mat"]);
  await expect(open(at("none.mat"))).rejects.toThrow(/no variable that could be pictures .*text/);
});

test("a file that claims more than it can hold, or is cut short, says so", async () => {
  await expect(open(at("vast.mat"))).rejects.toThrow(/more than a file of \d+ bytes can hold/);
  writeFileSync(at("cut.mat"), readFileSync(at("packed.mat")).subarray(0, 3000));
  await expect(open(at("cut.mat"))).rejects.toThrow(FileFormatError);
});

test("a damaged piece is an error of its frames, and the others are read", async () => {
  const bytes = readFileSync(at("single.mat"));
  const whole: SeekableSource = await open(at("single.mat"));
  await whole.close();
  bytes.fill(0xff, bytes.length - 600, bytes.length - 500);
  writeFileSync(at("damaged.mat"), bytes);
  await using source = await open(at("damaged.mat"));
  const broken: unknown[] = [];
  let read = 0;
  for await (const _ of source.frames({ onDamage: (error) => broken.push(error) })) read++;
  expect(read + broken.length).toBe(7);
  expect(broken.length).toBeGreaterThan(0);
  expect(broken.every((error) => error instanceof DecodeError)).toBe(true);
});
