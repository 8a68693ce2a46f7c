import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { synthetic, syntheticCamera } from "../src/cameras/synthetic.js";
import { paintNumber, readPaintedNumber } from "../src/capture/painted-number.js";
import { CameraError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import {
  type AnyTypedArray,
  arrayOver,
  bytesOf,
  type Color,
  type DType,
  type Image,
} from "../src/core/image.js";
import { decoderOf, encodingOfColor } from "../src/store/pixel-encoding.js";

const folder = mkdtempSync(join(tmpdir(), "marey-synthetic-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function framesOf(options: Parameters<typeof syntheticCamera>[0]): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of syntheticCamera({ pace: "free", ...options })) frames.push(frame);
  return frames;
}

function blank(width: number, height: number, channels: number, dtype: DType, color: Color): Image {
  const bytes = { uint8: 1, uint16: 2, float32: 4, float64: 8 }[dtype as "uint8"];
  const length = width * height * channels * bytes;
  const data: AnyTypedArray = arrayOver(dtype, new ArrayBuffer(length), 0, length);
  return { width, height, channels, dtype, color, data };
}

test("every 32-bit number comes back from every size, colour and dtype", () => {
  const shapes = fc.record({
    width: fc.integer({ min: 16, max: 700 }),
    height: fc.integer({ min: 3, max: 500 }),
    color: fc.constantFrom<[Color, number]>(["gray", 1], ["bgr", 3], ["rgba", 4], ["bayer-rg", 1]),
    dtype: fc.constantFrom<DType>("uint8", "uint16", "float32", "float64"),
    number: fc.integer(),
  });
  fc.assert(
    fc.property(shapes, ({ width, height, color: [color, channels], dtype, number }) => {
      const image = blank(width, height, channels, dtype, color);
      paintNumber(image, number);
      expect(readPaintedNumber(image)).toBe(number);
    }),
    { numRuns: 200 },
  );
});

test("a picture without a number has none", () => {
  for (const value of [0, 1, 128, 255]) {
    const image = blank(320, 240, 1, "uint8", "gray");
    image.data.fill(value as never);
    expect(readPaintedNumber(image)).toBeUndefined();
  }
  expect(readPaintedNumber(blank(8, 8, 1, "uint8", "gray"))).toBeUndefined();
});

test("a damaged number is not read as another one", () => {
  for (let bit = 0; bit < 48; bit++) {
    const image = blank(256, 192, 1, "uint8", "gray");
    paintNumber(image, 123_456);
    const [left, top] = [(bit % 16) * 16, Math.floor(bit / 16) * 16];
    for (let y = top; y < top + 16; y++) {
      for (let x = left; x < left + 16; x++) image.data[y * 256 + x] = 255 - Number(image.data[y * 256 + x]);
    }
    expect(readPaintedNumber(image)).toBeUndefined();
  }
});

test("numbers that do not fit are refused", () => {
  const image = blank(320, 240, 1, "uint8", "gray");
  expect(() => paintNumber(image, 2 ** 31)).toThrow(RangeError);
  expect(() => paintNumber(image, 1.5)).toThrow(/32-bit integer, got 1.5/);
  expect(() => paintNumber(blank(15, 240, 1, "uint8", "gray"), 1)).toThrow(/got 15x240/);
});

test.each([
  ["h264", ["-c:v", "libx264", "-crf", "40", "-pix_fmt", "yuv420p"], "a.mp4"],
  ["mjpeg", ["-c:v", "mjpeg", "-q:v", "31", "-pix_fmt", "yuvj420p"], "a.avi"],
  ["vp9", ["-c:v", "libvpx-vp9", "-crf", "50", "-b:v", "0", "-cpu-used", "8"], "a.webm"],
])(
  "the number survives the worst that %s makes of it, gray and colour, small and big",
  async (_, codec, name) => {
    for (const [width, height, color] of [
      [64, 48, "gray"],
      [320, 256, "bgr"],
      [640, 480, "gray"],
    ] as const) {
      const frames = await framesOf({ width, height, color, frames: 30, firstNumber: 99_990 });
      const [raw, video, back] = ["raw", name, "back"].map((file) => join(folder, file)) as [
        string,
        string,
        string,
      ];
      writeFileSync(raw, Buffer.concat(frames.map(({ image }) => bytesOf(image))));
      const format = color === "gray" ? "gray" : "bgr24";
      const input = ["-f", "rawvideo", "-pix_fmt", format, "-s", `${width}x${height}`, "-r", "25", "-i", raw];
      execFileSync("ffmpeg", ["-v", "error", "-y", ...input, ...codec, video]);
      execFileSync("ffmpeg", ["-v", "error", "-y", "-i", video, "-f", "rawvideo", "-pix_fmt", format, back]);
      const bytes = readFileSync(back);
      const size = frames[0]!.image.data.length;
      const numbers = frames.map(({ image }, at) =>
        readPaintedNumber({ ...image, data: new Uint8Array(bytes.subarray(at * size, (at + 1) * size)) }),
      );
      expect(numbers).toEqual(frames.map(({ number }) => number));
    }
  },
);

test("frames come with the number and the time that their place says, each with its number painted in", async () => {
  for (const dtype of ["uint8", "uint16"] as const) {
    const frames = await framesOf({
      rate: 50,
      frames: 120,
      firstNumber: -3,
      firstTime: 1_700_000_000,
      dtype,
    });
    expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, at) => at - 3));
    expect(frames.map(({ time }) => time)).toEqual(frames.map((_, at) => 1_700_000_000 + at / 50));
    expect(frames.map(({ image }) => readPaintedNumber(image))).toEqual(frames.map(({ number }) => number));
    const pictures = new Set(frames.map(({ image }) => Buffer.from(bytesOf(image)).toString("latin1")));
    expect(pictures.size).toBe(120);
  }
});

test.each(["bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"] as const)(
  "a %s mosaic is the colour picture, one colour a pixel, and its number is there before and after debayering",
  async (pattern) => {
    for (const [width, height] of [
      [64, 48],
      [65, 49],
      [320, 240],
      [1280, 1024],
    ] as const) {
      for (const dtype of ["uint8", "uint16"] as const) {
        const asked = { width, height, dtype, frames: width > 1000 ? 3 : 40, firstNumber: -7 };
        const mosaics = await framesOf({ ...asked, color: pattern });
        const colors = await framesOf({ ...asked, color: "bgr" });
        const encoding = encodingOfColor(pattern)!;
        for (const [at, { number, image }] of mosaics.entries()) {
          expect(image).toMatchObject({ width, height, channels: 1, dtype, color: pattern });
          expect(readPaintedNumber(image)).toBe(number);
          const debayered = decoderOf(encoding).decode({ ...image, color: "gray" });
          expect(readPaintedNumber(debayered)).toBe(number);
          // Where red, green and blue stand is said in words here, not by the code that is tested.
          const opposite = { r: "b", b: "r" } as Record<string, string>;
          const [first, second] = [pattern[6]!, pattern[7]!];
          const sites =
            second === "g" ? [first, "g", "g", opposite[first]!] : ["g", second, opposite[second]!, "g"];
          const scene = colors[at]!.image;
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const channel = "bgr".indexOf(sites[(y % 2) * 2 + (x % 2)]!);
              if (image.data[y * width + x] !== scene.data[(y * width + x) * 3 + channel]) {
                expect.fail(`${width}x${height} ${dtype}: frame ${number}, row ${y}, column ${x}`);
              }
            }
          }
        }
      }
    }
    expect(() => syntheticCamera({ width: 63, color: pattern })).toThrow(/width must be an integer from 64/);
    expect(() => syntheticCamera({ height: 47, color: pattern })).toThrow(
      /height must be an integer from 48/,
    );
  },
);

test("in real time a reader who sleeps loses frames, as with any camera, and the numbers tell", async () => {
  const numbers: number[] = [];
  for await (const { number } of syntheticCamera({ width: 32, height: 24, rate: 500, frames: 300 })) {
    numbers.push(Number(number));
    if (numbers.length === 10) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(numbers.length).toBeLessThan(300);
  expect(numbers.every((number, at) => at === 0 || number > numbers[at - 1]!)).toBe(true);
});

test("closing the camera ends the loop that waits for its next frame", async () => {
  const camera = syntheticCamera({ rate: 0.01 });
  const loop = (async () => {
    let count = 0;
    for await (const _ of camera) count++;
    return count;
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await camera.close();
  expect(await loop).toBe(1);
});

test("the driver takes size and rate from the address, and options before it", async () => {
  await using camera = await synthetic.open("1280x1024@100", { color: "bgr" });
  expect(camera.info).toEqual({ width: 1280, height: 1024, channels: 3, dtype: "uint8", color: "bgr" });
  await using other = await synthetic.open("", { width: 100, height: 50 });
  expect(other.id).toBe("synthetic:100x50@25");
});

test("what no camera can do is refused with the reason", async () => {
  await expect(synthetic.open("wide")).rejects.toThrow(/WIDTHxHEIGHT@RATE/);
  expect(() => syntheticCamera({ width: 4 })).toThrow(CameraError);
  expect(() => syntheticCamera({ rate: 0 })).toThrow(/rate must be above 0/);
});
