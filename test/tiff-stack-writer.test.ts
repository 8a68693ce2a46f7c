import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EncodeError, ExistsError, FrameMismatchError, UnsupportedError } from "../src/core/errors.js";
import type { Color, DType, Image } from "../src/core/image.js";
import { bytesOf } from "../src/core/image.js";
import { unpackLzw } from "../src/images/lzw.js";
import { packLzw } from "../src/images/lzw-pack.js";
import { type CreateOptions, create, createTiffStack, open } from "../src/index.js";
import { generator, noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-tiff-stacks-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

type Kind = readonly [dtype: DType, color: Color];

function pictures([dtype, color]: Kind, count = 5, size: readonly [number, number] = [37, 23]): Image[] {
  return Array.from({ length: count }, (_, seed) => {
    const [width, height] = size;
    return noiseImage({ width, height, dtype, color }, seed);
  });
}

async function write(
  name: string,
  images: readonly Image[],
  options: Partial<CreateOptions> = {},
): Promise<string> {
  const sink = await create(at(name), { info: images[0]!, ...options });
  await Promise.all(images.map((image, i) => sink.write({ number: i, time: 7 + i / 40, image })));
  await sink.close();
  return at(name);
}

const kinds: readonly Kind[] = [
  ...([
    ["uint8", "gray"],
    ["uint16", "gray"],
    ["float32", "gray"],
    ["int16", "gray"],
  ] as Kind[]),
  ...([
    ["uint8", "bgr"],
    ["uint16", "rgb"],
    ["uint8", "bgra"],
    ["float32", "bgr"],
    ["float64", "gray"],
    ["uint32", "gray"],
  ] as Kind[]),
];
const packings = ["none", "deflate", "lzw"] as const;
const forms = ["auto", "always"] as const;

test("tifffile and Pillow or OpenCV find every frame of every kind, packing and form, as it was written", async () => {
  const cases: { name: string; packing: string; expected: string[]; dtype: string; big: boolean }[] = [];
  for (const kind of kinds) {
    for (const compression of packings) {
      for (const bigtiff of forms) {
        const images = pictures(kind);
        const name = `${kind.join("-")}-${compression}-${bigtiff}.tif`;
        await write(name, images, { compression, bigtiff });
        // Files have colour as RGB; these pictures are what they should come out as.
        const expected = images.map((image) => Buffer.from(bytesOf(asRgb(image))).toString("hex"));
        cases.push({ name, packing: compression, expected, dtype: kind[0], big: bigtiff === "always" });
      }
    }
  }
  const program = `
import sys, os, json, numpy as np, tifffile, cv2
os.chdir(sys.argv[1])
out = []
for case in json.load(sys.stdin):
    name = case["name"]
    with tifffile.TiffFile(name) as tif:
        facts = [tif.is_bigtiff, tif.is_imagej, len(tif.pages)]
        if case["packing"] == "lzw":
            ok, pages = cv2.imreadmulti(name, flags=cv2.IMREAD_UNCHANGED)
            order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
            pages = [p if p.ndim == 2 else p[..., order[p.shape[2]]] for p in pages]
        elif case["packing"] == "deflate" and tif.pages[0].predictor == 2:
            # Without imagecodecs tifffile undoes no differences: they are summed up here.
            pages = []
            for page in tif.pages:
                parts = []
                for index, (offset, count) in enumerate(zip(page.dataoffsets, page.databytecounts)):
                    tif.filehandle.seek(offset)
                    import zlib
                    parts.append(zlib.decompress(tif.filehandle.read(count)))
                a = np.frombuffer(b"".join(parts), page.dtype).reshape(page.shape)
                pages.append(np.cumsum(a, axis=1, dtype=a.dtype))
        else:
            pages = [page.asarray() for page in tif.pages]
    out.append([facts, str(pages[0].dtype), [np.ascontiguousarray(p).tobytes().hex() for p in pages]])
print(json.dumps(out))
`;
  // OpenCV of Debian reads no LZW of 32 and 64 bit samples.
  const judged = cases.filter(({ packing, dtype }) => packing !== "lzw" || /^u?int(8|16)$/.test(dtype));
  const input = Buffer.from(JSON.stringify(judged.map(({ name, packing }) => ({ name, packing }))));
  const found = JSON.parse(python(program, [folder], input)) as [unknown[], string, string[]][];
  for (const [i, { name, expected, dtype, big }] of judged.entries()) {
    const [facts, type, pages] = found[i]!;
    expect([facts[0], facts[2], type], name).toEqual([big, 5, dtype]);
    expect(pages, name).toEqual(expected);
  }
});

function asRgb(image: Image): Image {
  if (!image.color.startsWith("bgr")) return image;
  const data = image.data.slice() as Uint8Array;
  for (let i = 0; i < data.length; i += image.channels) [data[i], data[i + 2]] = [data[i + 2]!, data[i]!];
  return { ...image, data };
}

test.each(kinds)("what was written as %s %s comes back, however it is packed", async (...kind) => {
  const images = pictures(kind);
  for (const compression of packings) {
    for (const bigtiff of forms) {
      const path = await write(`back-${kind.join("-")}.tif`, images, {
        compression,
        bigtiff,
        overwrite: true,
      });
      await using stack = await open(path);
      expect(stack.index.length).toBe(5);
      for await (const { index, image } of stack.frames()) {
        expect(image.dtype).toBe(kind[0]);
        expect(Buffer.from(bytesOf(asRgb(image))).equals(bytesOf(asRgb(images[index]!)))).toBe(true);
      }
    }
  }
});

test("ImageJ is told how many frames there are, how far apart, and their range", async () => {
  const deep = pictures(["uint16", "gray"], 7).map((image) => ({ ...image, bits: 12 }));
  const colour = pictures(["uint8", "bgr"], 3);
  await write("deep.tif", deep, { compression: "none" });
  await write("colour.tif", colour, { compression: "none", fps: 50 });
  await write("packed.tif", deep);
  await write("wide.tif", pictures(["uint16", "bgr"], 3));
  const program = `
import sys, os, json, tifffile
os.chdir(sys.argv[1])
out = []
for name in ["deep.tif", "colour.tif", "packed.tif", "wide.tif"]:
    with tifffile.TiffFile(name) as tif:
        pages = tif.pages
        ends = [page.dataoffsets[0] + page.databytecounts[0] for page in pages]
        gapless = all(page.dataoffsets[0] == end for page, end in zip(list(pages)[1:], ends))
        shape = tif.series[0].shape if tif.is_imagej and name != "packed.tif" else None
        out.append([tif.imagej_metadata, gapless, shape])
print(json.dumps(out))
`;
  const [first, second, third, fourth] = JSON.parse(python(program, [folder])) as [
    Record<string, unknown>,
    boolean,
    number[],
  ][];
  expect(first![0]).toMatchObject({
    images: 7,
    frames: 7,
    hyperstack: true,
    mode: "grayscale",
    min: 0,
    max: 4095,
  });
  expect(first![0].finterval).toBeCloseTo(0.025, 9);
  expect(first!.slice(1)).toEqual([true, [7, 23, 37]]);
  expect(second).toMatchObject([{ images: 3, fps: 50, finterval: 0.02 }, true, [3, 23, 37, 3]]);
  expect(third![0]).toMatchObject({ images: 7 });
  // Colour of 16 bits is three gray pictures to ImageJ: it finds them by itself.
  expect(fourth![0]).toBeNull();
});

test("a picture alone is one page, and what TIFF cannot hold is refused with advice", async () => {
  const [one] = pictures(["uint8", "gray"], 1);
  await using source = await open(await write("one.tif", [one!]));
  expect(source.index.length).toBe(1);
  for (const info of [
    { ...one!, dtype: "float16" as const },
    { ...one!, channels: 2, color: "none" as const },
    { ...one!, dtype: "complex64" as const },
  ]) {
    await expect(create(at("no.tif"), { info })).rejects.toThrow(UnsupportedError);
    await expect(create(at("no.tif"), { info })).rejects.toThrow(/rescale/);
  }
});

test("nothing stands under the name before all is written; what is given up leaves nothing", async () => {
  const images = pictures(["uint8", "gray"]);
  const sink = await createTiffStack(at("later.tiff"), { info: images[0]! });
  const there = (): string[] => readdirSync(folder).filter((name) => name.includes("later"));
  await sink.write({ number: 0, time: 0, image: images[0]! });
  expect(there()).toEqual([".later.tiff.part"]);
  const [other] = pictures(["uint8", "gray"], 1, [38, 23]);
  await expect(sink.write({ number: 1, time: 1, image: other! })).rejects.toThrow(FrameMismatchError);
  await sink.write({ number: 2, time: 2, image: images[1]! });
  await sink.close();
  await sink.close();
  expect(there()).toEqual(["later.tiff"]);
  await using source = await open(at("later.tiff"));
  expect(source.index.length).toBe(2);

  await expect(createTiffStack(at("later.tiff"), { info: images[0]! })).rejects.toThrow(ExistsError);
  const before = readFileSync(at("later.tiff"));
  const given = await createTiffStack(at("later.tiff"), { info: images[0]!, overwrite: true });
  await given.write({ number: 0, time: 0, image: images[0]! });
  await given.abort!();
  expect(there()).toEqual(["later.tiff"]);
  expect(readFileSync(at("later.tiff")).equals(before)).toBe(true);
  const empty = await createTiffStack(at("empty.tif"), { info: images[0]! });
  await expect(empty.close()).rejects.toThrow(EncodeError);
  expect(readdirSync(folder).filter((name) => name.includes("empty"))).toEqual([]);
});

test("LZW gives back what it packed, whatever it is: noise, runs, and tables that fill and clear", () => {
  const random = generator(3);
  for (const length of [0, 1, 2, 255, 256, 257, 3800, 5000, 200_000]) {
    for (const values of [1, 2, 7, 256]) {
      const samples = Uint8Array.from({ length }, () => Math.floor(random() * values));
      const out = new Uint8Array(length);
      expect(unpackLzw(packLzw(samples, { bits: 8, mostFirst: true }), out)).toBe(length);
      expect(Buffer.from(out).equals(samples)).toBe(true);
    }
  }
});
