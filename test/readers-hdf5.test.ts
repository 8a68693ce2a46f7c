import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError } from "../src/core/errors.js";
import { open, sniff } from "../src/index.js";
import { hdf5Stack } from "../src/readers/hdf5-stack.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-hdf5-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Files by h5py; NumPy says what each frame is. */
const writeFiles = `
import h5py, hashlib, json, os, sys, numpy as np
os.chdir(sys.argv[1]); rng = np.random.RandomState(5); expected = {}
def frames(name, a):
    expected[name] = [hashlib.md5(np.ascontiguousarray(f).astype(f.dtype.newbyteorder("<")).tobytes()).hexdigest() for f in a]
def one(name, a, shown=None, key="video", **options):
    with h5py.File(name, "w") as f: f.create_dataset(key, data=a, **options)
    frames(name, a if shown is None else shown)
u8 = rng.randint(0, 250, (7, 48, 64)).astype("u1")
one("plain.h5", u8)
one("packed.h5", u8, chunks=(3, 20, 48), compression="gzip", shuffle=True)
one("single.h5", u8, chunks=(1, 48, 64), compression="gzip", fletcher32=True)
one("whole.h5", u8, chunks=(7, 48, 64), compression="gzip")
for dtype in "<f4", "<f8", ">u2", ">f4", "<i2", "<u4", ">i8", "<f2", "i1":
    one(dtype.replace("<", "le-").replace(">", "be-") + ".h5", (u8 / 2).astype(dtype), chunks=(2, 48, 64), compression="gzip")
one("bool.h5", u8 > 100)
one("hwt.h5", np.moveaxis(u8, 0, 2), u8, chunks=(20, 20, 4), compression="gzip")
colour = rng.randint(0, 250, (5, 6, 8, 3)).astype("u1")
one("colour.h5", colour); one("planes.h5", np.moveaxis(colour, 3, 1), colour)
one("deep.h5", u8, key="acquisition/TwoPhotonSeries/data")
with h5py.File("block.h5", "w", userblock_size=1024) as f: f["video"] = u8
frames("block.h5", u8)
with h5py.File("two.h5", "w") as f:
    f["left"] = u8; f["group/right"] = u8 + 1; f["group/when"] = np.arange(7) / 50 + 1.7e9; f["note"] = "text"; f["count"] = np.arange(7)
    f["group/short"] = np.arange(6.0)
frames("two.h5", u8 + 1)
with h5py.File("stamped.h5", "w") as f:
    f["run/video"] = u8; f["run/frame_time"] = np.arange(7) / 10 + 1.7e9; f["run/frame_number"] = np.arange(7, dtype="i8") * 3 + 5
frames("stamped.h5", u8)
with h5py.File("none.h5", "w") as f: f["a"] = np.arange(5); f["text"] = "x"
with h5py.File("lzf.h5", "w") as f: f.create_dataset("video", data=u8, chunks=(1, 48, 64), compression="lzf")
with h5py.File("vast.h5", "w") as f: f.create_dataset("video", (10**6, 5000, 5000), "u1", chunks=(1, 100, 100))
with h5py.File("linked.h5", "w") as f: f["video"] = h5py.ExternalLink("/etc/passwd", "x"); f["a"] = np.arange(3)
with h5py.File("five.h5", "w") as f: f["video"] = np.zeros((2, 2, 2, 2, 2), "u1")
print(json.dumps(expected))
`;

const expected: { readonly [name: string]: string[] } = JSON.parse(python(writeFiles, [folder]));

testSeekableSource("a stack in HDF5", () => hdf5Stack.open(at("packed.h5"), {}));
testMutations(at("single.h5"), (path) => hdf5Stack.open(path, {}), { header: 3000, frames: 2 });

test.each(Object.keys(expected).filter((name) => name !== "two.h5"))(
  "%s: every frame is NumPy's, without being told the axes",
  async (name) => {
    expect(await sniff(at(name))).toBe("array");
    await using source = await open(at(name));
    expect(source.index.length).toBe(expected[name]!.length);
    expect(await md5s(source)).toEqual(expected[name]);
  },
);

test("of several data sets one must be chosen by its path, and text is no picture", async () => {
  await expect(open(at("two.h5"))).rejects.toThrow(/2 data sets .*left.*group\/right|group\/right.*left/);
  for (const key of ["group/right", "/group/right"]) {
    await using right = await open(at("two.h5"), { key });
    expect(await md5s(right)).toEqual(expected["two.h5"]);
    expect(right.describe()).toMatchObject({ kind: "array", key: "group/right", axes: "thw" });
  }
  await expect(open(at("two.h5"), { key: "middle" })).rejects.toThrow(/no data set middle .*left/);
  await expect(open(at("none.h5"))).rejects.toThrow(/no data set that could be pictures/);
  await expect(open(at("linked.h5"))).rejects.toThrow(/no data set that could be pictures/);
  await expect(open(at("five.h5"))).rejects.toThrow(/no data set that could be pictures/);
});

test("other axes can be told, and a data set that is packed otherwise says by what", async () => {
  await using source = await open(at("plain.h5"), { axes: "hwt" });
  expect(source.info).toMatchObject({ height: 7, width: 48 });
  expect(source.index.length).toBe(64);
  await expect(open(at("lzf.h5"))).rejects.toThrow(/packed by lzf, which is not read here/);
});

test("times and numbers come from frame_time and frame_number beside it, or from the data set that is named", async () => {
  await using stamped = await open(at("stamped.h5"));
  const stamps = Array.from({ length: 7 }, (_, i) => ({ number: i * 3 + 5, time: i / 10 + 1.7e9 }));
  expect(stamps.map((_, i) => stamped.index.stamp(i))).toEqual(stamps);
  const key = "group/right";
  const named = (column?: string) => ({ key, timestamps: { path: at("two.h5"), ...(column && { column }) } });
  await using right = await open(at("two.h5"), named("group/when"));
  expect(right.index.stamp(3)).toEqual({ number: 3, time: 3 / 50 + 1.7e9 });
  await expect(open(at("two.h5"), named("group/short"))).rejects.toThrow(/6 times, but there are 7 frames/);
  await expect(open(at("two.h5"), named())).rejects.toThrow(/choose one of .*group\/when/);
});

test("a file that claims more than it can hold, or is cut short, says so", async () => {
  await expect(open(at("vast.h5"))).rejects.toThrow(/more than a file of \d+ bytes can hold/);
  writeFileSync(at("cut.h5"), readFileSync(at("packed.h5")).subarray(0, 3000));
  await expect(open(at("cut.h5"))).rejects.toThrow(FileFormatError);
});

test("a damaged piece is an error of its frames, and the others are read", async () => {
  const bytes = readFileSync(at("single.h5"));
  bytes.fill(0xff, bytes.length - 600, bytes.length - 500);
  writeFileSync(at("damaged.h5"), bytes);
  copyFileSync(at("damaged.h5"), at("damaged-too"));
  await using source = await open(at("damaged-too"));
  const broken: unknown[] = [];
  let read = 0;
  for await (const _ of source.frames({ onDamage: (error) => broken.push(error) })) read++;
  expect([read, broken.length]).toEqual([6, 1]);
  expect(broken.every((error) => error instanceof DecodeError)).toBe(true);
});
