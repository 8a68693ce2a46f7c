import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EncodeError, ExistsError, UnsupportedError } from "../src/core/errors.js";
import { bytesOf, type Color, type DType, type Image } from "../src/core/image.js";
import { fractionOf } from "../src/images/apng.js";
import { packLzw } from "../src/images/lzw-pack.js";
import { type AnimationOptions, create, createAnimation, kindOfName, open } from "../src/index.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-animations-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [61, 43];

function noise(count: number, color: Color = "gray", dtype: DType = "uint8"): Image[] {
  return Array.from({ length: count }, (_, seed) => noiseImage({ width, height, dtype, color }, seed));
}

/** A smooth picture of many colours, moving. */
function gradient(shift: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([(x * 4 + shift) & 255, y * 5, (x * 2 + y * 2) & 255], i * 3);
  }
  return { width, height, channels: 3, dtype: "uint8", color: "bgr", data };
}

async function write(
  name: string,
  images: readonly Image[],
  times: readonly number[],
  options: Partial<AnimationOptions> = {},
): Promise<string> {
  const sink = await createAnimation(at(name), { info: images[0]!, overwrite: true, ...options });
  try {
    await Promise.all(images.map((image, i) => sink.write({ number: i, time: times[i]!, image })));
    await sink.close();
  } catch (error) {
    await sink.abort!();
    throw error;
  }
  return at(name);
}

interface Judged {
  readonly frames: string[];
  readonly delays: number[];
  readonly loop: number | null;
}

const pillow = `
import sys, json
from PIL import Image
out = []
for path in sys.argv[2:]:
    im = Image.open(path)
    frames, delays = [], []
    for i in range(im.n_frames):
        im.seek(i)
        frames.append(im.convert(sys.argv[1]).tobytes().hex())
        delays.append(im.info["duration"])
    out.append({"frames": frames, "delays": delays, "loop": im.info.get("loop")})
print(json.dumps(out))
`;

/** What Pillow finds: pixels as RGB or RGBA, delays in milliseconds, loop as it is in the file. */
function judge(paths: readonly string[], mode = "RGB"): Judged[] {
  return JSON.parse(python(pillow, [mode, ...paths])) as Judged[];
}

function asHex(image: Image): string {
  const { channels, data } = image;
  if (channels === 1)
    return Buffer.from([...(data as Uint8Array)].flatMap((value) => [value, value, value])).toString("hex");
  const out = Buffer.from(bytesOf(image));
  for (let i = 0; i < out.length; i += channels) [out[i], out[i + 2]] = [out[i + 2]!, out[i]!];
  return out.toString("hex");
}

/** Mean difference of the samples. */
function difference(a: string, b: string): number {
  const [x, y] = [Buffer.from(a, "hex"), Buffer.from(b, "hex")];
  return x.reduce((sum, value, i) => sum + Math.abs(value - y[i]!), 0) / x.length;
}

const even = (count: number, rate: number): number[] => Array.from({ length: count }, (_, i) => 5 + i / rate);

test("a GIF of gray frames loses nothing, and Pillow finds its frames, delays and loop", async () => {
  const images = noise(7);
  const paths = [
    await write("ever.gif", images, even(7, 25)),
    await write("once.gif", images, even(7, 25), { loop: 1 }),
    await write("thrice.gif", images, even(7, 25), { loop: 3 }),
  ];
  const found = judge(paths);
  for (const { frames, delays } of found) {
    expect(frames).toEqual(images.map(asHex));
    expect(delays).toEqual(Array(7).fill(40));
  }
  // Netscape counts repeats.
  expect(found.map(({ loop }) => loop)).toEqual([0, null, 2]);
});

test("what is rounded off a delay goes into the next: after a minute of 30 frames a second a GIF is still in time", async () => {
  const count = 1800;
  const tiny: Image = {
    width: 2,
    height: 1,
    channels: 1,
    dtype: "uint8",
    color: "gray",
    data: new Uint8Array(2),
  };
  const times = Array.from({ length: count }, (_, i) => i / 30 + (i % 7) * 0.0011);
  // Frames that are alike would be one to Pillow.
  const images = times.map((_, i) => ({ ...tiny, data: Uint8Array.of(i & 255, i >> 8) }));
  const [found] = judge([await write("long.gif", images, times)]);
  expect(found!.delays.length).toBe(count);
  let shown = 0;
  for (const [i, delay] of found!.delays.entries()) {
    expect(Math.abs(shown - times[i]! * 1000)).toBeLessThanOrEqual(5.001);
    shown += delay;
  }
});

const quantized = `
import sys, json
from PIL import Image
palette, dither = sys.argv[1:]
images = [Image.frombytes("RGB", (${width}, ${height}), bytes.fromhex(p)) for p in json.load(sys.stdin)]
how = Image.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else Image.Dither.NONE
tall = Image.new("RGB", (${width}, ${height} * len(images)))
for i, image in enumerate(images):
    tall.paste(image, (0, i * ${height}))
out = []
for image in images:
    colors = (tall if palette == "global" else image).quantize(256, Image.Quantize.MEDIANCUT)
    out.append(image.quantize(256, palette=colors, dither=how).convert("RGB").tobytes().hex())
print(json.dumps(out))
`;

test("colours of a GIF are kept where they are few, and near where they are many", async () => {
  const few = [0, 1, 2].map((shift) => {
    const image = gradient(shift);
    return { ...image, data: (image.data as Uint8Array).map((value) => value & 0xc0) };
  });
  const many = [0, 40, 80, 120].map(gradient);
  const options: Partial<AnimationOptions>[] = (["global", "local"] as const).flatMap((palette) =>
    (["floyd-steinberg", "ordered", "none"] as const).map((dither) => ({ palette, dither })),
  );
  const paths: string[] = [];
  for (const [i, option] of options.entries()) {
    paths.push(await write(`few${i}.gif`, few, even(3, 10), option));
    paths.push(await write(`many${i}.gif`, many, even(4, 10), option));
  }
  const found = judge(paths);
  for (const [i, { palette, dither }] of options.entries()) {
    expect(found[2 * i]!.frames, `${palette} ${dither}`).toEqual(few.map(asHex));
    const { frames } = found[2 * i + 1]!;
    if (dither !== "ordered") {
      // Pillow's median cut, of all frames or of each.
      const pictures = many.map(asHex);
      const theirs = JSON.parse(
        python(quantized, [palette!, dither!], Buffer.from(JSON.stringify(pictures))),
      ) as string[];
      const error = (found: readonly string[]): number =>
        found.reduce((sum, frame, k) => sum + difference(frame, pictures[k]!), 0) / found.length;
      expect(error(frames), `${palette} ${dither}`).toBeLessThan(error(theirs) * 1.1);
    }
    // What is made up of several colours has the right mean.
    if (dither !== "floyd-steinberg") continue;
    const mean = (hex: string): number =>
      Buffer.from(hex, "hex").reduce((a, b) => a + b, 0) / (hex.length / 2);
    for (const [k, frame] of frames.entries()) expect(mean(frame)).toBeCloseTo(mean(asHex(many[k]!)), -0.5);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test.each<[Color, DType]>([
  ["gray", "uint8"],
  ["bgr", "uint8"],
  ["bgra", "uint8"],
])("APNG and WebP of %s %s lose nothing, have the times of the frames and their loop", async (color) => {
  const images = noise(5, color);
  const times = [0, 0.02, 0.0533, 0.3, 0.333];
  const mode = color === "bgra" ? "RGBA" : "RGB";
  const [png, webp] = judge(
    [await write("a.apng", images, times, { loop: 4 }), await write("a.webp", images, times, { loop: 4 })],
    mode,
  );
  expect(png!.frames).toEqual(images.map(asHex));
  expect(webp!.frames).toEqual(images.map(asHex));
  expect(png!.delays).toEqual([20, 33.3, 246.7, 33, 33].map((delay) => expect.closeTo(delay, 3)));
  expect(webp!.delays).toEqual([20, 33, 247, 33, 33]);
  expect([png!.loop, webp!.loop]).toEqual([4, 4]);
});

test("APNG of 16 bits comes back whole; times are fractions such as 1001/30000", async () => {
  for (const color of ["gray", "bgr"] as const) {
    const images = noise(4, color, "uint16");
    const path = await write(
      "deep.apng",
      images,
      [0, 1, 2, 3].map((i) => (i * 1001) / 30000),
    );
    await using film = await open(path);
    expect(film.index.length).toBe(4);
    for await (const { index, image, time } of film.frames()) {
      expect(image.dtype).toBe("uint16");
      expect(Buffer.from(bytesOf(image)).equals(bytesOf(images[index]!))).toBe(true);
      expect(time).toBeCloseTo((index * 1001) / 30000, 4);
    }
  }
  expect(fractionOf(1001 / 30000)).toEqual([1001, 30000]);
  expect(fractionOf(1 / 3)).toEqual([1, 3]);
  expect(fractionOf(0)).toEqual([0, 1]);
  expect(fractionOf(12)).toEqual([12, 1]);
  expect(fractionOf(1e-5)).toEqual([1, 65535]);
  expect(fractionOf(1e-6)).toEqual([0, 1]);
  expect(fractionOf(1e9)).toEqual([65535, 1]);
  for (const seconds of [0.033, 0.0123456, 7.77, 123.456, 2e-5]) {
    const [numerator, denominator] = fractionOf(seconds);
    expect(Math.abs(numerator / denominator - seconds)).toBeLessThan(1e-3 * seconds);
  }
});

test("a ping-pong goes back through the frames between, each shown as long as on the way", async () => {
  const images = noise(4, "bgr");
  const times = [0, 0.1, 0.3, 0.6];
  const gray = noise(4);
  const found = judge([
    await write("pong.apng", images, times, { pingPong: true }),
    await write("pong.webp", images, times, { pingPong: true }),
    await write("pong.gif", gray, times, { pingPong: true }),
  ]);
  for (const [i, { frames, delays }] of found.entries()) {
    const expected = (i === 2 ? gray : images).map(asHex);
    expect(frames).toEqual([...expected, expected[2], expected[1]]);
    expect(delays.map(Math.round)).toEqual([100, 200, 300, 300, 200, 100]);
  }
});

test("FFmpeg finds the same frames in a GIF and an APNG, and open reads them", async () => {
  const images = noise(6, "bgr").map((image) => ({
    ...image,
    data: (image.data as Uint8Array).map((value) => value & 0x80),
  }));
  for (const name of ["f.gif", "f.apng"]) {
    const path = await write(name, images, even(6, 20));
    const raw = [
      "-v",
      "error",
      "-i",
      path,
      "-fps_mode",
      "passthrough",
      "-f",
      "rawvideo",
      "-pix_fmt",
      "bgr24",
      "-",
    ];
    const found = execFileSync("ffmpeg", raw, { maxBuffer: 2 ** 26 });
    expect(found.equals(Buffer.concat(images.map(bytesOf)))).toBe(true);
    await using film = await open(path);
    expect(film.index.length).toBe(6);
    for await (const { index, time } of film.frames()) expect(time).toBeCloseTo(index / 20, 6);
  }
});

test("times that cannot be shown are refused at their frame; fps says what is meant", async () => {
  const images = noise(40);
  const refused = async (times: readonly number[], message: RegExp): Promise<void> => {
    for (const [name, pictures] of [
      ["no.gif", images],
      ["no2.gif", noise(40, "bgr")],
    ] as const) {
      await expect(write(name, pictures, times)).rejects.toThrow(EncodeError);
      await expect(write(name, pictures, times)).rejects.toThrow(message);
    }
  };
  await refused(even(40, 500), /faster than the 50 a second.*--step.*speed/);
  await refused([0, 1, 0.5, ...even(37, 1)], /frame 2 comes 0.5 s before/);
  await refused([0, Number.NaN, ...even(38, 1)], /frame 1 has no time.*fps/);
  const [found] = judge([await write("slow.gif", images, even(40, 500), { fps: 20 })]);
  expect(found!.delays).toEqual(Array(40).fill(50));
  expect(readdirSync(folder).filter((name) => name.includes("no"))).toEqual([]);
});

test("what an animation cannot hold is refused with the transform that helps, and nothing stays behind", async () => {
  const cases: [string, Color, DType][] = [
    ["x.gif", "gray", "uint16"],
    ["x.gif", "bgra", "uint8"],
    ["x.webp", "gray", "uint16"],
    ["x.apng", "gray", "float32"],
  ];
  for (const [name, color, dtype] of cases) {
    const [info] = noise(1, color, dtype);
    await expect(createAnimation(at(name), { info: info! })).rejects.toThrow(UnsupportedError);
    await expect(createAnimation(at(name), { info: info! })).rejects.toThrow(/rescale/);
  }
  const [plain] = noise(1);
  await expect(createAnimation(at("x.gif"), { info: plain!, loop: -1 })).rejects.toThrow(RangeError);
  await expect(createAnimation(at("x.bmp"), { info: plain! })).rejects.toThrow(UnsupportedError);
  await expect((await createAnimation(at("x.gif"), { info: plain! })).close()).rejects.toThrow(
    /at least one/,
  );
  const [colored] = noise(1, "bgr");
  const given = await create(at("x.gif"), { info: colored! });
  await given.write({ number: 0, time: 0, image: colored! });
  expect(readdirSync(folder).filter((name) => name.includes("x.gif")).length).toBe(2);
  await given.abort!();
  expect(readdirSync(folder).filter((name) => name.includes("x."))).toEqual([]);
  await write("there.gif", noise(1), [0]);
  await expect(createAnimation(at("there.gif"), { info: plain! })).rejects.toThrow(ExistsError);
  expect([kindOfName("a.gif", {}), kindOfName("a.apng", {}), kindOfName("a.webp", {})]).toEqual(
    Array(3).fill("animation"),
  );
});

test("GIF's LZW: its table fills, clears and ends anywhere, as Pillow unpacks it", async () => {
  const sizes: [number, number][] = [
    [1, 1],
    [2, 1],
    [3, 85],
    [257, 15],
    [400, 300],
  ];
  const images = sizes.map(([w, h]) => noiseImage({ width: w, height: h, dtype: "uint8", color: "gray" }, w));
  const paths: string[] = [];
  for (const [i, image] of images.entries()) paths.push(await write(`lzw${i}.gif`, [image], [0]));
  for (const [i, { frames }] of judge(paths).entries()) expect(frames).toEqual([asHex(images[i]!)]);
  expect(packLzw(new Uint8Array(0), { bits: 8, mostFirst: false })).toEqual(Uint8Array.of(0, 3, 2));
});

test("on the command line, an animation keeps the times of its source", async () => {
  await write("in.apng", noise(5), [0, 0.1, 0.3, 0.35, 0.5]);
  const run = await marey(["convert", at("in.apng"), at("out.gif"), "--loop", "2", "--ping-pong"]);
  expect(run.stderr).not.toMatch(/error/i);
  expect(run.code).toBe(0);
  const [found] = judge([at("out.gif")]);
  expect(found!.delays).toEqual([100, 200, 50, 150, 150, 50, 200, 100].slice(0, 8));
  expect(found!.loop).toBe(1);
});
