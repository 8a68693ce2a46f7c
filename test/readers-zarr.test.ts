import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError, MareyError, UnsupportedError } from "../src/core/errors.js";
import { open, sniff } from "../src/index.js";
import { zarr } from "../src/readers/zarr.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { md5s } from "./fixtures/lab-samples.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-zarr-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Arrays of Zarr 2 by zarr-python; NumPy says what each frame is. */
const writeArrays = `
import hashlib, json, os, sys, numpy as np, zarr
from numcodecs import Blosc, Zlib, GZip, Zstd, LZ4, BZ2, LZMA, Delta, Shuffle, FixedScaleOffset
os.chdir(sys.argv[1]); rng = np.random.RandomState(5); expected = {}
def frames(name, a):
    expected[name] = [hashlib.md5(np.ascontiguousarray(f).astype(f.dtype.newbyteorder("<")).tobytes()).hexdigest() for f in a]
def one(name, a, shown=None, listed=True, **options):
    z = zarr.open(name + ".zarr", mode="w", shape=a.shape, dtype=a.dtype, **options); z[...] = a
    if listed: frames(name, a if shown is None else shown)
    return z
u8 = rng.randint(0, 250, (7, 48, 64)).astype("u1")
smooth = (np.add.outer(np.arange(7) * 3, np.add.outer(np.arange(48), np.arange(64))) % 250).astype("u2")
one("usual", u8); one("plain", u8, compressor=None); one("single", smooth, chunks=(1, 48, 64)); one("whole", smooth, chunks=(7, 48, 64))
one("tiles", smooth, chunks=(3, 20, 30)); one("nested", smooth, chunks=(3, 20, 30), dimension_separator="/")
one("fortran", smooth, chunks=(3, 20, 30), order="F"); one("fortran-plain", u8, chunks=(2, 48, 64), order="F", compressor=None)
for cname in "blosclz", "lz4", "lz4hc", "zlib", "zstd":
    for shuffle in 0, 1, 2: one(f"{cname}{shuffle}", smooth, chunks=(2, 48, 64), compressor=Blosc(cname, 5, shuffle))
for codec in Zlib(5), GZip(3), Zstd(7), LZ4(): one(codec.codec_id, smooth, chunks=(2, 48, 64), compressor=codec)
noise = rng.randint(0, 65535, (3, 48, 64)).astype("u2")
for codec in Zstd(1), LZ4(), Blosc("lz4"): one("noise-" + codec.codec_id, noise, chunks=(1, 48, 64), compressor=codec)
for dtype in "<u2", ">u2", "<i2", "<i4", ">f8", "<u8", "<f4":
    a = (smooth.astype("f8") * (1 if dtype[1] == "u" else -1)).astype(dtype)
    one("delta" + dtype.replace("<", "le").replace(">", "be"), a, chunks=(2, 48, 64), filters=[Delta(dtype)])
one("shuffled", smooth.astype("f4"), chunks=(2, 48, 64), filters=[Shuffle(4)], compressor=Zlib(1))
one("both", smooth.astype("i4"), chunks=(2, 48, 64), filters=[Delta("<i4"), Shuffle(4)], compressor=Zlib(1))
for dtype in "<f4", "<f8", ">i2", "<u4", ">i8", "<f2", "i1", "<c8", ">c16": one("as-" + dtype.replace("<", "le").replace(">", "be"), (smooth / 2).astype(dtype), chunks=(2, 30, 64))
one("bool", u8 > 100)
one("hwt", np.moveaxis(smooth, 0, 2), smooth, chunks=(20, 20, 4))
colour = rng.randint(0, 250, (5, 6, 8, 3)).astype("u1")
one("colour", colour, chunks=(2, 4, 8, 3)); one("planes", np.moveaxis(colour, 3, 1), colour, chunks=(2, 1, 4, 8)); one("colour-first", np.moveaxis(colour, 0, 3), colour, chunks=(4, 8, 3, 2))
for name, value, dtype in ("seven", 7, "u1"), ("nan", np.nan, "f4"), ("minus", -np.inf, "f8"), ("half", 1.5, "f2"), ("big", 2**40, "i8"), ("two", 2, "u2"):
    z = zarr.open(f"fill-{name}.zarr", mode="w", shape=(4, 20, 30), chunks=(1, 10, 30), dtype=dtype, fill_value=value, write_empty_chunks=False)
    z[1] = 3; z[2, :5] = 9
    frames("fill-" + name, z[...])
g = zarr.open_group("group.zarr", mode="w"); g["a/left"] = smooth; g["right"] = smooth + 1; g["text"] = np.array(["x"]); g["when"] = np.arange(7.0)
g["narrow"] = np.arange(6).reshape(2, 3)
frames("right", smooth + 1)
g = zarr.open_group("stamped.zarr", mode="w"); g.array("video", smooth, chunks=(2, 48, 64)); g.array("frame_time", np.arange(7) / 10 + 1.7e9, chunks=(3,)); g.array("frame_number", np.arange(7, dtype="i8") * 3 + 5)
frames("stamped", smooth)
x = one("xarray", np.moveaxis(smooth, 0, 2), smooth); x.attrs["_ARRAY_DIMENSIONS"] = ["y", "x", "time"]
g = zarr.open_group("ome.zarr", mode="w"); ome = rng.randint(0, 4000, (4, 2, 1, 20, 30)).astype("u2")
g.array("0", ome, chunks=(1, 1, 1, 16, 16), dimension_separator="/"); g.array("1", ome[..., ::2, ::2])
g.attrs["multiscales"] = [{"version": "0.4", "axes": [dict(name="t", type="time", unit="millisecond"), dict(name="c", type="channel"), *(dict(name=n, type="space") for n in "zyx")],
    "datasets": [dict(path="0", coordinateTransformations=[dict(type="scale", scale=[20, 1, 1, 0.5, 0.5])]), dict(path="1")]}]
frames("ome", np.moveaxis(ome[:, :, 0], 1, 3)); frames("ome-channel", ome[:, 1, 0]); frames("ome-half", np.moveaxis(ome[:, :, 0, ::2, ::2], 1, 3))
g = zarr.open_group("volume.zarr", mode="w"); g.array("0", np.zeros((2, 1, 3, 20, 30), "u1")); g.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]
for codec in BZ2(1), LZMA(): one(codec.codec_id, u8, listed=False, compressor=codec)
one("fixedscaleoffset", smooth.astype("f8"), listed=False, filters=[FixedScaleOffset(0, 10, "f8", "i2")])
zarr.open("record.zarr", mode="w", shape=(3, 4, 5), fill_value=None, dtype=[("a", "i4"), ("b", "f4")])
print(json.dumps(expected))
`;

const expected: { readonly [name: string]: string[] } = JSON.parse(python(writeArrays, [folder]));
const inGroups = ["right", "ome-channel", "ome-half"];

testSeekableSource("an array of Zarr", () => zarr.open(at("tiles.zarr"), {}));

test.each(Object.keys(expected).filter((name) => !inGroups.includes(name)))(
  "%s: every frame is NumPy's, without being told the axes",
  async (name) => {
    expect(await sniff(at(`${name}.zarr`))).toBe("array");
    await using source = await open(at(`${name}.zarr`));
    expect(source.index.length).toBe(expected[name]!.length);
    expect(await md5s(source)).toEqual(expected[name]);
  },
);

test("of several arrays one must be chosen by its path", async () => {
  await expect(open(at("group.zarr"))).rejects.toThrow(/2 arrays .*a\/left, right|2 arrays .*right, a\/left/);
  await using right = await open(at("group.zarr"), { key: "/right" });
  expect(await md5s(right)).toEqual(expected.right);
  await using left = await open(at("group.zarr/a"));
  expect(await md5s(left)).toEqual(expected.single);
  await expect(open(at("group.zarr"), { key: "../single.zarr" })).rejects.toThrow(FileFormatError);
  await expect(open(at("group.zarr"), { key: "text" })).rejects.toThrow(UnsupportedError);
  const { stdout } = await marey(["info", at("group.zarr"), "--key", "right", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ frames: 7, width: 64, height: 48 });
});

test("times and numbers come from frame_time and frame_number beside it", async () => {
  await using source = await open(at("stamped.zarr"));
  const stamps = Array.from({ length: 7 }, (_, i) => ({ number: i * 3 + 5, time: i / 10 + 1.7e9 }));
  expect(stamps.map((_, i) => source.index.stamp(i))).toEqual(stamps);
});

test("of OME-Zarr the full size is taken, channels are no colours, and time has its unit", async () => {
  await using source = await open(at("ome.zarr"));
  expect(source.info).toMatchObject({ width: 30, height: 20, channels: 2, color: "none" });
  expect(source.index.time(1)).toBeCloseTo(0.02, 12);
  await using one = await open(at("ome.zarr"), { channel: 1 });
  expect(one.info.color).toBe("gray");
  expect(await md5s(one)).toEqual(expected["ome-channel"]);
  await using half = await open(at("ome.zarr"), { key: "1" });
  expect(half.info).toMatchObject({ width: 15, height: 10 });
  await expect(open(at("ome.zarr"), { channel: 2 })).rejects.toThrow(/channel: 2 .*known: 0, 1/);
  await expect(open(at("volume.zarr"))).rejects.toThrow(/3 planes \(z\)/);
  await using told = await open(at("planes.zarr"), { axes: "tchw" });
  expect(await md5s(told)).toEqual(expected.planes);
});

test.each([
  ["bz2", /compressor: bz2 .*blosc/],
  ["lzma", /compressor: lzma/],
  ["fixedscaleoffset", /filter: fixedscaleoffset .*delta, shuffle/],
  ["record", /samples: a record/],
])("%s is refused by its name", async (name, message) => {
  await expect(open(at(`${name}.zarr`))).rejects.toThrow(UnsupportedError);
  await expect(open(at(`${name}.zarr`))).rejects.toThrow(message);
});

test("a damaged chunk, or one of another size, is an error of its frames, and the others are read", async () => {
  for (const name of ["single", "noise-zstd", "noise-lz4", "zlib0", "gzip", "fortran-plain", "shuffled"]) {
    cpSync(at(`${name}.zarr`), at("damaged.zarr"), { recursive: true });
    const chunk = at("damaged.zarr/1.0.0");
    writeFileSync(chunk, readFileSync(chunk).subarray(0, -9));
    await using source = await open(at("damaged.zarr"));
    const broken: unknown[] = [];
    let read = 0;
    for await (const _ of source.frames({ onDamage: (error) => broken.push(error) })) read++;
    expect(read + broken.length, name).toBe(source.index.length);
    expect(broken.length, name).toBeGreaterThan(0);
    expect(read, name).toBeGreaterThan(0);
    expect(
      broken.every((error) => error instanceof DecodeError),
      name,
    ).toBe(true);
    rmSync(at("damaged.zarr"), { recursive: true });
  }
});

const lies: readonly (readonly [string, unknown])[] = [
  ...[
    [1e15, 48, 64],
    [7, 1e9, 1e9],
    [7, 2 ** 27, 64],
    [7, 48],
    [],
    "x",
    [-7, 48, 64],
    [7.5, 48, 64],
    [2 ** 40, 48, 64],
  ].map((shape) => ["shape", shape] as const),
  ...[[1, 1, 1e12], [0, 48, 64], [1, 2 ** 20, 2 ** 20], [1, 48], null, [2 ** 28, 1, 1]].map(
    (chunks) => ["chunks", chunks] as const,
  ),
  ...["<u9", "|O", "<M8[ns]", 7, null, "|V8"].map((dtype) => ["dtype", dtype] as const),
  ...[{ id: "nope" }, { id: "__proto__" }, 7, [], "zlib"].map(
    (compressor) => ["compressor", compressor] as const,
  ),
  ...[[{ id: "delta" }], [{ id: "shuffle", elementsize: 0 }], 7, [null]].map(
    (filters) => ["filters", filters] as const,
  ),
  ...["x", {}, [1], "0xzz"].map((fill) => ["fill_value", fill] as const),
  ["zarr_format", 1],
];

test.each(lies)("metadata whose %s is %j give an error of Marey's at once, or frames", async (key, value) => {
  const path = at("lies.zarr");
  rmSync(path, { recursive: true, force: true });
  cpSync(at("single.zarr"), path, { recursive: true });
  const metadata = JSON.parse(readFileSync(join(path, ".zarray"), "utf8"));
  writeFileSync(join(path, ".zarray"), JSON.stringify({ ...metadata, [key]: value }));
  const before = process.memoryUsage.rss();
  const readAll = async (): Promise<void> => {
    await using source = await open(path);
    await source.frame({ index: 0 });
    await source.frame({ index: -1 });
  };
  const error = await readAll().then(
    () => undefined,
    (cause) => cause,
  );
  expect(error).toBeInstanceOf(MareyError);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
});

test("text that is no JSON, a group without arrays, and links out of a group are told", async () => {
  mkdirSync(at("text.zarr"));
  writeFileSync(at("text.zarr/.zarray"), "{nope");
  await expect(open(at("text.zarr"))).rejects.toThrow(/no JSON/);
  mkdirSync(at("empty.zarr"));
  writeFileSync(at("empty.zarr/.zgroup"), '{"zarr_format": 2}');
  await expect(open(at("empty.zarr"))).rejects.toThrow(/no array that could be pictures \(there are none\)/);
  expect(readdirSync(at("empty.zarr"))).toEqual([".zgroup"]);
});
