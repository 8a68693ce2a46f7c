import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { FrameMismatchError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf, type Color, type Image, type ImageInfo } from "../src/core/image.js";
import { decodeNpy } from "../src/core/npy.js";
import { builtInFormats as formats, usualFormat } from "../src/index.js";
import { createStore } from "../src/store/create-store.js";
import { openStore } from "../src/store/open-store.js";
import { decoderOf, pixelEncodings } from "../src/store/pixel-encoding.js";

const folder = mkdtempSync(join(tmpdir(), "marey-encoding-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const newPath = (): string => join(folder, `store${made++}`);

const judge = fileURLToPath(new URL("peers/read_store.py", import.meta.url));

/** What Python reads of a store: its metadata, and all pictures in one array, decoded. */
function python(path: string) {
  const pictures = `${path}.npy`;
  const args = [judge, path, pictures];
  const { store } = JSON.parse(execFileSync("/usr/bin/python3", args, { encoding: "utf8" })) as {
    store: Record<string, unknown>;
  };
  const { data, shape, dtype } = decodeNpy(readFileSync(pictures), pictures);
  return { store, shape, dtype, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}

/** A picture of its own for every rank: smooth, so that lossy formats keep it. */
function picture(info: ImageInfo, rank: number): Image {
  const { width, height, channels } = info;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    data[i] = 60 + (pixel % width) + Math.floor(pixel / width) + (i % channels) * 20 + rank * 7;
  }
  return { ...info, data };
}

const mosaic: ImageInfo = { width: 36, height: 24, channels: 1, dtype: "uint8", color: "gray" };

async function write(
  path: string,
  format: string,
  info: ImageInfo,
  encoding?: string,
  count = 3,
): Promise<Image[]> {
  const images = Array.from({ length: count }, (_, rank) => picture(info, rank));
  await using store = await createStore(path, { info, format, formats, ...(encoding && { encoding }) });
  for (const [number, image] of images.entries()) await store.write({ image, number, time: number / 25 });
  return images;
}

async function read(path: string, pixels: "decoded" | "stored" = "decoded"): Promise<Image[]> {
  await using store = await openStore(path, { formats, pixels });
  const images: Image[] = [];
  for await (const { image } of store) {
    expect(image).toMatchObject(store.info);
    expect(bytesOf((await store.frame({ index: images.length })).image)).toEqual(bytesOf(image));
    images.push(image);
  }
  return images;
}

function together(images: readonly Image[]): Buffer {
  return Buffer.concat(images.map(bytesOf));
}

/** Channels that an encoding has, of the fewest. */
function infoFor(encoding: string): ImageInfo {
  const colors: readonly Color[] = ["gray", "gray", "none", "bgr", "bgra"];
  const channels = [1, 2, 3, 4].filter((count) => {
    const decoder = decoderOf(encoding);
    return decoder.decodedInfo({ ...mosaic, channels: count, color: colors[count]! }) !== undefined;
  });
  // OpenCV takes gray for colours in another order; what is meant has all channels.
  const count = channels.at(-1)!;
  return { ...mosaic, channels: count, color: colors[count]! };
}

describe.each(pixelEncodings)("a store in %s", (encoding) => {
  test("gives here what it gives in Python, and what was written", async () => {
    const path = newPath();
    const written = await write(path, "npy", infoFor(encoding), encoding);
    const decoded = await read(path);
    const theirs = python(path);
    expect(theirs.store.encoding).toBe(encoding);
    expect(Buffer.compare(together(decoded), theirs.bytes)).toBe(0);
    expect(theirs.shape).toEqual([3, decoded[0]!.height, decoded[0]!.width, 3]);
    expect(Buffer.compare(together(await read(path, "stored")), together(written))).toBe(0);
  });
});

describe.each(["png", "tif", "bmp", "pgm", "ppm"])("a Bayer mosaic in %s", (format) => {
  test("comes back debayered, bit for bit as in Python", async () => {
    const path = newPath();
    const written = await write(path, format, { ...mosaic, width: 35, height: 23 }, "cv_bayergb");
    const decoded = await read(path);
    expect(Buffer.compare(together(decoded), python(path).bytes)).toBe(0);
    expect(Buffer.compare(together(await read(path, "stored")), together(written))).toBe(0);
  });
});

describe.each(["jpg", "mjpeg/avi", "avc1/mp4", "h264/mkv"])("a Bayer mosaic in %s", (format) => {
  test("comes back debayered, much as in Python", async () => {
    const path = newPath();
    await write(path, format, { ...mosaic, width: 64, height: 48 }, "cv_bayerbg");
    const decoded = together(await read(path));
    const theirs = python(path).bytes;
    expect(decoded.length).toBe(theirs.length);
    let off = 0;
    for (const [i, value] of theirs.entries()) off += Math.abs(value - decoded[i]!);
    expect(off / theirs.length).toBeLessThan(1);
  });
});

test.each(["png+color", "tif+color", "bmp+color", "jpg+color", "npy+color"])(
  "%s turns encoded frames into BGR as it writes them",
  async (format) => {
    const path = newPath();
    const written = await write(path, format, { ...mosaic, color: "bayer-rg" });
    const { store, bytes: found } = python(path);
    expect(store).toMatchObject({
      encoding: null,
      imgshape: [24, 36, 3],
      format: format.replace("+color", ""),
    });
    const expected = together(written.map((image) => decoderOf("cv_bayerbg").decode(image)));
    if (format !== "jpg+color") expect(Buffer.compare(found, expected)).toBe(0);
    const back = together(await read(path));
    expect(back.length).toBe(expected.length);
    expect(Buffer.compare(back, found) === 0 || format === "jpg+color").toBe(true);
  },
);

test("without an encoding, png+color is png", async () => {
  const path = newPath();
  const written = await write(path, "png+color", mosaic);
  expect(python(path).store).toMatchObject({ encoding: null, imgshape: [24, 36], format: "png" });
  expect(Buffer.compare(together(await read(path)), together(written))).toBe(0);
});

test.each([
  ["bayer-rg", "cv_bayerbg"],
  ["bayer-gr", "cv_bayergb"],
  ["bayer-gb", "cv_bayergr"],
  ["bayer-bg", "cv_bayerrg"],
] as const)("frames of a camera with %s are stored as %s, by themselves", async (color, encoding) => {
  const path = newPath();
  const info: ImageInfo = { ...mosaic, color };
  await write(path, "png", info);
  const { store, bytes: found } = python(path);
  expect(store.encoding).toBe(encoding);
  const [first] = await read(path);
  // The sensor's own samples stand in their channel; inside, for the outermost pixels are copies.
  const at = (row: number, column: number): number => row * 36 + column;
  const red = { "bayer-rg": [2, 2], "bayer-gr": [2, 3], "bayer-gb": [3, 2], "bayer-bg": [3, 3] }[color];
  const site = at(red[0]!, red[1]!);
  expect(first!.data[site * 3 + 2]).toBe(picture(info, 0).data[site]);
  expect(Buffer.compare(together(await read(path)), found)).toBe(0);
});

describe.each(["h264-lossless/mkv", "ffv1/mkv"])("a Bayer mosaic in %s", (format) => {
  test.each([
    [36, 24],
    [35, 23],
    [96, 64],
  ])("%ix%i comes back to the bit, and debayers here and in Python to the same", async (width, height) => {
    const path = newPath();
    const info: ImageInfo = { ...mosaic, width, height, color: "bayer-gb" };
    const written = Array.from({ length: 12 }, (_, rank) => noisy(picture(info, rank), rank));
    {
      await using store = await createStore(path, { info, format, formats, chunkSize: 9 });
      for (const [number, image] of written.entries())
        await store.write({ image, number, time: number / 25 });
    }
    expect(Buffer.compare(together(await read(path, "stored")), together(written))).toBe(0);
    const decoded = together(await read(path));
    const expected = together(
      written.map((image) => decoderOf("cv_bayergr").decode({ ...image, color: "gray" })),
    );
    expect(Buffer.compare(decoded, expected)).toBe(0);
    expect(Buffer.compare(decoded, python(path).bytes)).toBe(0);
  });
});

/** The picture with noise that no lossy codec keeps. */
function noisy(image: Image, seed: number): Image {
  const data = Uint8Array.from(image.data as Uint8Array);
  let state = seed + 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = data[i]! ^ (state >>> 27);
  }
  return { ...image, data };
}

test("a store says in its README what its pixels are, and if they were written with loss", async () => {
  for (const [format, encoding, says] of [
    ["avc1/mp4", "cv_bayerbg", /^Pixels {3}cv_bayerbg, .*\n {9}written with loss: .* colours$/m],
    ["h264-lossless/mkv", "cv_bayerbg", /^Pixels {3}cv_bayerbg, .*\nStamps/m],
    ["avc1/mp4", undefined, /^Format .*\nStamps/m],
  ] as const) {
    const path = newPath();
    await write(path, format, { ...mosaic, width: 64, height: 48 }, encoding);
    expect(readFileSync(join(path, "README.txt"), "utf8")).toMatch(says);
  }
});

test("frames of a camera go where nothing that counts is lost, unless another format is asked for", () => {
  const of = (dtype: "uint8" | "uint16", color: Color): string => usualFormat({ ...mosaic, dtype, color });
  expect(of("uint8", "gray")).toBe("avc1/mp4");
  expect(of("uint8", "bgr")).toBe("avc1/mp4");
  for (const pattern of ["bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"] as const) {
    const format = formats.find(({ name }) => name === of("uint8", pattern))!;
    expect(format).toMatchObject({ layout: "video", lossless: true });
    expect(of("uint16", pattern)).toBe("npy");
  }
  expect(of("uint16", "gray")).toBe("npy");
});

test("16-bit mosaics keep their depth", async () => {
  const path = newPath();
  const info: ImageInfo = { ...mosaic, dtype: "uint16", bits: 12, color: "bayer-gb" };
  const data = new Uint16Array(36 * 24).map((_, i) => (i * 37) % 4096);
  {
    await using store = await createStore(path, { info, format: "png", formats });
    expect(store.info).toMatchObject({ color: "bgr", channels: 3, dtype: "uint16" });
    await store.write({ image: { ...info, data }, number: 0, time: 0 });
  }
  const [image] = await read(path);
  const theirs = python(path);
  expect(theirs.dtype).toBe("uint16");
  expect(Buffer.compare(bytesOf(image!), theirs.bytes)).toBe(0);
});

test("an odd mosaic loses its last row and column in a video, and keeps its pattern", async () => {
  const path = newPath();
  await write(path, "mjpeg/avi", { ...mosaic, width: 65, height: 49, color: "bayer-rg" });
  await using store = await openStore(path, { formats });
  expect(store.info).toMatchObject({ width: 64, height: 48, color: "bgr" });
  const { image } = await store.frame({ index: 1 });
  const expected = decoderOf("cv_bayerbg").decode(picture({ ...mosaic, width: 65, height: 49 }, 1));
  expect(
    Math.abs(Number(image.data[(20 * 64 + 20) * 3]) - Number(expected.data[(20 * 65 + 20) * 3])),
  ).toBeLessThan(6);
});

test("YUV 4:2:0 is two thirds as high once it is decoded", async () => {
  const path = newPath();
  await write(path, "npy", mosaic, "cv_yuv_nv12");
  await using decoded = await openStore(path, { formats });
  expect(decoded.info).toMatchObject({ width: 36, height: 16, channels: 3, color: "bgr" });
  expect(decoded.describe()).toMatchObject({ encoding: "cv_yuv_nv12" });
  await using stored = await openStore(path, { formats, pixels: "stored" });
  expect(stored.info).toMatchObject({ width: 36, height: 24, channels: 1, color: "gray" });
});

test("an encoding that is unknown, or cannot be that of the frames, is refused before anything is written", async () => {
  const path = newPath();
  const create = (encoding: string, info: ImageInfo = mosaic, format = "npy") =>
    createStore(path, { info, format, formats, encoding });
  await expect(create("cv_bayer")).rejects.toThrow(
    /unsupported pixel encoding: cv_bayer \(known: cv_bayerbg/,
  );
  await expect(create("cv_hsv")).rejects.toThrow(/unsupported frames for cv_hsv: 36x24 gray uint8/);
  await expect(create("cv_hsv", mosaic, "npy+color")).rejects.toThrow(UnsupportedError);
  await expect(create("cv_yuv_nv12", { ...mosaic, height: 25 })).rejects.toThrow(UnsupportedError);
  await expect(openStore(path, { formats })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a store whose encoding nobody knows opens, and gives its pictures as they are stored", async () => {
  const path = newPath();
  const written = await write(path, "png", mosaic, "cv_bayerbg");
  const metadata = join(path, "metadata.yaml");
  writeFileSync(metadata, readFileSync(metadata, "utf8").replace("cv_bayerbg", "cv_quadbayer"));
  await using store = await openStore(path, { formats });
  expect(store.index.length).toBe(3);
  await expect(store.frame({ index: 0 })).rejects.toThrow(/pixel encoding: cv_quadbayer/);
  await expect(store.frames().next()).rejects.toThrow(UnsupportedError);
  expect(Buffer.compare(together(await read(path, "stored")), together(written))).toBe(0);
});

test("pictures that cannot be of the store's encoding say so", async () => {
  const path = newPath();
  await write(path, "png", mosaic, "cv_bayerbg");
  const metadata = join(path, "metadata.yaml");
  writeFileSync(metadata, readFileSync(metadata, "utf8").replace("cv_bayerbg", "cv_hsv"));
  await using store = await openStore(path, { formats });
  await expect(store.frame({ index: 0 })).rejects.toThrow(/36x24 gray uint8 \(known: 3 channels/);
});

test("an encoding of '' is none, as old stores write it", async () => {
  const path = newPath();
  const written = await write(path, "png", mosaic, "cv_bayerbg");
  const metadata = join(path, "metadata.yaml");
  writeFileSync(metadata, readFileSync(metadata, "utf8").replace("cv_bayerbg", "''"));
  expect(Buffer.compare(together(await read(path)), together(written))).toBe(0);
});

test("a store is gone on in with its own encoding only", async () => {
  const path = newPath();
  await write(path, "png", mosaic, "cv_bayerbg");
  const append = (encoding?: string) =>
    createStore(path, { info: mosaic, format: "png", formats, append: true, ...(encoding && { encoding }) });
  await expect(append("cv_bayerrg")).rejects.toThrow(/expected encoding cv_bayerbg, got encoding cv_bayerrg/);
  await expect(append()).rejects.toThrow(FrameMismatchError);
  {
    await using more = await append("cv_bayerbg");
    await more.write({ image: picture(mosaic, 3), number: 3, time: 3 });
  }
  expect(await read(path)).toHaveLength(4);
});
