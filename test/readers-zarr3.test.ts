import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, MareyError, UnsupportedError } from "../src/core/errors.js";
import { crc32c } from "../src/images/crc32c.js";
import { open, sniff } from "../src/index.js";
import { md5s } from "./fixtures/lab-samples.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-zarr3-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Written by zarr-python 3, which Debian has not. */
const { files } = JSON.parse(readFileSync(new URL("fixtures/zarr3.json", import.meta.url), "utf8")) as {
  files: Record<string, string>;
};
for (const [path, bytes] of Object.entries(files)) {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), Buffer.from(bytes, "base64"));
}

const counted = (count: number, first = 0): number[] => Array.from({ length: count }, (_, i) => i + first);

test.each([
  ...["3d.contiguous.i2", "3d.chunked.i2", "3d.chunked.mixed.i2.C", "3d.chunked.mixed.i2.F"].map(
    (name) => [name, 27] as const,
  ),
  ...["3d.contiguous.compressed.sharded.i2", "3d.chunked.mixed.compressed.sharded.i2"].map(
    (name) => [name, 27] as const,
  ),
  ["3d.chunked.compressed.sharded.i2", 64] as const,
])("%s by zarr-python 3 counts as NumPy does", async (name, count) => {
  expect(await sniff(at(name))).toBe("array");
  await using source = await open(at(name), { axes: "thw" });
  const samples: number[] = [];
  for await (const { image } of source.frames()) samples.push(...(image.data as Int16Array));
  expect(samples).toEqual(counted(count));
});

test("pictures by zarr-python 3: chunks at the edges, shards, and what is filled", async () => {
  for (const [name, expected] of [
    ["2d.contiguous.i2", counted(4, 1)],
    ["2d.chunked.i2", counted(4, 1)],
    ["2d.chunked.ragged.i2", counted(9, 1)],
    ["2d.contiguous.compressed.sharded.i2", counted(4, 1)],
    ["2d.chunked.compressed.sharded.i2", counted(16, 1)],
    ["2d.chunked.compressed.sharded.filled.i2", counted(16)],
    ["2d.chunked.ragged.compressed.sharded.i2", counted(9, 1)],
  ] as const) {
    await using source = await open(at(name), { axes: "hw" });
    const { image } = await source.frame({ index: 0 });
    expect([...(image.data as Int16Array)], name).toEqual(expected);
  }
  await expect(open(at("3d.contiguous.delta.i4.mixed"), { axes: "thw" })).rejects.toThrow(
    /codec: numcodecs\.delta .*sharding_indexed/,
  );
});

/** What the specification says, in Python, with numcodecs' compressors: codecs and types that the arrays above lack. */
const writeBySpecification = `
import hashlib, itertools, json, os, struct, sys, zlib, gzip, numpy as np
from numcodecs import Zstd, Blosc
os.chdir(sys.argv[1]); rng = np.random.RandomState(7); expected = {}
table = []
for byte in range(256):
    for _ in range(8): byte = (byte >> 1) ^ (0x82f63b78 if byte & 1 else 0)
    table.append(byte)
def crc(data):
    c = 0xffffffff
    for b in data: c = table[(c ^ b) & 255] ^ (c >> 8)
    return struct.pack("<I", c ^ 0xffffffff)
def encode(a, codecs):
    for codec in codecs:
        name, c = codec["name"], codec.get("configuration", {})
        if name == "transpose": a = a.transpose(c["order"])
        elif name == "bytes": a = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<" if c.get("endian", "little") == "little" else ">")).tobytes()
        elif name == "gzip": a = gzip.compress(a, c["level"])
        elif name == "zstd": a = bytes(Zstd(c["level"]).encode(a))
        elif name == "blosc": a = bytes(Blosc(c["cname"], c["clevel"], Blosc.BITSHUFFLE).encode(a))
        elif name == "crc32c": a = a + crc(a)
    return a
def grid(shape, chunk): return itertools.product(*[range(-(-n // c)) for n, c in zip(shape, chunk)])
def piece(a, place, chunk, fill):
    out = np.full(chunk, fill, a.dtype)
    part = a[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunk))]
    out[tuple(slice(0, n) for n in part.shape)] = part
    return out
def write(name, a, chunk, codecs, kind=None, fill=0, told=0, shard=None, at="end", keys={"name": "default"}, leave=(), **more):
    os.makedirs(name)
    outer = shard or chunk
    inner = codecs
    if shard: codecs = [dict(name="sharding_indexed", configuration=dict(chunk_shape=chunk, codecs=inner, index_codecs=[dict(name="bytes", configuration=dict(endian="little")), dict(name="crc32c")], index_location=at))]
    json.dump(dict(zarr_format=3, node_type="array", shape=a.shape, data_type=kind or a.dtype.name, chunk_grid=dict(name="regular", configuration=dict(chunk_shape=outer)),
        chunk_key_encoding=keys, fill_value=told, codecs=codecs, attributes={}, **more), open(name + "/zarr.json", "w"))
    sep = keys.get("configuration", {}).get("separator", "/" if keys["name"] == "default" else ".")
    shown = a.copy()
    for place in grid(a.shape, outer):
        if list(place) in [list(p) for p in leave]:
            shown[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, outer))] = fill; continue
        key = sep.join(["c"] * (keys["name"] == "default") + [str(p) for p in place])
        os.makedirs(os.path.dirname(os.path.join(name, key)), exist_ok=True)
        block = piece(a, place, outer, fill)
        if not shard: data = encode(block, inner)
        else:
            parts, index, head = b"", [], 0
            count = int(np.prod([o // c for o, c in zip(outer, chunk)])); head = count * 16 + 4 if at == "start" else 0
            for n, sub in enumerate(grid(outer, chunk)):
                got = piece(block, sub, chunk, fill)
                if (got == fill).all(): index += [2**64 - 1, 2**64 - 1]; continue
                got = encode(got, inner); index += [head + len(parts), len(got)]; parts += got
            index = np.array(index, "<u8").tobytes(); index += crc(index)
            data = index + parts if at == "start" else parts + index
        open(os.path.join(name, key), "wb").write(data)
    expected[name] = [hashlib.md5(np.ascontiguousarray(f).astype(f.dtype.newbyteorder("<")).tobytes()).hexdigest() for f in shown]
little, big = dict(name="bytes", configuration=dict(endian="little")), dict(name="bytes", configuration=dict(endian="big"))
z, g = dict(name="zstd", configuration=dict(level=3, checksum=False)), dict(name="gzip", configuration=dict(level=1))
b = lambda cname: dict(name="blosc", configuration=dict(cname=cname, clevel=5, shuffle="bitshuffle", typesize=2, blocksize=0))
c = dict(name="crc32c")
u2 = np.add.outer(np.arange(7) * 3, np.add.outer(np.arange(20), np.arange(30))).astype("u2")
write("zstd", u2, [2, 20, 30], [little, z]); write("gzip-big", u2, [2, 9, 11], [big, g]); write("zstd-sum", u2, [2, 20, 30], [little, z, c])
write("sum-zstd", u2, [2, 20, 30], [little, c, z]); write("sum", u2, [2, 20, 30], [big, c])
for cname in "lz4", "zstd", "blosclz", "zlib": write("blosc-" + cname, u2, [1, 20, 30], [little, b(cname)])
write("turned", u2, [2, 9, 11], [dict(name="transpose", configuration=dict(order=[1, 2, 0])), little, z])
write("twice", u2, [2, 9, 11], [dict(name="transpose", configuration=dict(order=[1, 2, 0])), dict(name="transpose", configuration=dict(order=[1, 0, 2])), little, z])
write("dots", u2, [2, 9, 11], [little], keys=dict(name="default", configuration=dict(separator="."))); write("v2-keys", u2, [2, 9, 11], [little], keys=dict(name="v2"))
write("v2-slash", u2, [2, 9, 11], [little], keys=dict(name="v2", configuration=dict(separator="/")))
f4 = (u2 / 3).astype("f4"); write("holes", f4, [2, 20, 15], [little, z], fill=np.nan, told="NaN", leave=[(0, 0, 1), (2, 0, 0), (2, 0, 1)])
write("holes-bits", f4, [2, 20, 15], [little], fill=np.float32(-1.5), told="0xbfc00000", leave=[(1, 0, 0)])
for kind in "i1", "i8", "f2", "f8", "u4": write("as-" + kind, (u2 / 4).astype(kind), [3, 20, 30], [little, g])
write("bool", u2 % 3 == 0, [3, 20, 30], [dict(name="bytes"), g], told=True, fill=True, leave=[(1, 0, 0)])
write("complex", (u2 * 1j).astype("c8"), [3, 20, 30], [little, g], told=[1.0, "NaN"], fill=complex(1, np.nan), leave=[(2, 0, 0)])
for where in "start", "end":
    write("shards-" + where, u2, [1, 10, 10], [little, z], shard=[4, 20, 30], at=where); write("shards-sum-" + where, u2, [1, 10, 10], [little, b("lz4"), c], shard=[2, 10, 30], at=where, leave=[(1, 1, 0)])
sparse = u2.copy(); sparse[3] = 0; sparse[:, :10, 10:20] = 0; write("shards-empty", sparse, [1, 10, 10], [little, z], shard=[4, 20, 30])
write("named", np.moveaxis(u2, 0, 2), [20, 30, 7], [little], dimension_names=["y", "x", "time"]); expected["named"] = expected["zstd"]
rgb = rng.randint(0, 255, (4, 20, 30, 3)).astype("u1"); write("colour", rgb, [1, 20, 30, 3], [dict(name="bytes"), z])
write("turned-shards", u2, [1, 10, 10], [dict(name="transpose", configuration=dict(order=[2, 1, 0])), little, z], shard=[4, 20, 30])
os.makedirs("image"); json.dump(dict(zarr_format=3, node_type="group", attributes=dict(ome=dict(version="0.5", multiscales=[dict(axes=[dict(name=n) for n in "tcyx"], datasets=[dict(path="full")])]))), open("image/zarr.json", "w"))
write("image/full", u2[:, None], [1, 1, 20, 30], [little, z]); expected["image"] = expected["zstd"]
print(json.dumps(expected))
`;

const expected: { readonly [name: string]: string[] } = JSON.parse(python(writeBySpecification, [folder]));

test.each(Object.keys(expected).filter((name) => name !== "image/full"))(
  "%s: every frame is NumPy's",
  async (name) => {
    await using source = await open(at(name));
    expect(await md5s(source)).toEqual(expected[name]);
  },
);

test("CRC-32C is that of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

test("a check sum finds a flipped bit, in a chunk and in the index of a shard", async () => {
  for (const [name, chunk, where] of [
    ["zstd-sum", "c/1/0/0", 20],
    ["sum", "c/1/0/0", 99],
    ["shards-end", "c/1/0/0", -9],
    ["shards-sum-start", "c/1/0/0", 3],
  ] as const) {
    const path = at(`${name}/${chunk}`);
    const bytes = readFileSync(path);
    bytes[where < 0 ? bytes.length + where : where]! ^= 4;
    writeFileSync(path, bytes);
    await using source = await open(at(name));
    await expect(
      source
        .frame({ index: -1 })
        .then(() => source.frame({ index: 4 }))
        .then(() => source.frame({ index: 2 })),
    ).rejects.toThrow(DecodeError);
    await source.frame({ index: 0 });
  }
});

const metadataOf = (name: string) => JSON.parse(readFileSync(at(`${name}/zarr.json`), "utf8"));
const bytesCodec = { name: "bytes", configuration: { endian: "little" } };

test.each([
  ["codecs", [bytesCodec, { name: "pcodec" }], /codec: pcodec/],
  ["codecs", [{ name: "gzip" }, bytesCodec], /codec: gzip/],
  ["codecs", [], /never make bytes/],
  ["codecs", [{ name: "transpose", configuration: { order: [0, 0, 1] } }, bytesCodec], /transposition/],
  ["data_type", "string", /samples: string/],
  ["data_type", { name: "numpy.datetime64" }, /samples: numpy.datetime64/],
  ["chunk_grid", { name: "rectangular" }, /grid: rectangular/],
  ["chunk_key_encoding", { name: "odd" }, /chunk keys: odd/],
  ["storage_transformers", [{ name: "cache" }], /transformer: cache/],
  ["shape", [2 ** 50, 20, 30], /frames, and the last is not there/],
  ["shape", [7, 2 ** 20, 2 ** 20], /picture size/],
  [
    "chunk_grid",
    { name: "regular", configuration: { chunk_shape: [2, 2 ** 20, 2 ** 20] } },
    /chunks of \d+ bytes/,
  ],
  ["zarr_format", 4, /version: 4/],
  ["node_type", "leaf", /neither an array nor a group/],
] as const)("metadata whose %s is %j are refused by name", async (key, value, message) => {
  mkdirSync(at("lies"), { recursive: true });
  writeFileSync(at("lies/zarr.json"), JSON.stringify({ ...metadataOf("zstd"), [key]: value }));
  await expect(open(at("lies"))).rejects.toThrow(MareyError);
  await expect(open(at("lies"))).rejects.toThrow(message);
});

test("a shard in a shard, or one with a packed index, is refused by name", async () => {
  const metadata = metadataOf("shards-start");
  const [sharding] = metadata.codecs;
  mkdirSync(at("nested"));
  for (const change of [{ codecs: [sharding] }, { index_codecs: [bytesCodec, { name: "gzip" }] }]) {
    const codecs = [{ ...sharding, configuration: { ...sharding.configuration, ...change } }];
    writeFileSync(at("nested/zarr.json"), JSON.stringify({ ...metadata, codecs }));
    await expect(open(at("nested"))).rejects.toThrow(UnsupportedError);
  }
});
