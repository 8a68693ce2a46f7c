import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { EncodeError, ExistsError, FrameMismatchError, UnsupportedError } from "../src/core/errors.js";
import type { Color, DType, Image } from "../src/core/image.js";
import { bytesOf } from "../src/core/image.js";
import { encodeNpyHeader } from "../src/core/npy.js";
import { centralHeader, endRecords, localHeader } from "../src/core/zip-headers.js";
import { combineCrc32 } from "../src/images/crc32-combine.js";
import { type CreateOptions, create, createZarr, open, sniff } from "../src/index.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-array-sinks-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

type Kind = readonly [dtype: DType, color: Color];

function pictures([dtype, color]: Kind, count = 7, size: readonly [number, number] = [37, 23]): Image[] {
  const [width, height] = size;
  return Array.from({ length: count }, (_, seed) => noiseImage({ width, height, dtype, color }, seed));
}

const stampOf = (i: number) => ({ number: 100 + i * 3, time: 1_700_000_000 + i / 40 + (i % 3) * 1e-6 });

async function write(
  name: string,
  images: readonly Image[],
  options: Partial<CreateOptions> = {},
): Promise<string> {
  const sink = await create(at(name), { info: images[0]!, ...options });
  await Promise.all(images.map((image, i) => sink.write({ ...stampOf(i), image })));
  await sink.close();
  return at(name);
}

const hex = (image: Image): string => Buffer.from(bytesOf(image)).toString("hex");

const kinds: readonly Kind[] = [
  ...([
    ["uint8", "gray"],
    ["uint16", "gray"],
    ["float32", "gray"],
    ["int16", "gray"],
    ["uint8", "bgr"],
  ] as Kind[]),
  ...([
    ["uint16", "rgb"],
    ["uint8", "bgra"],
    ["float64", "gray"],
    ["uint32", "bgr"],
    ["uint8", "bayer-rg"],
  ] as Kind[]),
];

/** A reader of Zarr 3 after its specification, and zarr-python for version 2: both give frames as hex, times and numbers. */
const readZarr = `
import json, os, sys, zlib, gzip, itertools, numpy as np, zarr
from numcodecs import Zstd, Blosc
os.chdir(sys.argv[1])
def third(path):
    meta = json.load(open(path + "/zarr.json"))
    assert meta["zarr_format"] == 3 and meta["node_type"] == "array", meta
    shape, chunk = meta["shape"], meta["chunk_grid"]["configuration"]["chunk_shape"]
    out = np.full(shape, meta["fill_value"], meta["data_type"])
    for place in itertools.product(*[range(-(-n // c)) for n, c in zip(shape, chunk)]):
        key = path + "/c/" + "/".join(map(str, place))
        if not os.path.exists(key): continue
        data = open(key, "rb").read()
        for codec in reversed(meta["codecs"]):
            if codec["name"] == "bytes": data = np.frombuffer(data, np.dtype(meta["data_type"]).newbyteorder("<")).reshape(chunk)
            elif codec["name"] == "gzip": data = gzip.decompress(data)
            elif codec["name"] == "zstd": data = Zstd().decode(data)
            elif codec["name"] == "blosc":
                assert data[3] == codec["configuration"]["typesize"] and bool(data[2] & 4) == (codec["configuration"]["shuffle"] == "bitshuffle")
                data = Blosc().decode(data)
            else: raise Exception(codec)
        to = tuple(slice(p * c, min(n, (p + 1) * c)) for p, c, n in zip(place, chunk, shape))
        out[to] = data[tuple(slice(0, s.stop - s.start) for s in to)]
    return out, meta["dimension_names"]
result = []
for name, version in json.load(sys.stdin):
    if version == 3:
        assert json.load(open(name + "/zarr.json"))["node_type"] == "group"
        (frames, axes), (times, _), (numbers, _) = (third(f"{name}/{part}") for part in ("frames", "frame_time", "frame_number"))
    else:
        group = zarr.open(name, mode="r")
        assert sorted(group) == ["frame_number", "frame_time", "frames"], sorted(group)
        frames, times, numbers, axes = group["frames"][...], group["frame_time"][...], group["frame_number"][...], group["frames"].attrs["_ARRAY_DIMENSIONS"]
    result.append(dict(dtype=frames.dtype.name, frames=[f.tobytes().hex() for f in frames], times=times.tolist(), numbers=numbers.tolist(), kind=numbers.dtype.name, axes=axes))
print(json.dumps(result))
`;

test("zarr-python, and a reader after the specification of version 3, find every frame of every kind, packing and chunk", async () => {
  const cases: { name: string; version: 2 | 3; images: Image[] }[] = [];
  const add = async (
    name: string,
    version: 2 | 3,
    images: Image[],
    options: Partial<CreateOptions>,
  ): Promise<void> => {
    await write(name, images, { ...options, zarrVersion: version });
    cases.push({ name, version, images });
  };
  for (const version of [2, 3] as const) {
    for (const kind of kinds)
      await add(`${kind.join("-")}-${version}.zarr`, version, pictures(kind), { chunkSize: 3 });
    for (const compression of ["none", "zlib", "zstd", "blosc"] as const) {
      for (const chunkSize of [1, 4, 50]) {
        await add(`${compression}-${chunkSize}-${version}.zarr`, version, pictures(["uint16", "gray"]), {
          compression,
          chunkSize,
        });
      }
    }
    await add(`usual-${version}.zarr`, version, pictures(["uint8", "bgr"], 5), {});
  }
  const asked = cases.map(({ name, version }) => [name, version]);
  const found = JSON.parse(python(readZarr, [folder], Buffer.from(JSON.stringify(asked)))) as Record<
    string,
    unknown
  >[];
  for (const [i, { name, images }] of cases.entries()) {
    const { dtype, channels } = images[0]!;
    expect(found[i], name).toEqual({
      ...{ dtype, frames: images.map(hex), kind: "int64" },
      times: images.map((_, at) => stampOf(at).time),
      numbers: images.map((_, at) => stampOf(at).number),
      axes: ["time", "y", "x", ...(channels > 1 ? ["channel"] : [])],
    });
    await expectBack(name, images);
  }
});

/** What Marey itself reads: the same frames, of the same kind, with their stamps. */
async function expectBack(name: string, images: readonly Image[], hasNumbers = true): Promise<void> {
  await using source = await open(at(name));
  const { width, height, channels, dtype, color, bits } = images[0]!;
  expect(source.info, name).toEqual({
    width,
    height,
    channels,
    dtype,
    color,
    ...(bits !== undefined && { bits }),
  });
  let rank = 0;
  for await (const { number, time, image } of source.frames()) {
    const stamp = stampOf(rank);
    expect({ number, frame: hex(image) }, name).toEqual({
      number: hasNumbers ? stamp.number : rank,
      frame: hex(images[rank]!),
    });
    expect(Math.abs(time - stamp.time), name).toBeLessThan(1e-6);
    rank++;
  }
  expect(rank, name).toBe(images.length);
}

test("NumPy finds frames, times and numbers in an npz, by name, and so does Marey", async () => {
  const gray = kinds.filter(([, color]) => ["gray", "bgr", "bgra"].includes(color));
  for (const kind of gray) await write(`${kind.join("-")}.npz`, pictures(kind));
  const program = `
import json, os, sys, zipfile, numpy as np
os.chdir(sys.argv[1]); out = []
for name in json.load(sys.stdin):
    assert zipfile.ZipFile(name).testzip() is None
    with np.load(name) as f: out.append([sorted(f.files), f["frames"].dtype.name, [x.tobytes().hex() for x in f["frames"]], f["frame_time"].tolist(), f["frame_number"].tolist(), f["frame_number"].dtype.name])
print(json.dumps(out))
`;
  const names = gray.map((kind) => `${kind.join("-")}.npz`);
  const found = JSON.parse(python(program, [folder], Buffer.from(JSON.stringify(names)))) as unknown[][];
  for (const [i, kind] of gray.entries()) {
    const images = pictures(kind);
    const stamps = images.map((_, rank) => stampOf(rank));
    expect(found[i]).toEqual([
      ...[["frame_number", "frame_time", "frames"], kind[0], images.map(hex)],
      ...[stamps.map(({ time }) => time), stamps.map(({ number }) => number), "int64"],
    ]);
    await expectBack(names[i]!, images);
  }
});

test("an npz beyond 4 GiB: Python's zipfile finds its members, and Marey reads its frames piece by piece", async () => {
  // A hole in a file: 4,100 frames of 1024x1024 zeros, but for the last one.
  const [frames, side] = [4100, 1024];
  const head = encodeNpyHeader("uint8", [frames, side, side]);
  const last = new Uint8Array(side * side).fill(7);
  const zeros = (frames - 1) * side * side;
  const crcOfZeros = zerosCrc(zeros);
  const crc = combineCrc32(combineCrc32(crc32(head), crcOfZeros, zeros), crc32(last), last.length);
  const name = new TextEncoder().encode("frames.npy");
  const big = { name, crc, size: head.length + zeros + last.length, offset: 0 };
  const more = encodeNpyHeader("uint8", [0]);
  const local = localHeader(big);
  const small = {
    name: new TextEncoder().encode("x.npy"),
    crc: crc32(more),
    size: more.length,
    offset: local.length + big.size,
  };
  const file = openSync(at("big.npz"), "w");
  truncateSync(at("big.npz"), local.length + big.size);
  const put = (bytes: Uint8Array, place: number): number =>
    place + writeSync(file, bytes, 0, bytes.length, place);
  put(head, put(local, 0));
  let end = put(last, local.length + big.size - last.length);
  end = put(more, put(localHeader(small), end));
  const directory = Buffer.concat([centralHeader(big), centralHeader(small)]);
  put(endRecords(2, end, directory.length), put(directory, end));
  const program = `
import sys, zipfile, numpy as np
with zipfile.ZipFile(sys.argv[1]) as z:
    print([(i.filename, i.file_size, i.header_offset) for i in z.infolist()])
    with z.open("frames.npy") as f: print(np.lib.format.read_magic(f), np.lib.format.read_array_header_1_0(f))
    print(np.load(z.open("x.npy")).shape)
`;
  expect(python(program, [at("big.npz")]).split("\n")).toEqual([
    `[('frames.npy', ${big.size}, 0), ('x.npy', ${small.size}, ${small.offset})]`,
    `(1, 0) ((${frames}, ${side}, ${side}), False, dtype('uint8'))`,
    "(0,)",
    "",
  ]);
  await using source = await open(at("big.npz"));
  expect(source.index.length).toBe(frames);
  expect((await source.frame({ index: -1 })).image.data[5]).toBe(7);
  expect((await source.frame({ index: -2 })).image.data[5]).toBe(0);
  rmSync(at("big.npz"));
});

/** Of any number of zeros, by doubling: combining is what is tried here, so small ones are compared with zlib's. */
function zerosCrc(length: number): number {
  let [crc, done, piece, pieceCrc] = [0, 0, 1, crc32(new Uint8Array(1))];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      crc = done === 0 ? pieceCrc : combineCrc32(crc, pieceCrc, piece);
      done += piece;
    }
    pieceCrc = combineCrc32(pieceCrc, pieceCrc, piece);
    piece *= 2;
  }
  return crc;
}

test("check sums of pieces combine to that of the whole", () => {
  expect(zerosCrc(1_000_001)).toBe(crc32(new Uint8Array(1_000_001)));
  for (const [a, b] of [
    ["", "x"],
    ["a", ""],
    ["The quick brown ", "fox jumps"],
    ["1", "23456789"],
  ] as const) {
    expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(a + b));
  }
});

/** After the published structures, not after Marey. */
const readSequence = `
import json, os, struct, sys, numpy as np
os.chdir(sys.argv[1]); out = []
for name in json.load(sys.stdin):
    raw = open(name, "rb").read()
    magic, title, version, header = struct.unpack_from("<I24sii", raw, 0)
    assert magic == 0xfeed and title.decode("utf-16le").rstrip("\\0") == "Norpix seq" and version == 5 and header == 1024
    width, height, depth, real, size, kind, count, origin, stride = struct.unpack_from("<9I", raw, 548)
    rate, = struct.unpack_from("<d", raw, 584); bayer, = struct.unpack_from("<I", raw, 608); compression, = struct.unpack_from("<I", raw, 620)
    assert compression == 0 and len(raw) == 8192 + count * stride and stride % 8192 == 0 and size == width * height * depth // 8
    frames, times = [], []
    for i in range(count):
        start = 8192 + i * stride
        frames.append(raw[start:start + size].hex())
        s, ms, us = struct.unpack_from("<IHH", raw, start + size); assert ms < 1000 and us < 1000
        times.append(s * 10**6 + ms * 1000 + us)
    out.append(dict(width=width, height=height, depth=depth, real=real, kind=kind, bayer=bayer, rate=rate, frames=frames, times=times))
print(json.dumps(out))
`;

test("a NorPix sequence is what its published structures say, and what Marey reads", async () => {
  const twelve = pictures(["uint16", "gray"]).map((image) => ({
    ...image,
    bits: 12,
    data: (image.data as Uint16Array).map((sample) => sample & 4095),
  }));
  const cases: { images: Image[]; depth: number; real: number; kind: number; bayer: number }[] = [
    { images: pictures(["uint8", "gray"]), depth: 8, real: 8, kind: 100, bayer: 0 },
    { images: pictures(["uint16", "gray"]), depth: 16, real: 16, kind: 100, bayer: 0 },
    { images: twelve, depth: 16, real: 12, kind: 100, bayer: 0 },
    { images: pictures(["uint8", "bgr"]), depth: 24, real: 8, kind: 200, bayer: 0 },
    { images: pictures(["uint8", "bayer-rg"]), depth: 8, real: 8, kind: 101, bayer: 3 },
    { images: pictures(["uint16", "bayer-gr"]), depth: 16, real: 16, kind: 101, bayer: 1 },
    { images: pictures(["uint8", "gray"], 3, [128, 128]), depth: 8, real: 8, kind: 100, bayer: 0 },
  ];
  for (const [i, { images }] of cases.entries()) await write(`${i}.seq`, images, { fps: 40 });
  const names = cases.map((_, i) => `${i}.seq`);
  const found = JSON.parse(python(readSequence, [folder], Buffer.from(JSON.stringify(names)))) as unknown[];
  for (const [i, { images, ...facts }] of cases.entries()) {
    const { width, height } = images[0]!;
    const times = images.map((_, rank) => Math.round(stampOf(rank).time * 1e6));
    expect(found[i]).toEqual({ ...facts, width, height, rate: 40, frames: images.map(hex), times });
    expect(await sniff(at(names[i]!))).toBe("recording");
    await expectBack(names[i]!, images, false);
  }
  const [rgb] = [pictures(["uint8", "rgb"])];
  await write("rgb.seq", rgb!);
  await using source = await open(at("rgb.seq"), { as: "rgb" });
  expect(hex((await source.frame({ index: 2 })).image)).toBe(hex(rgb![2]!));
});

test("what a format cannot hold is refused, and nothing is cut to fit", async () => {
  const refuse = (name: string, kind: Kind, options: Partial<CreateOptions> = {}): Promise<unknown> =>
    create(at(name), { info: pictures(kind, 1)[0]!, ...options }).then(
      () => "made",
      (error) => error,
    );
  for (const kind of [
    ["float32", "gray"],
    ["uint16", "bgr"],
    ["uint8", "bgra"],
    ["int16", "gray"],
  ] as Kind[]) {
    expect(await refuse("no.seq", kind)).toBeInstanceOf(UnsupportedError);
  }
  expect(await refuse("no.zarr", ["uint8", "gray"], { compression: "lzw" })).toBeInstanceOf(UnsupportedError);
  expect(await refuse("no.tif", ["uint8", "gray"], { compression: "blosc" })).toBeInstanceOf(
    UnsupportedError,
  );
  expect(await refuse("no.zarr", ["uint8", "gray"], { chunkSize: 0 })).toBeInstanceOf(RangeError);
  const [image] = pictures(["uint8", "gray"], 1);
  for (const time of [-1, Number.NaN, 5e9]) {
    const sink = await create(at("no.seq"), { info: image! });
    await expect(sink.write({ number: 0, time, image: image! })).rejects.toThrow(EncodeError);
    await sink.abort!();
  }
  expect(readdirSync(folder).filter((name) => name.includes("no."))).toEqual([]);
});

test.each(["later.zarr", "later.npz", "later.seq"])(
  "%s: nothing stands under the name before all is written, and what is given up leaves nothing",
  async (name) => {
    const images = pictures(["uint8", "gray"]);
    const there = (): string[] => readdirSync(folder).filter((each) => each.includes(name));
    const sink = await create(at(name), { info: images[0]! });
    await sink.write({ ...stampOf(0), image: images[0]! });
    expect(there()).toEqual([`.${name}.part`]);
    const [other] = pictures(["uint8", "gray"], 1, [38, 23]);
    await expect(sink.write({ ...stampOf(1), image: other! })).rejects.toThrow(FrameMismatchError);
    await sink.write({ ...stampOf(1), image: images[1]! });
    await sink.close();
    await sink.close();
    expect(there()).toEqual([name]);
    await expectBack(name, images.slice(0, 2), !name.endsWith(".seq"));
    await expect(create(at(name), { info: images[0]! })).rejects.toThrow(ExistsError);
    const again = await create(at(name), { info: images[0]!, overwrite: true });
    await again.write({ ...stampOf(0), image: images[0]! });
    await again.abort!();
    expect(there()).toEqual([name]);
    await expectBack(name, images.slice(0, 2), !name.endsWith(".seq"));
    await write(name, images.slice(0, 1), { overwrite: true });
    expect(there()).toEqual([name]);
    await expectBack(name, images.slice(0, 1), !name.endsWith(".seq"));
    const empty = await create(at(`empty-${name}`), { info: images[0]! });
    await empty.close();
    if (!name.endsWith(".seq")) {
      await using source = await open(at(`empty-${name}`));
      expect(source.index.length).toBe(0);
    }
  },
);

test("a folder that is no Zarr is never replaced, whatever is said", async () => {
  mkdirSync(at("photos.zarr"));
  writeFileSync(at("photos.zarr/dear.jpg"), "x");
  const [info] = pictures(["uint8", "gray"], 1);
  await expect(createZarr(at("photos.zarr"), { info: info!, overwrite: true })).rejects.toThrow(ExistsError);
  expect(readFileSync(at("photos.zarr/dear.jpg"), "utf8")).toBe("x");
});

test("a chunk that cannot be written is an error of the writer, and nothing is left", async () => {
  const images = pictures(["uint8", "gray"]);
  const sink = await create(at("gone.zarr"), { info: images[0]!, chunkSize: 1 });
  rmSync(at(".gone.zarr.part"), { recursive: true });
  writeFileSync(at(".gone.zarr.part"), "in the way");
  const all = (async () => {
    for (const [i, image] of images.entries()) await sink.write({ ...stampOf(i), image });
    await sink.close();
  })();
  await expect(all).rejects.toThrow(EncodeError);
  await sink.abort!();
  expect(existsSync(at("gone.zarr"))).toBe(false);
});

test("numbers beyond 2^53 are kept to the last digit", async () => {
  const [image] = pictures(["uint8", "gray"], 1);
  for (const name of ["large.zarr", "large.npz"]) {
    const sink = await create(at(name), { info: image! });
    for (const number of [3, 2n ** 60n + 1n]) await sink.write({ number, time: 1, image: image! });
    await sink.close();
    await using source = await open(at(name));
    expect([source.index.number(0), source.index.number(1)]).toEqual([3, 2n ** 60n + 1n]);
  }
});

test("marey convert writes them, resumes, takes them as inputs, and tells a changed chunk by its recipe", async () => {
  await write("in.npz", pictures(["uint16", "gray"], 9));
  const run = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await marey(["convert", ...args, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  expect(
    await run(
      at("in.npz"),
      at("out.zarr"),
      "--chunk-size",
      "2",
      "--compression",
      "zstd",
      "--zarr-version",
      "3",
    ),
  ).toMatchObject({ frames: 9 });
  expect(JSON.parse(readFileSync(at("out.zarr/frames/zarr.json"), "utf8"))).toMatchObject({
    chunk_grid: { configuration: { chunk_shape: [2, 23, 37] } },
    codecs: [{ name: "bytes" }, { name: "zstd" }],
  });
  await expectBack("out.zarr", pictures(["uint16", "gray"], 9));
  expect(await run(at("out.zarr"), at("out.seq"))).toMatchObject({ frames: 9 });
  expect(await run(at("out.zarr"), at("out.seq"), "--resume")).toMatchObject({ there: true });
  const chunk = at("out.zarr/frames/c/1/0/0");
  const bytes = readFileSync(chunk);
  rmSync(chunk);
  expect(await run(at("out.zarr"), at("out.seq"), "--resume")).toMatchObject({ frames: 9 });
  writeFileSync(chunk, bytes);
  expect(await run(at("out.zarr"), at("out.seq"), "--resume")).toMatchObject({ frames: 9 });
  await expectBack("out.seq", pictures(["uint16", "gray"], 9), false);
  const wrong = await marey(["convert", at("in.npz"), at("w.zarr"), "--compression", "lzw"]);
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/unsupported Zarr compression: lzw \(known: none, zlib, zstd, blosc\)/),
  });
});
